"""Currencies and units that a language's own table lacks, by their names in CLDR."""

from __future__ import annotations

from functools import cache

import regex

from voxtral_tts.text.languages.base import Noun

# ISO 4217. Spelled out, since patterns are made of them before CLDR's data is read.
CURRENCIES = frozenset(
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN "
    "BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL "
    "GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF "
    "KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN "
    "MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD "
    "SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TRY TTD TWD TZS UAH UGX "
    "USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW".split()
)
_UNITS = """
nm length-nanometer; µm length-micrometer; dm length-decimeter;
cm³ cm3 volume-cubic-centimeter; km³ km3 volume-cubic-kilometer; dl dL volume-deciliter;
hl hL volume-hectoliter; µg mass-microgram; A electric-ampere; mA electric-milliampere;
Ω electric-ohm; ns duration-nanosecond; µs duration-microsecond; GW power-gigawatt;
cal energy-calorie; Pa pressure-pascal; kPa pressure-kilopascal;
MPa pressure-megapascal; mbar pressure-millibar; bar pressure-bar; atm pressure-atmosphere;
psi pressure-pound-force-per-square-inch;
mmHg pressure-millimeter-ofhg; Nm torque-newton-meter; lm light-lumen;
lx light-lux; PB digital-petabyte;
m/s² m/s2 m/s^2 acceleration-meter-per-square-second; ppm concentr-part-per-1e6;
l/100km L/100km consumption-liter-per-100-kilometer; mpg consumption-mile-per-gallon;
dpi graphics-dot-per-inch; kn speed-knot; hp power-horsepower;
eV energy-electronvolt; lb lbs mass-pound; oz mass-ounce; ft length-foot; yd length-yard;
mi length-mile; mph speed-mile-per-hour; ly length-light-year; AU length-astronomical-unit
"""
UNITS = {
    symbol.replace("µ", micro): entry.split()[-1]
    for entry in _UNITS.split(";")
    for symbol in entry.split()[:-1]
    for micro in "µμ"
}
# Two characters look the same: the ohm sign and the Greek letter.
UNITS["\N{OHM SIGN}"] = UNITS["\N{GREEK CAPITAL LETTER OMEGA}"]
# CLDR knows a noun's gender, the library of its data does not tell it. By the first word's end.
_FEMININE = {
    "fr": r"(?:calorie|atmosphère|couronne|livre|roupie|hryvnia|nuit)s?\b",
    "es": r"\w+(?:a|ión)\b",
    "it": r"\w+(?:a|ione)\b",
    "pt": r"\w+(?:a|ção)\b",
    "de": r"\w+(?:ung|ie|e|a)\b",
}
# A number that asks for each plural category.
_COUNTS = {"one": 1, "two": 2, "few": 3, "many": 11, "other": 100}


def _locale(code: str) -> str:
    return {"en": "en_GB"}.get(code, code)


def _gender(noun: str, code: str) -> str:
    return "f" if code in _FEMININE and regex.match(_FEMININE[code], noun) else "m"


@cache
def currency(iso: str, code: str) -> Noun:
    """The noun of an ISO 4217 code."""
    from babel.numbers import get_currency_name

    names = {
        category: str(get_currency_name(iso, count=count, locale=_locale(code)))
        for category, count in _COUNTS.items()
    }
    return Noun(gender=_gender(names["one"], code), **names)


@cache
def unit(symbol: str, code: str) -> Noun:
    """The noun of a symbol among ``UNITS``."""
    from babel.units import format_unit

    def noun(count: int) -> str:
        written = format_unit(count, UNITS[symbol], "long", locale=_locale(code))
        # The unit's name may hold a number of its own, "per 100 kilometres": only the count goes.
        return regex.sub(r"^[\p{Nd}\s\u200f]+|[\s]+$", "", written)

    names = {category: noun(count) for category, count in _COUNTS.items()}
    return Noun(gender=_gender(names["one"], code), **names)
