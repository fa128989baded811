"""The passes that make written text speakable, in their order."""

from __future__ import annotations

from collections.abc import Callable

import regex

from voxtral_tts.text.abbreviations import abbreviations
from voxtral_tts.text.amounts import counts, magnitudes, measures, money, parts
from voxtral_tts.text.characters import characters
from voxtral_tts.text.dates import dates, times
from voxtral_tts.text.figures import (
    decades,
    figures,
    fractions,
    ordinals,
    phones,
    powers,
    products,
    ranges,
    roman,
    versions,
)
from voxtral_tts.text.foreign import foreign
from voxtral_tts.text.languages import language
from voxtral_tts.text.languages.base import Language
from voxtral_tts.text.lexicon import Lexicon
from voxtral_tts.text.markup import markup
from voxtral_tts.text.pauses import MARK
from voxtral_tts.text.signs import leftovers, runs, signs, spacing
from voxtral_tts.text.web import web

# What is specific comes before what is general: a date before a number.
PASSES: tuple[Callable[[str, Language], str], ...] = (
    characters,
    markup,
    runs,
    web,
    abbreviations,
    dates,
    times,
    phones,
    foreign,
    versions,
    decades,
    products,
    money,
    parts,
    measures,
    magnitudes,
    ordinals,
    roman,
    fractions,
    powers,
    counts,
    ranges,
    figures,
    signs,
    leftovers,
    spacing,
)
# These change nothing in a text without digits, which most text is.
_NUMERIC = frozenset(PASSES[PASSES.index(dates) : PASSES.index(figures) + 1]) - {roman, powers}
_DIGIT = regex.compile("[0-9]")
# Longer lines are read in pieces, cut at a blank: the passes' time stays linear.
_PIECE = 2000
_ROUNDS = 4


def _pieces(line: str) -> list[str]:
    pieces = []
    while len(line) > _PIECE:
        cut = line.rfind(" ", 1, _PIECE) + 1 or _PIECE
        pieces.append(line[:cut])
        line = line[cut:]
    return [*pieces, line]


def _speakable(text: str, facts: Language) -> str:
    """All passes, and again while they find something that they have uncovered."""
    for _ in range(_ROUNDS):
        before = text
        for read in PASSES:
            if read not in _NUMERIC or _DIGIT.search(text):
                text = read(text, facts)
        if text == before:
            break
    return text


def normalize(text: str, language_code: str, lexicon: Lexicon | None = None) -> str:
    """``text`` with words for numbers, signs, abbreviations and addresses.

    Explicit pauses (``[pause 0.5s]``, ``<break .../>``) stay as they are, and so do lines.
    No digit of any script is left, but in what ``lexicon`` puts in. ``UsageError`` for an unknown
    language.
    """
    facts = language(language_code)
    if lexicon:
        text = lexicon.apply(text)
    result = []
    for place, part in enumerate(regex.split(f"({MARK.pattern})", text)):
        if place % 2:
            result.append(part)
            continue
        lines = regex.split(r"(\n+)", part.replace("\r\n", "\n"))
        for line in lines:
            pieces = _pieces(line)
            result.append(
                line if not line.strip() else " ".join(_speakable(p, facts) for p in pieces)
            )
    return "".join(result)
