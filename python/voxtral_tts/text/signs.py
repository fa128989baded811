"""Signs that stand for words, emoji, and what no rule above has read."""

from __future__ import annotations

import unicodedata
from fractions import Fraction
from functools import cache, lru_cache

import regex

from voxtral_tts.text.languages import language
from voxtral_tts.text.languages.base import Language
from voxtral_tts.text.numbers import numbers
from voxtral_tts.text.spellers import rewrite

_RULE = regex.compile(r"([=*_#~+^|\\/<>•·-])(?:\s?\1){2,}")
_COMPARISONS = {"<=": "≤", ">=": "≥", "!=": "≠"}
_COMPARED = regex.compile(r"(?<![<>=!])(?:<=|>=|!=)(?![<>=])")
_INVISIBLE = regex.compile(r"[\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")
_FLAG = regex.compile(r"[\U0001f1e6-\U0001f1ff]{2}")
_NAMED = frozenset({"So", "Sm", "Sc", "Sk"})


@cache
def _pattern(code: str) -> regex.Pattern[str]:
    keys = "".join(map(regex.escape, language(code).signs))
    return regex.compile(rf"(?<=\p{{L}}\p{{M}}?)/(?=\p{{L}})|[{keys}−]")


def runs(text: str, facts: Language) -> str:
    """A row of the same sign is a pause; #1 is number one."""
    text = _RULE.sub(f"{facts.comma} ", text)
    text = _COMPARED.sub(lambda found: _COMPARISONS[found[0]], text)
    return regex.sub(r"#(?=\s?\d++(?![\p{L}_]))", f"{facts.signs['№']} ", text)


def signs(text: str, facts: Language) -> str:
    """&, +, =, ≥ in words; "and/or" stays."""

    def read(found: regex.Match[str]) -> str:
        sign = found[0]
        if sign == "/" and found.start() and found.string[found.start() - 1].isalpha():
            return sign if found.string[found.end() : found.end() + 1].isalpha() else " "
        return f" {facts.minus if sign == '−' else facts.signs[sign]} "

    return _pattern(facts.code).sub(read, text)


def _number(character: str, code: str) -> str:
    number = numbers(code)
    value = Fraction(unicodedata.numeric(character)).limit_denominator(1000)
    sign = f"{number.language.minus} " if value < 0 else ""
    words = number.whole(str(abs(value.numerator)))
    if value.denominator != 1:
        words += f" {number.language.over} {number.whole(str(value.denominator))}"
    return sign + words


@lru_cache(maxsize=4096)
def _read(character: str, code: str) -> str:
    """The reading of one character, "" where it has none of its own."""
    category = unicodedata.category(character)
    number = numbers(code)
    if category in ("No", "Nl", "Nd") and unicodedata.numeric(character, None) is not None:
        return f" {_number(character, code)} "
    if category in _NAMED and character not in "`^¨´¯¸":
        name = unicodedata.name(character, "").lower().replace("-", " ")
        named = regex.sub(r"\d+", lambda found: number.whole(found[0]), name)
        comma = number.language.comma
        return f"{comma} {named}{comma} " if named else " "
    return character


def _flag(pair: str, comma: str) -> str:
    """A flag is a pair of letters: those of the country's code."""
    letters = " ".join(chr(ord(letter) - 0x1F1E6 + ord("A")) for letter in pair)
    return f"{comma} flag {letters}{comma} "


def leftovers(text: str, facts: Language) -> str:
    """Emoji and other symbols by their Unicode name, which is English; numbers by value."""
    if text.isascii():
        return text
    text = _INVISIBLE.sub("", text)
    symbol = text.rstrip()[-1:]
    text = _FLAG.sub(lambda found: _flag(found[0], facts.comma), text)
    text = "".join(c if c.isalpha() or c.isascii() else _read(c, facts.code) for c in text)
    text = regex.sub(r"\u200d(?!\p{L})", "", text)
    return text if symbol in text.rstrip()[-1:] else text.rstrip(f" {facts.comma}")


_SPACING = tuple(
    (regex.compile(pattern), replacement)
    for pattern, replacement in (
        (r"[^\S\n]+", " "),
        (r"([!?¡¿؟।,;،])\1+", r"\1"),
        (r"\.{4,}", "..."),
        (r" +(?=[,،.!?؟;।](?:\s|$))", ""),
        (r"(?<=[(\[]) +(?=\S)", ""),
        (r"([,،])(?:\s?[,،])+", r"\1"),
        (r"[,،](?=\s?[.!?؟।;:])", ""),
        (r"(?<=[.!?؟।;:(\[])(?<!\b\p{L}\.\p{L}\.) ?[,،]", ""),  # "p.m.," keeps its comma
        (r"(?m)^[ \t,،]+|[ \t]+$", ""),
    )
)


def spacing(text: str, facts: Language) -> str:
    """Repeated punctuation once, no blank before a comma."""
    for pattern, replacement in _SPACING:
        text = pattern.sub(replacement, text)
    # Only what opens: in German “ and « close, and the blank after them parts words.
    text = regex.sub(rf"(?<=(?:^|[\s(\[])[{facts.openers}]) +(?=[^\s»”])", "", text)
    return rewrite(text, facts.late)
