"""How numbers are written in a language, and what they are in words."""

from __future__ import annotations

from functools import cache

import regex

from voxtral_tts.text.languages import language
from voxtral_tts.text.languages.base import Language, Noun
from voxtral_tts.text.spellers import rewrite

# A number with more digits, not grouped and not round, is a code: read digit by digit.
_LONGEST_COUNT = 9
SIGN = "[-−]"
DASH = "[-–—−]"


class Numbers:
    """Reads the numbers of one language. ``pattern`` matches one, without its sign."""

    def __init__(self, facts: Language) -> None:
        self.language = facts
        grouped = [rf"\d{{1,3}}(?:{regex.escape(mark)}\d{{3}})+(?!\d)" for mark in facts.group]
        grouped += [rf"\d{{1,3}}(?:{mark}\d{{3}})+(?!\d)" for mark in "'’"]
        if facts.decimal == ",":
            grouped.append(r"\d{1,3}(?: \d{3})+(?!\d)")
            fraction = r"(?:,\d++(?!,\d)|\.\d++(?!\.\d))"
        else:  # "10 200" is two numbers here, "1 000 000" is one
            grouped.append(r"\d{1,3}(?: \d{3}){2,}(?!\d)")
            grouped.append(r"\d{1,2}(?:,\d{2})+,\d{3}(?!\d)")  # lakhs
            fraction = r"\.\d++(?!\.\d)"
        whole = rf"(?:{'|'.join(grouped)}|\d++)"
        self.whole_pattern = whole
        self.pattern = rf"(?:{whole}(?:{fraction})?)"
        self._parts = regex.compile(rf"({whole})(?:[.,](\d++))?")

    def parse(self, text: str) -> tuple[str, str]:
        """Digits of the whole part and of the fraction ("" for none)."""
        found = self._parts.fullmatch(text)
        assert found, text
        return regex.sub(r"\D", "", found[1]), found[2] or ""

    def digits(self, text: str) -> str:
        """Digit by digit."""
        return " ".join(self.language.cardinal(int(digit), "") for digit in text)

    def whole(self, digits: str, form: str = "") -> str:
        """A whole number; codes (007, beyond the library's range) digit by digit."""
        code = len(digits) > 1 and digits[0] == "0"
        if code or len(digits) > 15 or int(digits) >= self.language.largest:
            return self.digits(digits)
        return self.language.cardinal(int(digits), form)

    def spoken(self, text: str, form: str = "") -> str:
        """A number as ``pattern`` matches it: grouped, with a fraction, or plain."""
        whole, fraction = self.parse(text)
        if not fraction:
            return self.whole(whole, form)
        named = self.language.fraction_as_number and len(fraction) == 2 and fraction[0] != "0"
        tail = self.whole(fraction) if named else self.digits(fraction)
        return f"{self.whole(whole)} {self.language.point} {tail}"

    def plain(self, text: str) -> str:
        """A number that nothing is known about: perhaps a year or a code."""
        if text.isascii() and text.isdigit():
            if len(text) == 4 and 1100 <= int(text) < 2100:
                return self.language.year(int(text))
            if len(text) > _LONGEST_COUNT and not text.endswith("000"):
                return self.digits(text)
        return self.spoken(text)

    def signed(self, text: str) -> str:
        """A whole number, perhaps with a sign before it: an exponent."""
        number = self.whole(text.lstrip("+-−"))
        words = {"-": self.language.minus, "−": self.language.minus, "+": self.language.plus}
        return f"{words[text[0]]} {number}" if text[0] in words else number

    def category(self, text: str) -> str:
        """The plural category that the number asks of its noun."""
        whole, fraction = self.parse(text)
        return self.language.plural(int(whole) if len(whole) <= 15 else 100, bool(fraction))

    def counted(self, text: str, noun: Noun) -> str:
        """Number and noun."""
        category = self.category(text)
        template = self.language.phrases.get(category, "{n} {noun}")
        words = rewrite(self.spoken(text, noun.gender), self.language.construct)
        return template.format(n=words, noun=noun.form(category))

    def ordinal(self, digits: str, form: str = "") -> str:
        """An ordinal; digit by digit where the cardinal would be."""
        if len(digits) > _LONGEST_COUNT:
            return self.digits(digits)
        return self.language.ordinal(int(digits), form)

    def ordinal_form(self, before: str) -> str:
        """The form that the word before an ordinal asks for."""
        before = regex.sub(self.language.ordinal_link or "(?!)", "", before)
        word = regex.search(r"(?:(\w{1,20})\s+)?$", before[-24:])
        for pattern, form in self.language.ordinal_after:
            if not pattern or regex.fullmatch(pattern, (word and word[1]) or ""):
                return form
        return ""


@cache
def numbers(code: str) -> Numbers:
    """The numbers of a language."""
    return Numbers(language(code))
