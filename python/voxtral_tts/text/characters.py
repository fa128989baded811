"""First pass: one way to write what Unicode writes in many."""

from __future__ import annotations

import html
import unicodedata

import regex

from voxtral_tts.text.languages.base import Language

# What a program writes to colour a terminal's text, move its cursor or name its window.
_ESCAPE = regex.compile(
    r"\x1b(?:\[[0-?]{0,64}[ -/]{0,8}[@-~]|\][^\x07\x1b]{0,1000}(?:\x07|\x1b\\)|[@-Z\\^_])"
)
_ENTITY = regex.compile(r"&(?:[A-Za-z][A-Za-z0-9]{1,30}|#\d{1,7}|#[xX][0-9A-Fa-f]{1,6});")
_JOINERS = "\u200c\u200d"
# Scripts whose spelling needs joiners, and the emoji that are joined by them.
_JOINED = regex.compile(
    r"(?<=[\p{Arabic}\p{Devanagari}\p{Extended_Pictographic}\p{M}])[\u200c\u200d]"
    r"(?=[\p{Arabic}\p{Devanagari}\p{Extended_Pictographic}])"
)
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_HYPHENS = dict.fromkeys(map(ord, "\u2010\u2011\ufe63"), "-")
_SUBSCRIPTS = {0x2080 + digit: str(digit) for digit in range(10)}
_SAME = str.maketrans(_WIDE | _HYPHENS | _SUBSCRIPTS)
_NUMBERS = regex.compile(r"[\p{Nd}--0-9]", flags=regex.V1)
# Ligatures of fonts and the letters of mathematics are letters and nothing else.
_LETTERS = regex.compile(r"[\ufb00-\ufb06\U0001d400-\U0001d7ff]")
_STACKED = regex.compile(r"(\p{M}{8})\p{M}+")  # more on one letter are decoration
_PATH = regex.compile(r"[A-Za-z]:\\|\\\w+\\")
_FRACTIONS = regex.compile(r"[¼-¾⅐-⅞↉]")


def _digit(found: regex.Match[str]) -> str:
    value = unicodedata.decimal(found[0], None)
    return found[0] if value is None else str(value)


def _fraction(found: regex.Match[str]) -> str:
    return " " + unicodedata.normalize("NFKC", found[0]).replace("\u2044", "/") + " "


def _visible(character: str) -> str:
    category = unicodedata.category(character)
    if character in "\n\t":
        return character
    if category.startswith("Z"):
        return "\n" if category in ("Zl", "Zp") else " "
    if category == "Cc":
        return "\n" if character in "\r\v\f\x85" else " "
    return "" if category in ("Cf", "Co", "Cn") and character not in _JOINERS else character


def without_escapes(text: str) -> tuple[str, str]:
    """``text`` without a terminal's escape sequences, and the one that its end cuts."""
    last = text.rfind("\x1b")
    if last < 0:
        return text, ""
    found = _ESCAPE.fullmatch(text, last, partial=True)
    end = last if found and found.partial else len(text)
    return _ESCAPE.sub("", text[:end]), text[end:]


def characters(text: str, facts: Language) -> str:
    """Entities decoded, NFC, every digit ASCII, invisible characters gone.

    Joiners stay where the script or an emoji needs them. Private and unassigned code
    points have no reading and go too.
    """
    text, _ = without_escapes(text)
    text = _ENTITY.sub(lambda found: html.unescape(found[0]), text)
    text = text.replace("\r\n", "\n")
    if not _PATH.search(text):
        text = text.replace("\\n", " ")
    if not text.isascii():
        text = unicodedata.normalize("NFC", text.translate(_SAME))
        text = text.replace("٫", facts.decimal).replace("٬", facts.group[-1])
        text = _FRACTIONS.sub(_fraction, text)
        text = _LETTERS.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
        text = _STACKED.sub(r"\1", text)
        kept = {found.start() for found in _JOINED.finditer(text)}
        text = "".join(
            "" if character in _JOINERS and place not in kept else character
            for place, character in enumerate(text)
        )
        text = _NUMBERS.sub(_digit, text)
    return "".join(map(_visible, text)) if not text.isprintable() or not text.isascii() else text
