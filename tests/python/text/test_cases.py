"""What is written and what is spoken, language by language."""

from __future__ import annotations

from importlib import import_module

import pytest

from voxtral_tts.errors import UsageError
from voxtral_tts.text import LANGUAGES, language_of_voice, normalize
from voxtral_tts.text.languages import language

CASES = {code: import_module(f"text.cases_{code}").CASES for code in LANGUAGES}


@pytest.mark.parametrize(
    ("code", "written", "spoken"),
    [(code, *case) for code, cases in CASES.items() for case in cases],
)
def test_case(code: str, written: str, spoken: str) -> None:
    assert normalize(written, code) == spoken
    assert normalize(spoken, code) == spoken, "not stable"


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_language_has_sixty_cases(code: str) -> None:
    assert len({written for written, _ in CASES[code]}) >= 60


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_language_knows_the_same(code: str) -> None:
    """Signs, units and currencies that English has, the customary ones of its own apart."""
    facts, english = language(code), language("en")
    customary = set(
        [
            "mi",
            "ft",
            "yd",
            "lb",
            "lbs",
            "oz",
            "mph",
            "kmh",
            "kph",
            "hr",
            "hrs",
            "mins",
            "sec",
            "kB",
            "KB",
            "MB",
            "GB",
            "TB",
            "kbps",
        ]
    )
    assert set(english.units) - customary <= set(facts.units)
    for table in ("currencies", "cents", "web", "fractions"):
        assert set(getattr(facts, table)) == set(getattr(english, table)), table
    arabic_only = {"<", ">", "٪", "؉"}  # Arabic has two per cent signs of its own
    assert set(facts.signs) ^ set(english.signs) <= arabic_only
    assert len(facts.dates.months) == 12
    assert set(facts.cents) < set(facts.currencies)


def test_the_voice_tells_the_language() -> None:
    spoken = {
        "fr_male": "fr",
        "voices/hi_female.pt": "hi",
        "neutral_female": "en",
        "casual_male": "en",
        "cheerful_female": "en",
        "nl_male:0.6+de_male:0.4": "nl",
        "own.pt": "en",
        "": "en",
        None: "en",
    }
    assert {voice: language_of_voice(voice) for voice in spoken} == spoken


def test_an_unknown_language_is_named() -> None:
    with pytest.raises(UsageError, match="'pl' is not supported; one of: en, fr, es, de, it"):
        normalize("1", "pl")
