"""Provisional: replaced by the normaliser's branch."""

import re
from collections.abc import Iterable, Iterator

from voxtral_tts.text.segment import Segment


def language_of_voice(voice: str | None) -> str:
    prefix = (voice or "").split("_")[0]
    return prefix if prefix in ("fr", "es", "de", "it", "pt", "nl", "ar", "hi") else "en"


def prepare(
    text: str | Iterable[str], *, language: str, normalize: bool = True, max_characters: int = 400
) -> Iterator[Segment]:
    for sentence in re.split(r"(?<=[.!?])\s+", "".join(text)):
        if sentence.strip():
            yield Segment(sentence.strip(), 0.2)
