"""Dates and times of day."""

from __future__ import annotations

from functools import cache

import regex

from voxtral_tts.text.languages import language
from voxtral_tts.text.languages.base import Language
from voxtral_tts.text.numbers import DASH, Numbers, numbers

_ISO = regex.compile(
    r"(?<![\d-])(\d{4})(?:([-/])(\d{1,2})\2|(\.)(?=\d\d\.\d\d(?!\d))(\d\d)\.)(\d{1,2})"
    r"(?!\d|[-/]\d)(?:T(?=\d\d:))?"
)
_ZULU = regex.compile(r"(?<=\d\d:\d\d(?:[.,]\d{1,9})?)Z\b")
_LOCAL = regex.compile(r"(?<![\d/.-])(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})(?![\d/]|[.-]\d)")
_DAY_MONTH = regex.compile(r"(?<![\d.])(\d{1,2})\.(\d{1,2})\.(?!\d)")


class _Dates:
    """Writes the dates of one language."""

    def __init__(self, number: Numbers) -> None:
        self.number = number
        self.facts = number.language
        self.rules = self.facts.dates
        written = sorted(self.rules.short, key=len, reverse=True)
        names = "|".join(map(regex.escape, written))
        if self.rules.months[0][0].isupper():  # "may" is no month, "May" is
            names = "|".join(regex.escape(name[0].upper() + name[1:]) for name in written)
            self.flags = regex.V0
        else:
            self.flags = regex.I
        month = rf"(?P<month>{names})(?:\.(?=\s*\S)|(?![\w\p{{M}}]))"
        day = r"(?<![\d.,:/])(?P<day>0?[1-9]|[12]\d|3[01])(?P<mark>\.|er|º|°|st|nd|rd|th)?"
        year = r"(?P<comma>,?\s(?:de\s)?)(?P<year>\d{4})(?![\d:.,]\d)"
        self.day_first = regex.compile(
            rf"{day}(?P<mid>\s(?:de |of )?){month}(?:{year})?", self.flags
        )
        self.month_first = regex.compile(
            rf"(?<![\w]){month}\s{day}(?![\d:/\w]|[.,]\d)(?:{year})?", self.flags
        )

    def valid(self, day: int, month: int) -> bool:
        return 1 <= day <= 31 and 1 <= month <= 12

    def day(self, day: int, before: str) -> str:
        if day == 1 and self.rules.first_day:
            return self.rules.first_day
        if self.rules.ordinal_day:
            return self.number.ordinal(str(day), self.number.ordinal_form(before))
        return self.number.whole(str(day))

    def month(self, written: str) -> str:
        return self.rules.months[self.rules.short[written.lower()] - 1]

    def full(self, day: int, month: int, year: str, before: str) -> str:
        if len(year) == 2:
            year = ("20" if int(year) < 50 else "19") + year
        return self.rules.template.format(
            day=self.day(day, before), month=self.rules.months[month - 1], year=self.year(year)
        )

    def year(self, year: str) -> str:
        return self.facts.year(int(year))

    def iso(self, found: regex.Match[str]) -> str:
        day, month = int(found[6]), int(found[3] or found[5])
        if not self.valid(day, month):
            return found[0]
        time = " " if found[0].endswith("T") else ""
        return self.full(day, month, found[1], found.string[: found.start()][-24:]) + time

    def local(self, found: regex.Match[str]) -> str:
        first, second, year = int(found[1]), int(found[3]), found[4]
        # "1.2.24" may be a version, "1-2-24" anything; German has ordinals with a dot.
        digits = len(found[1]) + len(found[3])
        version = found[2] == "." and digits < 4 and not self.facts.ordinal_dot
        if len(year) == 2 and (found[2] == "-" or version):
            return found[0]
        pairs = [(second, first), (first, second)]
        for day, month in pairs if self.rules.month_first else reversed(pairs):
            if self.valid(day, month):
                return self.full(day, month, year, found.string[: found.start()][-24:])
        return found[0]

    def short(self, found: regex.Match[str]) -> str:
        return self._without_year(found, int(found[1]), int(found[2]))

    def unmarked(self, found: regex.Match[str]) -> str:
        """30/10 after a word that asks for a date."""
        first, second = int(found[1]), int(found[2])
        return self._without_year(
            found, *((second, first) if self.rules.month_first else (first, second))
        )

    def _without_year(self, found: regex.Match[str], day: int, month: int) -> str:
        if not self.valid(day, month):
            return found[0]
        return self.rules.no_year.format(
            day=self.day(day, found.string[: found.start()][-24:]),
            month=self.rules.months[month - 1],
        )

    def day_and_month(self, found: regex.Match[str]) -> str:
        before = found.string[max(0, found.start() - 24) : found.start()]
        ordinal = self.rules.ordinal_day and (found["mark"] or self.rules.month_first)
        first = int(found["day"]) == 1 and self.rules.first_day
        if ordinal or first:
            day = self.day(int(found["day"]), before)
        else:
            day = self.number.whole(found["day"].lstrip("0"))
        of = " de " if " de " in self.rules.template else " "  # "3 sept. 2021" leaves it out
        mid = of if found["mid"].isspace() else found["mid"]
        comma = of if found["year"] and found["comma"].isspace() else found["comma"]
        year = comma + self.year(found["year"]) if found["year"] else ""
        return day + mid + self.month(found["month"]) + year

    def month_and_day(self, found: regex.Match[str]) -> str:
        year = found["comma"] + self.year(found["year"]) if found["year"] else ""
        return f"{self.month(found['month'])} {self.day(int(found['day']), '')}{year}"


@cache
def _dates(code: str) -> _Dates:
    return _Dates(numbers(code))


@cache
def _unmarked(code: str) -> regex.Pattern[str]:
    return regex.compile(
        rf"(?<=(?<![\p{{L}}\p{{M}}])(?:{language(code).day_month})\s)(\d{{1,2}})/(\d{{1,2}})(?![\d/:%]|[.,]\d)"
        # "el 1/5 del total" is a part of something.
        r"(?!\s(?:de|of|der|des|von|del|di|dell\w|du|van|d[ao]s?)\b)"
    )


@cache
def _two_days(code: str) -> regex.Pattern[str]:
    months = "|".join(language(code).dates.months)
    day = r"([12]?\d|3[01])"
    month = rf"(?=\s(?:de |of )?(?:{months})(?![\p{{L}}\p{{M}}]))"
    return regex.compile(rf"(?<![\d/.,]){day}/{day}{month}")


def dates(text: str, facts: Language) -> str:
    """2024-05-17, 17/05/2024, 17 May 2024; the order of day and month is the language's."""
    rules = _dates(facts.code)
    text = _ISO.sub(rules.iso, _ZULU.sub(" UTC", text))
    text = _LOCAL.sub(rules.local, text)
    if facts.ordinal_dot:
        text = _DAY_MONTH.sub(rules.short, text)
    if facts.day_month:
        text = _unmarked(facts.code).sub(rules.unmarked, text)
    # "17/18 juin" is two days.
    text = _two_days(facts.code).sub(rf"\1 {facts.mixed} \2", text)
    text = rules.day_first.sub(rules.day_and_month, text)
    if facts.dates.month_first:
        text = rules.month_first.sub(rules.month_and_day, text)
    return text


@cache
def _clock(code: str) -> regex.Pattern[str]:
    rules = language(code).times
    other = rules.marks.replace(":", "")
    mark = rf"(?::|\s?[{other}]\s?)" if other else ":"
    after = rf"(?:\s?(?:{rules.after})\b)?" if rules.after else ""
    noon = r"(?:\s?(?P<noon>[aApP])(?:\.\s?)?[mM]\b\.?)" if rules.before_noon else "(?P<noon>(?!))"
    hour = r"(?<![\d:.,])(?P<h>[01]?\d|2[0-4])"
    return regex.compile(
        rf"{hour}(?:{mark}(?P<m>[0-5]\d)(?::(?P<s>[0-5]\d))?(?!\d|:\d|[.,]\d\d){after}{noon}?|(?P<only>{noon}))"
    )


@cache
def _from_to(code: str) -> regex.Pattern[str]:
    clock = _clock(code).pattern
    return regex.compile(rf"(?<={clock})(?:(?<!:\d\d:\d\d){DASH}|\s{DASH}\s?)(?={clock})")


def times(text: str, facts: Language) -> str:
    """14:30, 14:30:15, 9:05 pm, and 14h30 where it is written so; 14:30-15:00."""
    rules, number = facts.times, numbers(facts.code)

    def read(found: regex.Match[str]) -> str:
        hour = int(found["h"])
        minute, second = int(found["m"] or 0), int(found["s"] or 0)
        values = {
            "h": number.whole(str(hour), rules.hour_form),
            "ordinal": facts.ordinal(hour, rules.hour_form),
            "m": (f"{rules.small} " if rules.small and minute < 10 else "")
            + number.whole(str(minute)),
            "s": number.whole(str(second)),
            "hours": number.counted(str(hour), facts.units["h"]),
            "minutes": number.counted(str(minute), facts.units["min"]),
            "seconds": number.counted(str(second), facts.units["s"]),
        }
        before = found.string[max(0, found.start() - 12) : found.start()]
        of_day = rules.seconds and (
            found["noon"]
            or hour > 12
            or regex.search(rf"(?<!\w)(?:{rules.at})\s$", before)
            or (rules.after and regex.search(rf"(?:{rules.after})$", found[0]))
        )
        if found["s"] and not of_day:  # "20:30:05" in Spanish has words that fit both
            template = rules.duration
        elif minute or second:
            template = (rules.one_minutes if hour == 1 else "") or rules.minutes
        elif found["noon"]:
            template = "{h}"
        elif rules.late and not 1 <= hour <= 12:
            template = rules.late
        else:
            template = (rules.one if hour == 1 else "") or rules.full
        if found["noon"]:
            template += " " + (rules.before_noon if found["noon"] in "aA" else rules.after_noon)
        if found["s"] and of_day:
            template += rules.seconds
        glued = regex.compile(r"\p{L}|[.,]\d").match(found.string, found.end())  # "14h30min"
        return template.format(**values) + (" " if glued else "")

    text = _from_to(facts.code).sub(f" {facts.to} ", text)
    return _clock(facts.code).sub(read, text)
