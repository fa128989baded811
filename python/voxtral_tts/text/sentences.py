"""Where sentences end, and where one that is too long may be cut."""

from __future__ import annotations

from collections.abc import Iterator

import regex

from voxtral_tts.text.abbreviations import abbreviation_at_end, ends_sentence
from voxtral_tts.text.languages.base import Language
from voxtral_tts.text.pauses import MARK

_STOP = regex.compile(
    r"(?P<stop>[.!?…‥。！？।॥؟۔]+)(?P<close>[\"'”’»“‘«›‹)\]}*_`~]{0,20})(?P<space>\s*)(?P<next>\S?)"
)
_NEEDS_NO_BLANK = frozenset("。！？।॥؟۔")
_INITIAL = regex.compile(r"(?<![\p{L}\p{M}])\p{Lu}\.$")
_NUMBERING = regex.compile(r"\s*[(\[]?\d{1,3}\.$")
_ORDINAL = regex.compile(r"(?<![\w.,:])\d{1,3}\.$")
_ROMAN = regex.compile(r"[IVXLC]{1,9}(?![\p{L}\p{M}])")
_SHORT_WORD = regex.compile(r"(?<![\p{L}\p{M}])([\p{L}\p{M}]{2,9})\.$")
_WORD = regex.compile(r"[\p{L}\p{M}]{0,24}")
_FINAL = frozenset(".!?…‥。！？।॥؟۔")
_CLOSERS = "\"'”’»“‘«›‹)]}"
_CLAUSE = regex.compile(r"[,;:،؛、，；：—–][\"'”’»)\]}]{0,4}(?=\s)|[、，；：]")
_BLANK = regex.compile(r"\s+")
_GRAPHEME = regex.compile(r"\X")
SPEECH = regex.compile(r"[\p{L}\p{N}\p{S}]")
_QUOTES = ('""', "“”", "„“", "„”", "«»", "»«", "‹›", "›‹", "‘’", "‚‘", "''", "「」", "『』")
_QUOTED = regex.compile(
    "(?:"
    + "|".join(
        # Between letters ’ and ' are apostrophes.
        rf"{pair[0]}(?P<inner>(?:[^{pair}]|(?<=\p{{L}})['’](?=\p{{L}}))+){pair[1]}"
        for pair in _QUOTES
    )
    + ")(?P<final>[.!?…‥。！？।॥؟۔]*)"
)


def boundary(text: str, start: int, seen: int, limit: int, facts: Language) -> tuple[int, int]:
    """End of the sentence that begins at ``start``, or 0, and how far ``text`` is known.

    Looks at ``text[seen:limit]``; a stop counts only when the character after it is there.
    """
    while found := _STOP.search(text, seen, limit):
        stop_end, after = found.end("stop"), found["next"]
        if not after:
            return 0, found.start()
        seen = max(stop_end, found.end("close"))
        glued = not found["space"] and found["stop"][-1] not in _NEEDS_NO_BLANK
        if after in "[<" and MARK.fullmatch(text, found.start("next"), limit, partial=True):
            return 0, found.start()  # perhaps a pause, which then belongs to this sentence
        if glued or after.islower():
            continue
        if found["stop"] == ".":
            before = text[max(start, stop_end - 32) : stop_end]
            written = abbreviation_at_end(before, facts)
            if written and not ends_sentence(written, after, facts):
                continue
            numbered = after.isdigit() or _ROMAN.match(text, found.start("next"), limit)
            if numbered and _awaits_number(before, facts):
                continue
            if after.isdigit() and _short_month(before, facts):
                continue
            if not written and _INITIAL.search(before):
                continue
            if stop_end - start < 12 and _NUMBERING.fullmatch(text, start, stop_end):
                continue
            if facts.ordinal_dot and after.isalpha() and _ORDINAL.search(before):
                word = _WORD.match(text, found.start("next"), limit)
                if word and word.end() == len(text):
                    return 0, found.start()  # the next word decides, and is not all there
                if not (word and regex.fullmatch(facts.starters, word[0])):
                    continue
        return found.end("close"), found.end("close")
    return 0, max(seen, limit)


def _awaits_number(before: str, facts: Language) -> bool:
    """Whether this ends with "Hauptstr.", which the number of a house follows."""
    ending = facts.before_number
    return bool(ending) and regex.search(f"(?:{ending})$", before) is not None


def _short_month(before: str, facts: Language) -> bool:
    """Whether this ends with "Dec.", which a day or a year follows."""
    found = _SHORT_WORD.search(before)
    if not found or found[1].lower() not in facts.dates.short:
        return False
    name = facts.dates.months[facts.dates.short[found[1].lower()] - 1]
    return found[1] not in facts.dates.months and found[1][0].isupper() >= name[0].isupper()


def _cut(text: str, longest: int) -> int:
    """Where to cut ``text`` so that the first part has at most ``longest`` characters.

    After a clause mark, else at a blank, else between graphemes.
    """
    ends = [found.end() for found in _CLAUSE.finditer(text, longest // 4, longest + 1)]
    ends = [end for end in ends if end <= longest] or [
        found.start() for found in _BLANK.finditer(text, 1, longest + 1)
    ]
    if ends:
        return ends[-1]
    end = 0
    while end < len(text) and (cluster := _GRAPHEME.match(text, end)):
        if end and cluster.end() > longest:
            break
        end = cluster.end()
    return end


def emergency_cut(text: str, longest: int) -> int:
    """Where to cut a sentence without end; the last 200 characters may hold half a mark."""
    return _cut(text, longest - 200)


def split_long(text: str, longest: int, comma: str) -> Iterator[str]:
    """``text`` in parts of at most ``longest`` characters, never inside a grapheme.

    A part that is cut at a word gets ``comma`` ("" for none), so that the voice stays up.
    """
    while len(text) > longest:
        cut = _cut(text, max(1, longest - len(comma)))
        if cut >= len(text):
            break
        part, text = text[:cut].rstrip(), text[cut:].lstrip()
        at_word = comma and part and (part[-1].isalnum() or not part[-1].isascii())
        yield part + comma if at_word and not _CLAUSE.search(part[-1] + " ") else part
    if text:
        yield text


def unquoted(text: str) -> str:
    """``text`` without the quotation marks that enclose all of it."""
    found = _QUOTED.fullmatch(text)
    if not found:
        return text
    inner: str = found["inner"].strip()
    return inner if inner[-1:] in _FINAL else inner + found["final"]


def finish(text: str, facts: Language) -> str:
    """``text`` with a final full stop, when it has no final mark of its own."""
    body = text.rstrip()
    inner = body.rstrip(_CLOSERS)
    if inner and inner[-1] in _FINAL:
        return body
    closers = body[len(inner) :]
    return inner.rstrip(" ,;:،؛–—-") + closers + facts.full_stop
