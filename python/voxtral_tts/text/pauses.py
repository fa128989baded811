"""Explicit pauses: ``[pause 0.5s]`` and SSML's ``<break/>``."""

from __future__ import annotations

import regex

from voxtral_tts.errors import TextError

MARK = regex.compile(r"\[pause\b[^\[\]\n]{0,40}\]|<break\b[^<>\n]{0,80}>", regex.I)
LONGEST_S = 10.0

_TIME = r"\+?(\d{1,6}(?:\.\d{0,6})?|\.\d{1,6})\s*(ms|s)"
_PAUSE = regex.compile(rf"\[pause\s*:?\s*{_TIME}\s*\]", regex.I)
_BREAK = regex.compile(
    rf"<break(?:\s+(?:time\s*=\s*[\"']{_TIME}[\"']|strength\s*=\s*[\"']([a-z-]+)[\"']))?\s*/?>",
    regex.I,
)
_STRENGTHS = {
    "none": 0.0,
    "x-weak": 0.1,
    "weak": 0.2,
    "medium": 0.4,
    "strong": 0.7,
    "x-strong": 1.0,
}


def seconds(mark: str) -> float:
    """The length of a pause, in seconds. ``TextError`` for a mark that gives none."""
    found = _PAUSE.fullmatch(mark) or _BREAK.fullmatch(mark)
    strength = "medium"
    if found and found[1]:
        length = float(found[1]) / (1000 if found[2].lower() == "ms" else 1)
        if length <= LONGEST_S:
            return length
        raise TextError(f"pause '{mark}' is longer than {LONGEST_S:g} s")
    if found and found.re is _BREAK:
        strength = (found[3] or strength).lower()
    if not found or strength not in _STRENGTHS:
        raise TextError(
            f"pause '{mark}' is not understood: write [pause 0.5s], [pause 500ms], "
            f'<break time="500ms"/> or <break strength="{"|".join(_STRENGTHS)}"/>'
        )
    return _STRENGTHS[strength]
