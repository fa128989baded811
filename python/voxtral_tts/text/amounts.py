"""Amounts: money, measures, powers of thousand."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import regex

from voxtral_tts.text import cldr
from voxtral_tts.text.languages import language
from voxtral_tts.text.languages.base import Language, Noun
from voxtral_tts.text.numbers import DASH, SIGN, Numbers, numbers
from voxtral_tts.text.spellers import rewrite

_SYMBOLS = {
    "US$": "USD",
    "A$": "AUD",
    "C$": "CAD",
    "HK$": "HKD",
    "MX$": "MXN",
    "NT$": "TWD",
    "NZ$": "NZD",
    "S$": "SGD",
    "₴": "UAH",
    "₺": "TRY",
    "₪": "ILS",
    "₫": "VND",
    "₱": "PHP",
    "฿": "THB",
    "₦": "NGN",
    "₸": "KZT",
    "₾": "GEL",
    "₼": "AZN",
    "₵": "GHS",
    "₡": "CRC",
    "₲": "PYG",
    "₮": "MNT",
    "₭": "LAK",
    "៛": "KHR",
    "৳": "BDT",
    "zł": "PLN",
    "Kč": "CZK",
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
    "Fr.": "CHF",
    "रु.": "INR",
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
        self.codes = _SYMBOLS | {code: code for code in (*cldr.CURRENCIES, *self.facts.currencies)}
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

    def noun(self, code: str) -> Noun:
        return self.facts.currencies.get(code) or cldr.currency(code, self.facts.code)

    def of(self, words: str, noun: str) -> str:
        facts = self.facts
        if not facts.of_million:
            return f"{words} {noun}"
        vowel = facts.of_million_elided and regex.match(r"[aeéhiouy](?!en|uan)", noun, regex.I)
        return words + (facts.of_million_elided if vowel else facts.of_million) + noun

    def read(self, found: regex.Match[str]) -> str:
        facts, number, text = self.facts, self.number, found["n"]
        code = self.codes[found["currency"]]
        noun = self.noun(code)
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
    text = regex.sub(r"(?<=\d)[,.][-–—]{1,2}(?![\w-])", "", text)  # "5,- €", "CHF 5.-"
    text = regex.sub(r"(?<=[$€£]\s?)[.,](?=\d\d(?!\d))", f"0{facts.decimal}", text)
    number, cent = numbers(facts.code), facts.cents["USD"]
    text = regex.sub(
        r"(?<![\w.,])(\d{1,4})\s?¢", lambda found: number.counted(found[1], cent), text
    )
    rules = _money(facts.code)
    read = lambda found: rules.read(found) + _stop(found)
    return rules.after.sub(read, rules.before.sub(read, text))


def _amount(code: str) -> str:
    """A number before a noun, or a range, as a regular expression."""
    number = numbers(code).pattern
    between = rf"\s?(?:{DASH}|{regex.escape(language(code).to)}(?=\s))\s?"
    again = rf"(?:\s?(?P<again>{_units(code)})(?={between}{number}\s?(?P=again)(?![\w²³^/])))?"
    return (
        rf"(?<![\w.,/]){{1}}(?P<sign>(?<![\w)\]]){SIGN})?(?:(?P<low>{number}){again}{between})?"
        rf"(?P<n>{number})"
    )


_UNIT_END = r"(?:(?![\w\p{M}²³^/.]|\.\w)|\.(?=\s\p{Ll})|(?=\.(?!\w)))"


@cache
def _units(code: str) -> str:
    return _any({*language(code).units, *cldr.UNITS})


def _unit(symbol: str, facts: Language) -> Noun:
    return facts.units.get(symbol) or cldr.unit(symbol, facts.code)


@cache
def _measure(code: str) -> regex.Pattern[str]:
    return regex.compile(rf"{_amount(code)}[\s-]?(?P<unit>{_units(code)}){_UNIT_END}")


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

    return rewrite(pattern.sub(read, text), facts.one)


# 45°30'15": minutes and seconds of arc, read as those of an hour.
_ANGLE = regex.compile(r"(?<![\w.,])(\d{1,3})°\s?(\d{1,2})['′’](?!\w*['’])")
_SECONDS_OF_ARC = regex.compile(
    r"(?<![\w.,])(\d{1,3}° \d{1,2} min)\s?(\d{1,2}(?:[.,]\d+)?)(?:[\"″”]|'')"
)


def measures(text: str, facts: Language) -> str:
    """5 km/h, −3 °C, 10–20 %, 16GB: number and unit, in the form the number asks for."""
    number = numbers(facts.code)

    def read(found: regex.Match[str]) -> str:
        noun = _unit(found["unit"], facts)
        words = f"{facts.minus} " if found["sign"] else ""
        if found["low"]:
            words += f"{number.spoken(found['low'], noun.gender)} {facts.to} "
        before, after = facts.attributive
        if regex.search(before, found.string[max(0, found.start() - 8) : found.start()]) and (
            regex.compile(after).match(found.string, found.end())
        ):
            return f"{words}{number.spoken(found['n'], noun.gender)} {noun.one}"
        return words + number.counted(found["n"], noun) + _stop(found)

    text = regex.sub(r"(?<=\b[lL]/100) (?=km\b)", "", text)
    text = _ANGLE.sub(r"\1° \2 min", text)
    return _measure(facts.code).sub(read, _SECONDS_OF_ARC.sub(r"\1 \2 s", text))


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
        rf"(?P<sign>(?<![\w)\]]){SIGN})?(?<![\w.,/])(?P<n>{numbers(code).pattern})"
        rf"\s?(?P<power>{_any(_counts(language(code)))})(?![\w\p{{M}}])"
        rf"(?:\s(?P<unit>{_units(code)}){_UNIT_END})?"
    )


def magnitudes(text: str, facts: Language) -> str:
    """5k, 3 Mio., 2,5 millions."""
    number, nouns = numbers(facts.code), _counts(facts)

    def read(found: regex.Match[str]) -> str:
        words = (f"{facts.minus} " if found["sign"] else "") + number.counted(
            found["n"], nouns[found["power"]]
        )
        unit = f" {_unit(found['unit'], facts).form('other')}" if found["unit"] else ""
        return words + unit + _stop(found)

    return _power(facts.code).sub(read, text)


@cache
def _part(code: str) -> regex.Pattern[str]:
    return regex.compile(rf"(?<![\d/.,])(\d{{1,2}}/\d{{1,2}})\s(?P<unit>{_units(code)}){_UNIT_END}")


def parts(text: str, facts: Language) -> str:
    """1/2 km: the unit alone, the fraction is read after."""

    def read(found: regex.Match[str]) -> str:
        mixed = regex.search(r"\d\s$", found.string[max(0, found.start() - 2) : found.start()])
        return f"{found[1]} {_unit(found['unit'], facts).form('other' if mixed else 'one')}"

    return _part(facts.code).sub(read, text)
