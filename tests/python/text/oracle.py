"""CLDR's spelled-out numbers, through ICU, and the thousand numbers to ask it for."""

from __future__ import annotations

import random
import unicodedata
from typing import NamedTuple

import icu

_CARDINAL = {"en": "%spellout-cardinal-verbose", "hi": "%spellout-cardinal"}
_ORDINAL = {
    "en": "%spellout-ordinal-verbose",
    "de": "%spellout-ordinal",
    "nl": "%spellout-ordinal",
}


class Question(NamedTuple):
    """``kind`` is "cardinal", "decimal" or "ordinal"; ``number`` in Python's notation."""

    kind: str
    number: str


def questions(language: str) -> list[Question]:
    """1,000 of them, the same at every run: small, medium, large, negative, decimal, ordinal."""
    chance = random.Random(f"numbers {language}")
    whole = list(range(100))
    whole += [chance.randrange(100, 10**6) for _ in range(300)]
    whole += [chance.randrange(10**6, 10 ** chance.randrange(7, 15)) for _ in range(200)]
    whole += [-chance.randrange(1, 10 ** chance.randrange(1, 10)) for _ in range(100)]
    ordinals = [*range(1, 101), *(chance.randrange(101, 10**4) for _ in range(50))]
    decimals = [
        f"{chance.randrange(10 ** chance.randrange(1, 5))}."
        f"{chance.randrange(10 ** chance.randrange(0, 4)) or ''}{chance.randrange(1, 10)}"
        for _ in range(150)
    ]
    return (
        [Question("cardinal", str(number)) for number in whole]
        + [Question("decimal", number) for number in decimals]
        + [Question("ordinal", str(number)) for number in ordinals]
    )


def canonical(words: str) -> str:
    """NFC, lower case, blanks for hyphens, no soft hyphens and no commas."""
    words = unicodedata.normalize("NFC", words).replace("\xad", "").replace(",", "")
    return " ".join(words.replace("-", " ").lower().split())


class Oracle:
    """ICU's answers in one language."""

    def __init__(self, language: str) -> None:
        self._format = icu.RuleBasedNumberFormat(icu.URBNFRuleSetTag.SPELLOUT, icu.Locale(language))
        self._cardinal = _CARDINAL.get(language, "%spellout-numbering")
        self._ordinal = _ORDINAL.get(language, "%spellout-ordinal-masculine")

    def answer(self, question: Question, fraction_as_number: bool) -> str:
        """In words; a fraction of two digits as a number where our language reads it so."""
        if question.kind == "ordinal":
            return canonical(self._format.format(int(question.number), self._ordinal))
        whole, _, fraction = question.number.partition(".")
        if not fraction:
            return canonical(self._format.format(int(whole), self._cardinal))
        if fraction_as_number and len(fraction) == 2 and fraction[0] != "0":
            point = self._format.format(0.5, self._cardinal).split()[1]
            parts = (self._format.format(int(part), self._cardinal) for part in (whole, fraction))
            return canonical(f" {point} ".join(parts))
        return canonical(self._format.format(float(question.number), self._cardinal))
