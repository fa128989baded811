"""What holds for any text whatever."""

from __future__ import annotations

import contextlib
import random
import time
import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from voxtral_tts.errors import TextError
from voxtral_tts.text import LANGUAGES, normalize, prepare

# Pieces that make the rules meet each other, between arbitrary characters.
PIECES = (
    "1 12 007 1,234.5 1.234,5 3/4 ½ 10–20 -5 − + $ € % °C km/h h : . .. , ; ! ? ( ) [ "
    "] < > * ** _ # ` | ~ ^ = / \\ & @ a.b x@y.de http://a.b/c?d=1 www. #tag @me Dr. "
    "z.B. p.m. XIV Louis 1st 2e 3. 5वीं ٣ १ ² ³ ① Ⅻ 😀 🇩🇪 &amp; 1e5 v1.2 14:30 "
    "2024-05-17 17.05.2024 \u200d \u200b \ufeff A17 GPT-4 Mio. k M "
).split()
TEXTS = st.lists(
    st.one_of(st.sampled_from([*PIECES, " ", " ", "\n"]), st.text(max_size=6)), max_size=14
).map("".join)
SETTINGS = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def unread(text: str) -> list[str]:
    return [c for c in text if unicodedata.category(c) in ("Nd", "No")]


@pytest.mark.parametrize("code", LANGUAGES)
@SETTINGS
@given(text=TEXTS)
def test_no_digit_is_left_and_a_second_time_changes_nothing(code: str, text: str) -> None:
    once = normalize(text, code)
    assert not unread(once), once
    assert normalize(once, code) == once


def test_every_number_of_unicode_is_read() -> None:
    numbers = [chr(c) for c in range(0x110000) if unicodedata.category(chr(c)) in ("Nd", "No")]
    for code in LANGUAGES:
        assert not unread(normalize(" ".join(numbers), code))
        assert not unread(normalize("".join(numbers), code))


@SETTINGS
@given(
    text=TEXTS,
    code=st.sampled_from(LANGUAGES),
    longest=st.integers(1, 80),
    change=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_segments(text: str, code: str, longest: int, change: bool, seed: int) -> None:
    chance, pieces, rest = random.Random(seed), [], text
    while rest:
        cut = chance.randrange(1, 9)
        pieces.append(rest[:cut])
        rest = rest[cut:]
    for source in (text, pieces):
        segments = []
        prepared = prepare(source, language=code, normalize=change, max_characters=longest)
        with contextlib.suppress(TextError):  # the text may hold nothing to speak
            segments.extend(prepared)
        assert all(segment.pause_s >= 0 for segment in segments)
        assert all(segment.text == segment.text.strip() for segment in segments)


@SETTINGS
@given(text=TEXTS, code=st.sampled_from(LANGUAGES))
def test_without_normalisation_every_word_stays(text: str, code: str) -> None:
    try:
        segments = [s.text for s in prepare(text, language=code, normalize=False)]
    except TextError:
        return
    spoken = "".join("".join(segments).split())
    letters = [c for c in "".join(text.split()) if unicodedata.category(c)[0] in "LN"]
    assert [c for c in spoken if unicodedata.category(c)[0] in "LN"] == letters


HOSTILE = (
    "a", "1", "0", "1.", "1,", "1,234,", "1 234 ", "(", "[", "[[a](", "<", "<b ", ".", "a. ", "-",
    "1-", "1/", "1:", "*", "*a_", "_", "# ", "|", "\n", "@a", "a@", "http://", "&amp;", "[pause ",
    "<break ", "\u0301", "\u200d", "😀", "z.B.", "Dr. ", "XIV ", "$", "$1", "^1", "²", "+1 ", "१",
    "और ", "!", "،", "```\n", "1. ", "> ",
)  # fmt: skip


@pytest.mark.parametrize("unit", HOSTILE)
def test_time_grows_with_the_length_and_no_faster(unit: str) -> None:
    """10 kB of the same, whole and in prepare: a quadratic rule would take minutes."""
    text = unit * (10_000 // len(unit))
    start = time.process_time()
    normalize(text, "de")
    with contextlib.suppress(TextError):
        for _ in prepare(text, language="de"):
            pass
    assert time.process_time() - start < 10


@pytest.mark.parametrize("unit", ["1", "(", "."])
def test_a_quarter_of_a_megabyte(unit: str) -> None:
    start = time.process_time()
    with contextlib.suppress(TextError):
        for _ in prepare(unit * 250_000, language="en"):
            pass
    assert time.process_time() - start < 25
