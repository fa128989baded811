"""Voices: files of rows that a speaker's prompt begins with."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from voxtral_tts._native import _core
from voxtral_tts.errors import UsageError
from voxtral_tts.text import language_of_voice

LANGUAGES = {
    "ar": "Arabic",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "hi": "Hindi",
    "it": "Italian",
    "nl": "Dutch",
    "pt": "Portuguese",
}
_SUFFIXES = (".pt", ".safetensors")  # the order in which the runner looks


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice file, and what its name says of it."""

    name: str
    language: str  # code; English where the name begins with none
    gender: str | None  # "female" or "male"; None where the name does not end with one
    path: Path


def default_voice(names: Sequence[str]) -> str:
    """The runner's own choice among these, sorted and not empty."""
    return "neutral_female" if "neutral_female" in names else names[0]


def gender_of_voice(name: str) -> str | None:
    """``"female"`` or ``"male"`` where the name ends with it."""
    ending = name.rsplit("_", 1)[-1]
    return ending if ending in ("female", "male") else None


def voices_in(folder: str | os.PathLike[str]) -> list[Voice]:
    """The voices of a folder, shipped or your own, by name. Raises ``VoiceError``."""
    place = Path(folder)
    voices = []
    for name in _core.list_voices(os.fspath(folder)):
        paths = [place / f"{name}{suffix}" for suffix in _SUFFIXES]
        path = next((path for path in paths if path.exists()), paths[0])
        voices.append(Voice(name, language_of_voice(name), gender_of_voice(name), path))
    return voices


def refuse_cloning() -> NoReturn:
    """Raises the ``UsageError`` that says why no recording can become a voice."""
    raise UsageError(
        "a recording cannot become a voice: the published checkpoint has no encoder for it. "
        "Take one of the voices, mix two (--voice a:0.6+b:0.4), or give a voice file of rows "
        "of your own"
    )
