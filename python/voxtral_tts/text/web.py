"""Addresses: URLs, e-mail, handles, hashtags."""

from __future__ import annotations

import regex

from voxtral_tts.text.languages.base import Language
from voxtral_tts.text.numbers import Numbers, numbers

_DOMAINS = (
    "com|org|net|edu|gov|info|io|ai|dev|app|eu|de|fr|es|it|pt|br|nl|be|ch|at|uk|in|sa|ae|eg|us|tv"
)
_ADDRESS = regex.compile(
    r"(?<![\w@.+-])(?:"
    r"(?P<email>(?:mailto:)?[\w.+-]{1,64}+@[\w-]{1,63}+(?:\.[\w-]{1,63}+){1,8})"
    r"|(?P<url>(?:(?:https?|ftp)://|www\.)[^\s<>\"'«»“”()\[\]{}]{1,2000}+)"
    rf"|(?P<domain>[a-z\d-]{{1,63}}+(?:\.[a-z\d-]{{1,63}})*\.(?:{_DOMAINS})\b(?:/[^\s<>\"'«»()]*+)?)"
    r"|@(?P<handle>[A-Za-z_][\w]{0,60}+)"
    r"|#(?P<tag>\d{0,8}+[\p{L}_][\w]{0,80}+)"
    r")"
)
_PIECE = regex.compile(r"[^\W\d_]+\p{M}*|\d+|\s+|.", regex.S)
_CAMEL = regex.compile(r"(?<=\p{Ll})(?=\p{Lu})|(?<=\p{L})(?=\d)")


def _pieces(address: str, number: Numbers) -> str:
    facts, words = number.language, []
    for piece in _PIECE.findall(address):
        if piece.isascii() and piece.isdigit():
            short = len(piece) <= 4 and piece[0] != "0"
            words.append(number.whole(piece) if short else number.digits(piece))
        else:
            words.append(facts.web.get(piece, piece))
    return " ".join(words)


def web(text: str, facts: Language) -> str:
    """Addresses in words: dot, slash, at. The scheme (https://) is not read."""
    number = numbers(facts.code)

    def read(found: regex.Match[str]) -> str:
        if found["tag"]:
            spaced = _CAMEL.sub(" ", found["tag"]).replace("_", " ")
            return f"{facts.hashtag} {spaced}"
        if found["handle"]:
            return f"{facts.web['@']} {_pieces(found['handle'], number)}"
        address = found[0]
        body = address.rstrip(".,;:!?…")
        after = address[len(body) :]
        body = regex.sub(r"^(?:https?://|ftp://|mailto:)", "", body).rstrip("/")
        return _pieces(body, number) + after

    return _ADDRESS.sub(read, text)
