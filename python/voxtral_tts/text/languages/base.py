"""The one shape in which every language states its facts: see docs/text.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

Rewrites = tuple[tuple[str, str], ...]  # (regular expression, replacement), applied in order


@dataclass(frozen=True, slots=True)
class Noun:
    """A counted noun: a unit, a currency, a power of thousand."""

    one: str
    other: str
    gender: str = ""  # names a form of the cardinal: "m", "f", "n", or "" for the bare one
    two: str = ""  # the three that only Arabic has
    few: str = ""
    many: str = ""

    def form(self, category: str) -> str:
        return getattr(self, category, "") or self.other


def nouns(table: str) -> dict[str, Noun]:
    """Lines of ``key: one|other|gender|two|few|many``; from the right, fields may be missing."""
    found = {}
    for line in table.strip().splitlines():
        keys, _, rest = line.strip().partition(": ")
        fields = rest.split("|")
        if len(fields) == 1:
            fields = [rest, rest]
        for key in keys.split():
            found[key] = Noun(*fields)
    return found


def magnitudes(table: str) -> dict[str, tuple[int, Noun]]:
    """Lines of ``key: power of ten one|other|gender``."""
    found = {}
    for line in table.strip().splitlines():
        keys, _, rest = line.strip().partition(": ")
        power, _, noun = rest.partition(" ")
        for key in keys.split():
            found[key] = (int(power), nouns(f"noun: {noun}")["noun"])
    return found


def words(table: str) -> dict[str, str]:
    """Lines of ``key: words``; several keys, separated by blanks, may share a line."""
    found = {}
    for line in table.strip().splitlines():
        keys, _, rest = line.strip().partition(": ")
        for key in keys.split():
            found[key] = rest
    return found


def month_numbers(months: Sequence[str]) -> dict[str, int]:
    """Months in full and by their first three letters, in small letters, to 1..12."""
    return {
        part.lower(): number for number, name in enumerate(months, 1) for part in (name, name[:3])
    }


def one_or_other(whole: int, fraction: bool) -> str:
    """The plural rule of en, de, es, it and nl."""
    return "one" if whole == 1 and not fraction else "other"


def below_two(whole: int, fraction: bool) -> str:
    """The plural rule of fr and hi."""
    return "one" if whole < 2 else "other"


@dataclass(frozen=True, slots=True)
class Times:
    """Templates of ``{h}`` or ``{ordinal}`` (the hour), ``{m}``, ``{s}``."""

    full: str  # 9:00
    minutes: str  # 9:30
    duration: str  # 2:03:20, of {hours}, {minutes} and {seconds}, which are counted nouns
    seconds: str = ""  # appended, where a time of day has its own words: 14:30:15
    at: str = ""  # a word before a time of day, as a regular expression
    hour_form: str = ""  # the cardinal's form
    one: str = ""  # instead of ``full`` at one o'clock
    one_minutes: str = ""  # likewise instead of ``minutes``
    small: str = ""  # before minutes below ten, with a space
    after: str = ""  # a word that may follow the digits and is then part of them: Uhr
    marks: str = ":"  # between hour and minute, as a character class
    late: str = ""  # instead of ``full`` from 13:00 on and at 0:00
    before_noon: str = ""  # am, as it is spoken
    after_noon: str = ""


@dataclass(frozen=True, slots=True)
class Dates:
    """Months and the order of a date's parts."""

    months: tuple[str, ...]
    short: Mapping[str, int]  # written month, lower-case without dot, to 1..12
    template: str  # of {day}, {month}, {year}
    month_first: bool = False  # 5/17/2024
    first_day: str = ""  # read for day 1; "" for the cardinal
    ordinal_day: bool = False
    no_year: str = "{day} {month}"


@dataclass(frozen=True, slots=True)
class Language:
    """Everything the passes know about a language; no pass asks which one it is."""

    code: str
    cardinal: Callable[[int, str], str]  # number >= 0, form
    ordinal: Callable[[int, str], str]
    plural: Callable[[int, bool], str]  # whole part, has a fraction: category
    year: Callable[[int], str]
    decimal: str  # mark, as written in this language
    group: str  # likewise between thousands
    point: str  # the mark as a word
    minus: str
    plus: str
    to: str  # between the ends of a range
    dot: str  # in versions, addresses
    dates: Dates
    times: Times
    currencies: Mapping[str, Noun]  # by ISO code
    cents: Mapping[str, Noun]
    units: Mapping[str, Noun]
    magnitudes: Mapping[str, tuple[int, Noun]]  # "Mio." -> (6, Million)
    abbreviations: Mapping[str, str]
    signs: Mapping[str, str]  # characters that stand for a word everywhere
    web: Mapping[str, str]  # the same, in addresses only
    fractions: Mapping[str, str]  # "1/2" -> one half
    over: str  # between the parts of other fractions
    mixed: str  # between whole number and fraction: "and"
    half: str  # "{n} and a half"
    power: str
    squared: str
    cubed: str
    ratio: str
    version: str
    hashtag: str
    money_join: str = " "  # between currency and cents
    of_million: str = ""  # "un million d'euros"
    of_million_elided: str = ""
    halves: Mapping[str, str] = field(default_factory=dict)  # whole number -> 1½, in words
    construct: Rewrites = ()  # what becomes of a number right before its noun
    counted: Mapping[str, Noun] = field(default_factory=dict)  # only written in full: two days
    late: Rewrites = ()  # after all passes
    phrases: Mapping[str, str] = field(default_factory=dict)  # category -> "{n} {noun}"
    ordinal_suffixes: Mapping[str, str] = field(default_factory=dict)  # regex -> form
    ordinal_dot: bool = False  # "3." is an ordinal
    ordinal_after: tuple[tuple[str, str], ...] = ()  # (word before, form) where it declines
    # Words that a Roman numeral may follow (or precede), and how it is read: a template of
    # {cardinal}, {ordinal} or {first} or {ten}, ordinals for I or up to X and cardinals beyond.
    ordinal_link: str = ""  # "1. und ", before an ordinal in the form of the first
    roman_after: tuple[tuple[str, str], ...] = ()
    roman_before: tuple[tuple[str, str], ...] = ()
    decades: Rewrites = ()  # turns a year in words into its decade
    decade_mark: str = ""
    short_decade: str = ""  # what stands before "80" in a decade without its century
    things: str = ""  # what stands before a number in the plural: two 747s
    early: Rewrites = ()  # what a table of abbreviations cannot say
    before_number: str = ""  # a word's end that a number follows, as a regular expression
    phone: str = ""  # more ways to write a telephone number, likewise
    phone_pairs: bool = False  # its groups of two digits are numbers
    digitwise: str = ""  # codes that are read digit by digit, likewise
    day_month: str = ""  # what stands before 30/10 when it is a date, likewise
    openers: str = "«„“‘‚"  # quotation marks that open; a blank after one goes
    one: Rewrites = ()  # "1" before a noun, where it is the article
    # What stands before and after a measure that describes the noun after it: a 10 mm wrench.
    attributive: tuple[str, str] = ("(?!)", "(?!)")
    starters: str = ""  # words after "3." that begin a sentence, as a regular expression
    ending: frozenset[str] = frozenset()  # abbreviations that may end a sentence
    fraction_as_number: bool = False  # two digits after the mark are read as a number
    either_mark: bool = False  # "7,99" is a decimal too
    comma: str = ","
    full_stop: str = "."
    largest: int = 10**15  # beyond, digit by digit
