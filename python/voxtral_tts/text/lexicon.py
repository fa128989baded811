"""Words with a spoken form of their own: names, brands, what a rule cannot know."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import regex

from voxtral_tts.errors import TextError
from voxtral_tts.text.languages import LANGUAGES

_SECTION = regex.compile(r"\[([a-z]{2})\]")


class Lexicon:
    """Written forms and what is spoken for them, in one language.

    An entry matches whole words. One in small letters matches in any case, one with a capital
    as it is written alone; where two match, the longer one counts. What follows an apostrophe or
    a hyphen is not part of the word, so "Nguyen's" has the entry of "Nguyen". An inflected form
    is an entry of its own.
    """

    def __init__(self, entries: Mapping[str, str]) -> None:
        self._spoken = {" ".join(written.split()): spoken for written, spoken in entries.items()}
        keys = sorted(self._spoken, key=lambda key: (-len(key), key))
        letter = r"[\p{L}\p{M}\p{N}]"
        either = "|".join(map(_written, keys)) or "(?!)"
        self._pattern = regex.compile(rf"(?<!{letter})(?:{either})(?!{letter})")

    def apply(self, text: str) -> str:
        """``text`` with the spoken form for every entry found."""
        return self._pattern.sub(lambda found: self._of(found[0]), text)

    def _of(self, written: str) -> str:
        key = " ".join(written.split())
        return self._spoken.get(key) or self._spoken[key.lower()]


def _written(key: str) -> str:
    words = r"\s+".join(map(regex.escape, key.split(" ")))
    return f"(?i:{words})" if key == key.lower() else words


def read_lexicon(path: str | Path) -> dict[str, Lexicon]:
    """The lexicons of a file, by language.

    A line is ``written = spoken``; ``[fr]`` begins the entries of a language, those before any
    such line count in all; ``#`` begins a comment. ``TextError`` names the line that is none of
    these, ``OSError`` is the system's.
    """
    general: dict[str, str] = {}
    own: dict[str, dict[str, str]] = {code: {} for code in LANGUAGES}
    entries = general
    try:
        lines = Path(path).read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise TextError(
            f"lexicon '{path}' is not UTF-8: {error.reason}; save it as UTF-8"
        ) from None
    for place, line in enumerate(lines, 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if section := _SECTION.fullmatch(line):
            if section[1] not in own:
                raise TextError(
                    f"lexicon '{path}', line {place}: language '{section[1]}' is not supported; "
                    f"one of: {', '.join(LANGUAGES)}"
                )
            entries = own[section[1]]
            continue
        written, mark, spoken = (part.strip() for part in line.partition("="))
        if not (mark and written and spoken):
            raise TextError(
                f"lexicon '{path}', line {place}: '{line}' is no entry; write 'written = spoken', "
                "or [en] before the entries of a language"
            )
        entries[written] = spoken
    return {code: Lexicon(general | found) for code, found in own.items()}
