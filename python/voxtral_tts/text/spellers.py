"""Whole numbers in words, from the libraries; what they get wrong is put right here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

import regex
from num2words import num2words
from unicode_rbnf import RbnfEngine

from voxtral_tts.text.languages.base import Rewrites

Speller = Callable[[int, str], str]


def rewrite(text: str, rewrites: Rewrites) -> str:
    """``text`` after all ``rewrites``, in order."""
    for pattern, replacement in rewrites:
        text = regex.sub(pattern, replacement, text)
    return text


def library(
    code: str, to: str, repairs: Rewrites = (), forms: Mapping[str, Rewrites] | None = None
) -> Speller:
    """Numbers by num2words. ``forms`` makes gendered forms of the bare one."""

    @lru_cache(maxsize=4096)
    def spell(number: int, form: str = "") -> str:
        text = rewrite(num2words(number, lang=code, to=to), repairs)
        return rewrite(text, (forms or {}).get(form, ()))

    return spell


def cldr(code: str, rule_sets: Mapping[str, str], repairs: Rewrites = ()) -> Speller:
    """Numbers by CLDR's rules; ``rule_sets`` names one for each form, "" among them."""
    engine: list[RbnfEngine] = []  # made at the first number: reading the rules takes a while

    @lru_cache(maxsize=4096)
    def spell(number: int, form: str = "") -> str:
        if not engine:
            engine.append(RbnfEngine.for_language(code))
        rules = rule_sets.get(form, rule_sets[""])
        return rewrite(engine[0].format_number(number, ruleset_names=[rules]).text, repairs)

    return spell


def year_in_pairs(cardinal: Speller, hundred: str, join: str = " ") -> Callable[[int], str]:
    """1984 as nineteen hundred (and) eighty-four, from 1100 to 1999; other years as numbers."""

    def spell(year: int) -> str:
        if not 1100 <= year < 2000:
            return cardinal(year, "")
        parts = [cardinal(year // 100, ""), hundred]
        if year % 100:
            parts.append(cardinal(year % 100, ""))
        return join.join(parts)

    return spell
