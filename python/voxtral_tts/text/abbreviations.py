"""Abbreviations in full, and which of them end a sentence."""

from __future__ import annotations

from functools import cache

import regex

from voxtral_tts.text.languages import language
from voxtral_tts.text.languages.base import Language
from voxtral_tts.text.spellers import rewrite


def _written(key: str) -> str:
    """``z.B.`` with or without blanks inside.

    A final # asks for a digit after it; a final ^ for a name after it and none before it, since
    the letter may be an initial: "R. Augusta" is a street, "J. R. R. Tolkien" has none.
    """
    body = key.rstrip("#^")
    pattern = r"\.\s?".join(regex.escape(part) for part in body.removesuffix(".").split("."))
    if not body.endswith(("°", "º")):  # "n°5"
        pattern += r"\.(?!\p{L}\.)" if body.endswith(".") else r"(?![\w.])"
    if key.endswith("^"):
        name = r"(?=\s+(?:\p{Lu}\.\s?)*\p{Lu}\p{Ll})"
        return rf"(?<!\p{{Lu}}[\p{{L}}.'’-]{{0,20}}\s){pattern}{name}"
    return pattern + (r"(?=\s*\d)" if key.endswith("#") else "")


# Currencies that are abbreviations, before a number.
_MONEY = ("Rs.", "रु.", "SFr.", "Fr.")


@cache
def _pattern(code: str) -> regex.Pattern[str]:
    keys = sorted(language(code).abbreviations, key=len, reverse=True)
    return regex.compile(rf"(?<![\w.\p{{M}}])(?:{'|'.join(map(_written, keys))})")


def _key(found: str, facts: Language) -> str:
    squeezed = regex.sub(r"\s", "", found)
    keys = (squeezed + condition for condition in ("", "#", "^"))
    return next((key for key in keys if key in facts.abbreviations), "")


def ends_sentence(written: str, following: str, facts: Language) -> bool:
    """Whether this abbreviation, dot included, is a sentence's last word before ``following``."""
    if _key(written, facts).endswith("#"):
        return not following.isdigit()  # "No." without a number is the word
    return regex.sub(r"\s", "", written) in facts.ending and following.isupper()


@cache
def _last(code: str) -> regex.Pattern[str]:
    facts = language(code)
    keys = [key.rstrip("#^") for key in facts.abbreviations if "." in key]
    keys += _MONEY
    keys += [key for key in facts.magnitudes if key.endswith(".")]  # "Mio.", before a noun
    keys += ["a.m.", "p.m."] if facts.times.before_noon else []
    # "z." is the beginning of "z. B.", and ends no sentence either.
    parts = {key[: dot + 1] for key in keys for dot, mark in enumerate(key) if mark == "."}
    dotted = "|".join(map(_written, sorted(parts, key=len, reverse=True)))
    return regex.compile(rf"(?<![\w.\p{{M}}])(?:{dotted})$")


def abbreviation_at_end(text: str, facts: Language) -> str:
    """The abbreviation that ``text`` ends with, or ""."""
    found = _last(facts.code).search(text[-24:])
    return found[0] if found else ""


def abbreviations(text: str, facts: Language) -> str:
    """Abbreviations in full; at the end of a sentence the full stop stays."""
    text = rewrite(text, facts.early)

    def expand(found: regex.Match[str]) -> str:
        key = _key(found[0], facts)
        counted = regex.search(r"\d\s?$", text[max(0, found.start() - 3) : found.start()])
        bare = key.rstrip("#^")
        if counted and any(k in facts.units or k in facts.magnitudes for k in (bare, bare[:-1])):
            return found[0]
        rest = text[found.end() : found.end() + 8]
        last = not rest.strip("\"'”’»)]") or (
            bare in facts.ending and regex.match(r"\s+\p{Lu}", rest) is not None
        )
        stop = "." if bare.endswith(".") and last else ""
        space = " " if rest[:1].isalnum() else ""
        return facts.abbreviations[key] + stop + space

    return _pattern(facts.code).sub(expand, text)
