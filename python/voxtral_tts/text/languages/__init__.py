"""The nine languages of the model's voices, one module of facts for each."""

from __future__ import annotations

from importlib import import_module
from pathlib import PurePath

from voxtral_tts.errors import UsageError
from voxtral_tts.text.languages.base import Language

LANGUAGES: tuple[str, ...] = ("en", "fr", "es", "de", "it", "pt", "nl", "ar", "hi")


def language(code: str) -> Language:
    """The facts of a language. ``UsageError`` for one that no voice speaks."""
    if code not in LANGUAGES:
        raise UsageError(f"language '{code}' is not supported; one of: {', '.join(LANGUAGES)}")
    facts = import_module(f"{__name__}.{code}").LANGUAGE
    assert isinstance(facts, Language)
    return facts


def language_of_voice(voice: str | None) -> str:
    """The language that a voice speaks, by the prefix of its name.

    ``fr_male``, ``voices/fr_male.pt`` and the blend ``fr_male:0.6+de_male:0.4`` are "fr";
    a voice without a known prefix, and ``None``, is "en".
    """
    first = (voice or "").split("+")[0].split(":")[0]
    prefix = PurePath(first).stem.split("_")[0].lower()
    return prefix if prefix in LANGUAGES else "en"
