"""Numbers grouped as another language groups them: their pattern tells, whatever the language."""

from __future__ import annotations

import regex

from voxtral_tts.text.languages.base import Language

_START, _END = r"(?<![\w.,])", r"(?!\w|[.,]\d)"
# In languages with a decimal comma: 1,500.00; 5,000,000; 10,000.
_ENGLISH = regex.compile(
    rf"{_START}(?:(?P<n>\d{{1,3}}(?:,\d{{3}})+)\.(?P<f>\d+)|(?P<n>\d{{1,3}}(?:,\d{{3}}){{2,}}|\d{{1,3}},000))"
    rf"{_END}"
)
# In languages with a decimal point: 1.500,00; 5.000.000, but for addresses such as 192.168.100.1.
_CONTINENTAL = regex.compile(
    rf"{_START}(?:(?P<n>\d{{1,3}}(?:\.\d{{3}})+),(?P<f>\d{{1,2}})|(?P<n>\d{{1,3}}(?:\.\d{{3}})*(?:\.000)(?:\.\d{{3}})+"
    rf"|\d{{1,3}}(?:\.\d{{3}})+\.000))"
    rf"{_END}"
)
# A decimal comma beside a sign of money or a unit, where the comma groups thousands.
_COMMA = regex.compile(
    r"(?<=[€$£₹]\s?)(?P<n>\d{1,9}),(?P<f>\d{1,2})(?!\d|[.,]\d)"
    r"|(?<![\w.,])(?P<n>\d{1,9}),(?P<f>\d{1,2})(?=\s?[€$£%°])"
)
_COMMA_ANYWHERE = regex.compile(rf"{_START}(?P<n>\d{{1,9}}),(?P<f>\d{{1,2}}){_END}")


def foreign(text: str, facts: Language) -> str:
    """1,500.00 in German, 1.500,00 in English: written as the language itself writes it."""

    def own(found: regex.Match[str]) -> str:
        whole = regex.sub(r"\D", "", found["n"])
        fraction = (found["f"] or "").rstrip("0") and found["f"]  # "1,500.00" is a whole number
        return f"{whole}{facts.decimal}{fraction}" if fraction else whole

    if facts.decimal == ",":
        return _ENGLISH.sub(own, text)
    text = _CONTINENTAL.sub(own, text)
    return (_COMMA_ANYWHERE if facts.either_mark else _COMMA).sub(own, text)
