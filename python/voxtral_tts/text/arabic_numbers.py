"""Arabic numbers in words, as counted nouns need them.

num2words writes no ordinals and wrong decimals, and CLDR's rules leave out agreement
("three hundred" as two words, "thousand" never in the plural): hence tables of our own.
The form of a number is the gender of what is counted: three of something masculine is the
feminine word, and the other way round.
"""

from __future__ import annotations

_MASCULINE = ("صفر واحد اثنان ثلاثة أربعة خمسة ستة سبعة ثمانية تسعة عشرة").split()
_FEMININE = ("صفر واحدة اثنتان ثلاث أربع خمس ست سبع ثماني تسع عشر").split()
_TENS = ("", "", "عشرون", "ثلاثون", "أربعون", "خمسون", "ستون", "سبعون", "ثمانون", "تسعون")
_HUNDREDS = (
    "",
    "مئة",
    "مئتان",
    "ثلاثمئة",
    "أربعمئة",
    "خمسمئة",
    "ستمئة",
    "سبعمئة",
    "ثمانمئة",
    "تسعمئة",
)
# Singular, dual, plural (3 to 10), accusative singular (11 to 99).
_POWERS = (
    (10**12, ("تريليون", "تريليونان", "تريليونات", "تريليونًا")),
    (10**9, ("مليار", "ملياران", "مليارات", "مليارًا")),
    (10**6, ("مليون", "مليونان", "ملايين", "مليونًا")),
    (10**3, ("ألف", "ألفان", "آلاف", "ألفًا")),
)
_FIRST = {
    "m": ("الصفر الأول الثاني الثالث الرابع الخامس السادس السابع الثامن التاسع العاشر").split(),
    "f": (
        "الصفر الأولى الثانية الثالثة الرابعة الخامسة السادسة السابعة الثامنة التاسعة العاشرة"
    ).split(),
}


def _below_hundred(number: int, form: str) -> str:
    units = _FEMININE if form == "f" else _MASCULINE
    if number <= 10:
        return units[number]
    if number < 20:
        ten = "عشرة" if form == "f" else "عشر"
        if number == 11:
            return ("إحدى " if form == "f" else "أحد ") + ten
        if number == 12:
            return ("اثنتا " if form == "f" else "اثنا ") + ten
        return f"{units[number - 10]} {ten}"
    tens = _TENS[number // 10]
    return f"{units[number % 10]} و{tens}" if number % 10 else tens


def _below_thousand(number: int, form: str) -> str:
    parts = [_HUNDREDS[number // 100]] if number >= 100 else []
    if number % 100 or not parts:
        parts.append(_below_hundred(number % 100, form))
    return " و".join(parts)


def _power(count: int, names: tuple[str, str, str, str]) -> str:
    one, two, few, many = names
    if count == 1:
        return one
    if count == 2:
        return two
    rest = count % 100
    noun = few if 3 <= rest <= 10 else many if rest >= 11 else one
    return f"{_below_thousand(count, 'm')} {noun}"


def cardinal(number: int, form: str = "") -> str:
    """Below 10**15; ``form`` is the gender of the noun, "" counts as masculine."""
    parts = []
    for power, names in _POWERS:
        if number >= power:
            parts.append(_power(number // power, names))
            number %= power
    if number or not parts:
        parts.append(_below_thousand(number, form))
    return " و".join(parts)


def ordinal(number: int, form: str = "") -> str:
    """Definite, as Arabic uses it; from 100 on the cardinal with the article."""
    first = _FIRST[form or "m"]
    if number <= 10:
        return first[number]
    if number >= 100:
        return "ال" + cardinal(number, form)
    unit, tens = number % 10, number // 10
    leading = first[unit]
    if unit == 1:
        leading = "الحادية" if form == "f" else "الحادي"
    if tens == 1:
        return f"{leading} {'عشرة' if form == 'f' else 'عشر'}"
    return f"{leading} وال{_TENS[tens]}" if unit else f"ال{_TENS[tens]}"
