"""Everything else that is written with figures; the last pass reads what is left."""

from __future__ import annotations

from functools import cache

import regex

from voxtral_tts.text.languages import language
from voxtral_tts.text.languages.base import Language
from voxtral_tts.text.numbers import DASH, SIGN, numbers
from voxtral_tts.text.spellers import rewrite

_PHONE = (
    r"\+\d[\d() ./-]{5,25}\d|\(\d{2,5}\)[ ./-]?\d[\d ./-]{3,20}\d"
    r"|0\d{1,5}(?:[ /-]\d{2,8}){1,6}|1-\d{3}-\d{3}-\d{4}|\d{2,4}-\d{2,4}-\d{2,6}(?:-\d{2,6})*"
    r"|\d{3}-\d{4}|0\d(?:\.\d\d){4}|\d{3}\.\d{3}\.\d{4}"
    r"|97[89](?:-\d{1,7}){3}-\d"  # ISBN
    r"|\d{4}(?:[ -]\d{4}){3}"  # a card
    r"|1-8\d\d-[A-Z]{4,9}|1-8\d\d(?:-[A-Z\d]{2,7}){2}"  # 1-800-FLOWERS
    # Two groups of four; those of years are a range.
    r"|(?!(?:1[1-9]|20)\d\d-(?:1[1-9]|20)\d\d)\d{4}-\d{4}"
)
_VERSION = regex.compile(
    r"(?<![\w.,])(?:(?P<v>[vV]\.?\s?)(?P<n>\d{1,9}+(?:\.\d{1,9}+)*)|(?P<dots>\d{1,9}+(?:\.\d{1,9}+){2,}))"
    r"(?!\d|[.,]\d)"
)
_SUPERSCRIPT = regex.compile(r"(?P<base>[\p{L}\d)\]])(?P<power>[⁺⁻]?[⁰¹²³⁴-⁹]{1,20})")
_EXPONENT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
_ROMAN = regex.compile(r"M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_ROMAN_LETTERS = regex.compile("[IVX]")
_VALUES = {"M": 1000, "D": 500, "C": 100, "L": 50, "X": 10, "V": 5, "I": 1}


@cache
def _phone(code: str) -> regex.Pattern[str]:
    facts = language(code)
    own = "".join(f"|{pattern}" for pattern in (facts.phone, facts.digitwise) if pattern)
    return regex.compile(rf"(?<![\w.,:/+-])(?:{_PHONE}{own})(?![\w-]|[.,:]\d)")


@cache
def _digitwise(code: str) -> regex.Pattern[str]:
    return regex.compile(language(code).digitwise or "(?!)")


def phones(text: str, facts: Language) -> str:
    """Telephone numbers and ISBN digit by digit, with a pause between the groups."""
    number = numbers(facts.code)

    def group(digits: str) -> str:
        is_pair = facts.phone_pairs and len(digits) == 2 and digits[0] != "0"
        return number.whole(digits) if is_pair else number.digits(digits)

    def read(found: regex.Match[str]) -> str:
        groups = regex.findall(r"\d+|[A-Z]+", found[0])
        code = _digitwise(facts.code).match(found.string, found.start())
        if not (code and code.end() == found.end()):
            if not 7 <= sum(map(len, groups)) <= 20:
                return found[0]
        elif facts.phone_pairs:
            return number.digits("".join(groups))
        plus = f"{facts.plus} " if found[0].startswith("+") else ""
        return plus + f"{facts.comma} ".join(g if g.isalpha() else group(g) for g in groups)

    return _phone(facts.code).sub(read, text)


def versions(text: str, facts: Language) -> str:
    """2.4.1, v1.2, 192.168.0.1."""
    number = numbers(facts.code)

    grouped = "." in facts.group

    def read(found: regex.Match[str]) -> str:
        if grouped and regex.fullmatch(r"\d{1,3}(?:\.\d{3})+", found["dots"] or ""):
            return found[0]
        parts = (found["n"] or found["dots"]).split(".")
        words = f" {facts.dot} ".join(map(number.whole, parts))
        named = text[: found.start()].rstrip().lower().endswith(facts.version.lower())
        return f"{facts.version} {words}" if found["v"] and not named else words

    return _VERSION.sub(read, text)


@cache
def _ordinal(code: str) -> regex.Pattern[str]:
    facts = language(code)
    suffixes = "|".join(
        f"(?P<f{place}>{suffix})" for place, suffix in enumerate(facts.ordinal_suffixes)
    )
    dot = rf"|(?P<dot>\.)(?=\s\p{{L}})(?!\s(?:{facts.starters})\b)" if facts.ordinal_dot else ""
    return regex.compile(
        rf"(?<![\w.,:])(?P<n>{numbers(code).whole_pattern})"
        rf"(?:(?:{suffixes or '(?!)'})(?![\w\p{{M}}]){dot})"
    )


def ordinals(text: str, facts: Language) -> str:
    """1st, 2e, 3.º, 5वाँ, and in German 3. before a word."""
    number, forms = numbers(facts.code), tuple(facts.ordinal_suffixes.values())

    def read(found: regex.Match[str]) -> str:
        if "dot" in found.groupdict() and found["dot"]:
            if not found["n"].isdigit() or len(found["n"]) > 3:
                return found[0]
            form = number.ordinal_form(found.string[: found.start()])
        else:
            form = next(form for place, form in enumerate(forms) if found[f"f{place}"])
        return number.ordinal(regex.sub(r"\D", "", found["n"]), form)

    return _ordinal(facts.code).sub(read, text)


def roman_value(numeral: str) -> int:
    """The number a Roman numeral stands for; 0 when it is none."""
    if not numeral or not _ROMAN.fullmatch(numeral):
        return 0
    values = [_VALUES[letter] for letter in numeral]
    pairs = zip(values, [*values[1:], 0], strict=True)
    return sum(-value if value < after else value for value, after in pairs)


def roman(text: str, facts: Language) -> str:
    """Louis XIV, chapter IV, XIXe siècle: only beside a word that asks for a number."""
    number = numbers(facts.code)
    if not _ROMAN_LETTERS.search(text):
        return text

    def words(numeral: str, template: str) -> str:
        value = roman_value(numeral)
        cardinal = number.whole(str(value))
        ordinal = number.ordinal(str(value), "m" if facts.ordinal_suffixes else "")
        first = ordinal if value == 1 else cardinal
        ten = ordinal if value <= 10 else cardinal
        return template.format(cardinal=cardinal, ordinal=ordinal, first=first, ten=ten)

    for names, template in facts.roman_after:

        def after(found: regex.Match[str], template: str = template) -> str:
            name, numeral = found[1], found[3]
            single = numeral in "CDLM" or (numeral == "I" and name[0].islower())
            if single or not roman_value(numeral):  # "class C", "the part I like"
                return found[0]
            return name + found[2] + words(numeral, template)

        numeral = r"([IVXLCDM]{1,15}+)(?:er\b)?(?:\.(?=\s\p{Ll})|(?![\w.]\w))(?!\w)"
        pattern = rf"(?<![\w\p{{M}}])({names})(\s){numeral}"
        text = regex.sub(pattern, after, text)
    for names, template in facts.roman_before:

        def before(found: regex.Match[str], template: str = template) -> str:
            return words(found[1], template) if roman_value(found[1]) else found[0]

        text = regex.sub(rf"(?<!\w)([IVXLC]{{1,15}}+)(?:{names})", before, text)
    return text


@cache
def _figures(code: str) -> dict[str, regex.Pattern[str]]:
    number, start = numbers(code).pattern, r"(?<![\w.,])"
    negative = rf"(?<![\w)\]]){SIGN}"
    facts = language(code)
    patterns = {
        "mixed": rf"(?P<sign>{negative})?(?<![\d/.,])(?P<n>\d{{1,9}})\s+(?P<f>\d{{1,3}}/\d{{1,3}})"
        r"(?![\d/])",
        "fraction": rf"(?P<sign>{negative})?(?<![\d/.,])(?P<n>\d{{1,9}}+)\s?/\s?(?P<d>\d{{1,9}}+)"
        r"(?![\d/]|[.,]\d)",
        "season": r"(?<![\d/.,-])((?:1[1-9]|20)\d\d)/(\d\d(?:\d\d)?)(?![\d/]|[.,]\d)",
        # "3 x 100" and "1920x1080" have no exponent.
        "scientific": rf"{start}({number})\s?[×x·*⋅]\s?10(?!\d)\^?"
        r"([+-]?\d{1,9}|[⁺⁻]?[⁰¹²³⁴-⁹]{1,9})(?!\w)",
        "exponent": rf"{start}({number})[eE]([+−-]?\d{{1,9}})(?![\w.])",
        "caret": rf"{start}({number}|\p{{L}})\^([+-]?\d{{1,9}})(?!\w)",
        "decade": rf"{start}(\d{{3}}0|(?:{facts.short_decade or '(?!)'})['’‘]?[2-9]0"
        rf"|(?:{facts.things or '(?!)'})\d{{1,3}}[1-9])"
        rf"(?:{facts.decade_mark or '(?!)'})(?!\w)",
        "ratio": rf"(?<![\w.,:])({number}):({number})(?![\w:]|[.,]\d)",
        "range": rf"{start}({number})(\s?){DASH}(\s?)({number})(?!\w|{DASH}\d)",
        "sign": rf"(?<![\w)\]\-+−]){SIGN}(?=\.?\d)",
        "number": rf"(?<![\d])({number})",
    }
    return {name: regex.compile(pattern) for name, pattern in patterns.items()}


def fractions(text: str, facts: Language) -> str:
    """½, -3/4, 2 1/2, 7/12; 50/50, which is none, and 2023/24, a season."""
    number, patterns = numbers(facts.code), _figures(facts.code)

    def mixed(found: regex.Match[str]) -> str:
        above, below = found["f"].split("/")
        if int(above) >= int(below):
            return found[0]
        sign = f"{facts.minus} " if found["sign"] else ""
        if found["f"] == "1/2":
            whole = number.whole(found["n"], "n")
            return sign + (facts.halves.get(found["n"]) or facts.half.format(n=whole))
        joint = facts.mixed + ("" if facts.mixed == "و" else " ")
        return f"{sign}{number.whole(found['n'])} {joint}{named(above, below)}"

    def named(above: str, below: str) -> str:
        known = facts.fractions.get(f"{above}/{below}")
        return known or f"{number.whole(above)} {facts.over} {number.whole(below)}"

    def plain(found: regex.Match[str]) -> str:
        sign, above, below = found["sign"] or "", found["n"], found["d"]
        if above == below and above != "1":  # fifty-fifty
            return f"{sign}{number.whole(above)} {number.whole(below)}"
        return (f"{facts.minus} " if sign else "") + named(above, below)

    def season(found: regex.Match[str]) -> str:
        year, after = found[1], found[2]
        if int(after) % 100 != (int(year) + 1) % 100:
            return found[0]
        return f"{facts.year(int(year))} {facts.to} {number.plain(after)}"

    text = patterns["season"].sub(season, text)
    return patterns["fraction"].sub(plain, patterns["mixed"].sub(mixed, text))


def powers(text: str, facts: Language) -> str:
    """1.5e-3, 6×10^23, x², 10⁻³."""
    number, patterns = numbers(facts.code), _figures(facts.code)

    def scientific(found: regex.Match[str]) -> str:
        exponent = number.signed(found[2].translate(_EXPONENT))
        base = f"{number.spoken(found[1])} {facts.signs['×']} {number.whole('10')}"
        return f"{base} {facts.power} {exponent}"

    def caret(found: regex.Match[str]) -> str:
        base = number.spoken(found[1]) if found[1][0].isdigit() else found[1]
        return f"{base} {facts.power} {number.signed(found[2])}"

    def superscript(found: regex.Match[str]) -> str:
        base, power = found["base"], found["power"].translate(_EXPONENT)
        word = found.string[max(0, found.start() - 2) : found.start()]
        if len(word) == 2 and word.isalpha() and base.isalpha():  # the mark of a footnote
            return f"{base} {number.signed(power)}"
        named = {"2": facts.squared, "3": facts.cubed}.get(power)
        return f"{base} {named or facts.power + ' ' + number.signed(power)}"

    text = patterns["scientific"].sub(scientific, text)
    text = patterns["exponent"].sub(scientific, text)
    return _SUPERSCRIPT.sub(superscript, patterns["caret"].sub(caret, text))


def decades(text: str, facts: Language) -> str:
    """1980s, 1990er, the '80s, and anni '80, of which the apostrophe goes."""
    number = numbers(facts.code)
    text = _figures(facts.code)["decade"].sub(
        lambda found: rewrite(number.plain(found[1].lstrip("'’‘")), facts.decades), text
    )
    return regex.sub(r"(?<=\s)['’‘](?=\d0(?![\d'’]))", "", text)


def products(text: str, facts: Language) -> str:
    """3x2, 4 x 100 m: a sign between numbers, before either has become words."""
    return regex.sub(r"(?<=\d)\s?[x*]\s?(?=\d)", " × ", text)


def ranges(text: str, facts: Language) -> str:
    """10–20, 2019-2021, 16:9; and 5 - 3, which is a subtraction."""
    number, patterns = numbers(facts.code), _figures(facts.code)

    def span(found: regex.Match[str]) -> str:
        low, high = found[1], found[4]
        falls = found[2] and float("".join(number.parse(low))) > float("".join(number.parse(high)))
        if falls or regex.match(r"\s?=", found.string, pos=found.end()):  # 5 - 3, 1-4=-3
            return f"{number.plain(low)} {facts.minus} {number.plain(high)}"
        return f"{number.plain(low)} {facts.to} {number.plain(high)}"

    text = patterns["ratio"].sub(
        lambda found: f"{number.spoken(found[1])} {facts.ratio} {number.spoken(found[2])}", text
    )
    return patterns["range"].sub(span, text)


def figures(text: str, facts: Language) -> str:
    """All numbers that are left; letters and digits part, GPT-4 and H2O."""
    number, patterns = numbers(facts.code), _figures(facts.code)
    text = patterns["sign"].sub(f"{facts.minus} ", text)
    text = regex.sub(r"(?<![\w.,)])\.(?=\d)", f"0{facts.decimal}", text)
    text = regex.sub(r"(?<=\p{L}\p{M}?)-(?=\d)", " ", text)
    text = regex.sub(r"(?<=[\p{L}\p{M}])(?=\d)|(?<=\d)(?=[\p{L}\p{M}])", " ", text)
    return patterns["number"].sub(lambda found: number.plain(found[1]), text)
