"""Amounts: money, measures, powers of thousand."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import regex

from voxtral_tts.text.languages import language
from voxtral_tts.text.languages.base import Language, Noun
from voxtral_tts.text.numbers import DASH, SIGN, Numbers, numbers
from voxtral_tts.text.spellers import rewrite

_SYMBOLS = {
    "US$": "USD",
    "R$": "BRL",
    "CN¥": "CNY",
    "$": "USD",
    "€": "EUR",
    "£": "GBP",
    "¥": "JPY",
    "₹": "INR",
    "₩": "KRW",
    "₽": "RUB",
    "Rs.": "INR",
    "Rs": "INR",
    "SFr.": "CHF",
    "ر.س": "SAR",
    "د.إ": "AED",
    "ج.م": "EGP",
}


def _stop(found: regex.Match[str]) -> str:
    """The full stop of an abbreviation that ended the text."""
    return "." if found[0].endswith(".") and not found.string[found.end() :].strip() else ""


def _any(keys: Iterable[str]) -> str:
    return "|".join(map(regex.escape, sorted(keys, key=len, reverse=True)))


class _Money:
    """Reads the money of one language."""

    def __init__(self, number: Numbers) -> None:
        self.number = number
        self.facts = number.language
        self.codes = _SYMBOLS | {code: code for code in self.facts.currencies}
        amount = (
            rf"(?P<sign>{SIGN})?(?:(?P<low>{number.pattern})\s?{DASH}\s?CURRENCY)?"
            rf"(?P<n>{number.pattern})"
        )
        power = rf"(?:\s?(?P<power>{_any(self.facts.magnitudes)})(?![\w\p{{M}}]))?"
        currency = rf"(?P<currency>{_any(self.codes)})"
        again = rf"(?:{_any(self.codes)})?\s?"
        edge = r"(?<![\w\p{M}])"
        self.before = regex.compile(
            rf"{edge}(?P<outer>{SIGN})?"
            rf"{currency}\s?{amount.replace('CURRENCY', again)}{power}(?![\d])"
        )
        self.after = regex.compile(
            rf"(?<![\w.,])(?P<outer>(?!))?{amount.replace('CURRENCY', '')}{power}"
            rf"\s?{currency}(?![\w\p{{M}}])"
        )

    def of(self, words: str, noun: str) -> str:
        facts = self.facts
        if not facts.of_million:
            return f"{words} {noun}"
        vowel = facts.of_million_elided and regex.match(r"[aeéhiouy](?!en|uan)", noun, regex.I)
        return words + (facts.of_million_elided if vowel else facts.of_million) + noun

    def read(self, found: regex.Match[str]) -> str:
        facts, number, text = self.facts, self.number, found["n"]
        code = self.codes[found["currency"]]
        noun = facts.currencies[code]
        sign = f"{facts.minus} " if found["sign"] or found["outer"] else ""
        if found["low"]:
            sign += f"{number.spoken(found['low'], noun.gender)} {facts.to} "
        whole, fraction = number.parse(text)
        if found["power"]:
            digits, power = facts.magnitudes[found["power"]]
            counted = number.counted(text, power)
            large = noun.form("other")
            return sign + (self.of(counted, large) if digits >= 6 else f"{counted} {large}")
        if len(fraction) == 2 and code in facts.cents:
            parts = []
            if int(whole) or not int(fraction):
                parts.append(number.counted(whole, noun))
            if int(fraction):
                parts.append(number.counted(str(int(fraction)), facts.cents[code]))
            return sign + facts.money_join.join(parts)
        if not fraction and len(whole) in range(7, 16) and not int(whole) % 10**6:
            return sign + self.of(number.spoken(text, noun.gender), noun.form("other"))
        return sign + number.counted(text, noun)


@cache
def _money(code: str) -> _Money:
    return _Money(numbers(code))


def money(text: str, facts: Language) -> str:
    """$1,250.50, 3 Mio. €, €5k, USD 20, $5–$10; 5,- €."""
    if facts.decimal == ",":  # "5,- €"
        text = regex.sub(r"(?<=\d),[-–—]{1,2}(?![\w-])", "", text)
    rules = _money(facts.code)
    read = lambda found: rules.read(found) + _stop(found)
    return rules.after.sub(read, rules.before.sub(read, text))


def _amount(code: str) -> str:
    """A number before a noun, or a range, as a regular expression."""
    number = numbers(code).pattern
    between = rf"\s?(?:{DASH}|{regex.escape(language(code).to)}(?=\s))\s?"
    return (
        rf"(?<![\w.,/]){{1}}(?P<sign>(?<![\w)\]]){SIGN})?(?:(?P<low>{number}){between})?"
        rf"(?P<n>{number})"
    )


@cache
def _measure(code: str) -> regex.Pattern[str]:
    return regex.compile(
        rf"{_amount(code)}[\s-]?(?P<unit>{_any(language(code).units)})"
        r"(?:(?![\w\p{M}²³^/.]|\.\w)|\.(?=\s\p{Ll})|(?=\.(?!\w)))"
    )


@cache
def _in_full(code: str) -> tuple[regex.Pattern[str], dict[str, str]]:
    """Nouns that are written in full, with their gender."""
    facts = language(code)
    # The pound sterling is left out: in French "livre" is a book, too.
    money = [noun for key, noun in facts.currencies.items() if key != "GBP"]
    genders = {
        form: noun.gender
        for noun in (*facts.units.values(), *facts.counted.values(), *money)
        for form in (noun.one, noun.other, noun.few, noun.many)
        if noun.gender and form
    }
    return regex.compile(
        rf"{_amount(code)}(?=\s(?P<noun>{_any(genders) or '(?!)'})(?![\w\p{{M}}]))"
    ), genders


def counts(text: str, facts: Language) -> str:
    """1 Stunde, 21 horas: the number in the gender of the noun, which stays as it is."""
    number = numbers(facts.code)
    pattern, genders = _in_full(facts.code)

    def read(found: regex.Match[str]) -> str:
        gender = genders[found["noun"]]
        words = f"{facts.minus} " if found["sign"] else ""
        if found["low"]:
            words += f"{number.spoken(found['low'], gender)} {facts.to} "
        return words + rewrite(number.spoken(found["n"], gender), facts.construct)

    return pattern.sub(read, text)


def measures(text: str, facts: Language) -> str:
    """5 km/h, −3 °C, 10–20 %, 16GB: number and unit, in the form the number asks for."""
    number = numbers(facts.code)

    def read(found: regex.Match[str]) -> str:
        noun = facts.units[found["unit"]]
        words = f"{facts.minus} " if found["sign"] else ""
        if found["low"]:
            words += f"{number.spoken(found['low'], noun.gender)} {facts.to} "
        return words + number.counted(found["n"], noun) + _stop(found)

    return _measure(facts.code).sub(read, text)


def _counts(facts: Language) -> dict[str, Noun]:
    """Powers of thousand in plain text: "4K" and "5M" mean too much else."""
    return {
        key: noun
        for key, (_, noun) in facts.magnitudes.items()
        if (len(key) > 1 and key not in ("bi", "tri", "mi")) or key == "k"
    }


@cache
def _power(code: str) -> regex.Pattern[str]:
    return regex.compile(
        rf"(?<![\w.,/])(?P<n>{numbers(code).pattern})\s?(?P<power>{_any(_counts(language(code)))})"
        r"(?![\w\p{M}])"
    )


def magnitudes(text: str, facts: Language) -> str:
    """5k, 3 Mio., 2,5 millions."""
    number, nouns = numbers(facts.code), _counts(facts)
    return _power(facts.code).sub(
        lambda found: number.counted(found["n"], nouns[found["power"]]) + _stop(found), text
    )
