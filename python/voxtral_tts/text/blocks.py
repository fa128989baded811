"""Text as it comes, into sentences and the pauses between them.

The reader keeps one unfinished sentence and the start of one line, nothing else: memory
does not grow with the text, and a sentence is out as soon as its successor begins.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import regex

from voxtral_tts.text.characters import without_escapes
from voxtral_tts.text.languages.base import Language
from voxtral_tts.text.pauses import MARK, seconds
from voxtral_tts.text.sentences import boundary, emergency_cut

PARAGRAPH_S = 0.6
HEADING_S = 0.8
ITEM_S = 0.4
SHORT_LINE = 32  # characters, of a line that may be an item without a mark

# A sentence is cut when it gets longer than this without an end.
_LONGEST = 4000
# While a line looks like this, it may still become a heading, an item, a rule.
_UNDECIDED = regex.compile(
    r"\s{0,20}+(?:[-*+•◦▪‣_=~`#>|:\s]{0,120}+|\d{1,3}[.)]?\s{0,9})|\s{0,9}(?:```|~~~)\w{0,20}"
)
_NUMBERED = regex.compile(r"\s{0,9}\d{1,3}\.\s{1,9}(\p{L}{1,12})(\W?)")
_RULE = regex.compile(r"\s*(?:([-*_=])\s*(?:\1\s*){2,}|\|[\s:|-]+\||(?:```|~~~)\s*\w*)\s*")
_LINE_END = regex.compile(r"(\r\n|[\n\r\u2028\u2029\x0b\x0c\x85])")
_HEADING = regex.compile(r"\s{0,3}(?:>\s?)*(#{1,6})\s+")
_ITEM = regex.compile(r"\s*(?:>\s?)*(?:[-*+•◦▪‣]|(\d{1,3})[.)])\s+(?:\[[ xX]\]\s+)?")
_ROW = regex.compile(r"\s*\|")
_QUOTE = regex.compile(r"\s{0,3}(?:>\s?)+")
_FENCE = regex.compile(r"\s{0,3}(?:```|~~~)")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence as it was written; ``whole`` is False for a piece of an endless one."""

    text: str
    end: int  # characters of the whole text up to its end
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Gap:
    """Silence after what came before, in seconds; ``explicit`` when the text asks for it."""

    seconds: float
    explicit: bool = False


@dataclass(frozen=True, slots=True)
class More:
    """Text follows: what came before is complete, its gap included."""


Event = Sentence | Gap | More


def _half_mark(text: str) -> bool:
    return MARK.fullmatch(text.lstrip(), partial=True) is not None


class Reader:
    """Feed it text in pieces of any size, then close it."""

    def __init__(self, facts: Language, markup: bool) -> None:
        self._facts = facts
        self._markup = markup  # take the marks of blocks out of the text
        self._head = ""  # start of a line whose kind is not known yet
        self._decided = False
        self._pause = PARAGRAPH_S  # of the block that is open
        self._single = False  # the block ends with its line
        self._fenced = False
        self._buffer = ""
        self._line = ""  # the line that the buffer ends with, or more of it than is short
        self._announce = False  # what came before waits to hear that text follows
        self._seen = 0  # up to here the buffer has no boundary
        self._escape = ""  # the start of a terminal's escape sequence
        self._read = 0  # characters of the text up to the buffer's end
        self._return = False  # the last piece ended between \r and \n

    def feed(self, piece: str) -> Iterator[Event]:
        """The events that this piece makes certain."""
        if not self._read and not self._head and piece.startswith("\ufeff"):
            piece = piece[1:]  # a byte-order mark, which is the file's, not the text's
            self._read += 1
        whole = self._escape + piece
        piece, self._escape = without_escapes(whole)
        self._read += len(whole) - len(piece) - len(self._escape)
        if self._return and piece.startswith("\n"):
            piece = piece[1:]
            self._read += 1
        if piece:
            self._return = piece.endswith("\r")
        for place, part in enumerate(_LINE_END.split(piece)):
            if place % 2:
                yield from self._end_line()
                self._read += len(part)
                continue
            for start in range(0, len(part), _LONGEST):
                yield from self._add(part[start : start + _LONGEST])

    def quiet(self) -> Iterator[Event]:
        """Nothing comes for now: a block whose last line ends with its sentence is complete."""
        line_has_ended = not self._decided and not self._head
        text = self._buffer.rstrip()
        if line_has_ended and text and boundary(text + " A", 0, 0, len(text) + 2, self._facts)[0]:
            yield from self._end_block()

    @property
    def is_idle(self) -> bool:
        """Whether no block is open and no line has begun."""
        return not self._buffer and not self._head

    def close(self) -> Iterator[Event]:
        """The events that the end of the text makes certain."""
        yield from self._end_line()
        yield from self._end_block()

    def _add(self, part: str) -> Iterator[Event]:
        if self._decided:
            self._buffer += part
            self._read += len(part)
            if len(self._line) <= SHORT_LINE:
                self._line += part
            yield from self._sentences()
            return
        self._head += part
        undecided = _UNDECIDED.fullmatch(self._head) or self._may_be_ordinal(self._head)
        if not undecided and not _half_mark(self._head):
            yield from self._decide()

    def _decide(self) -> Iterator[Event]:
        """The line's kind is certain: it goes on with its block or begins one."""
        head, self._head, self._decided = self._head, "", True
        read = len(head)
        heading, item = _HEADING.match(head), _ITEM.match(head)
        if self._is_date(head):
            item = None
        row = _ROW.match(head)
        starts = bool(heading or item or row or self._fenced)
        if not starts and self._is_item(head):
            self._pause = ITEM_S  # the line before was an item of its own
            yield from self._end_block()
        elif starts:
            yield from self._end_block()
        if not self._buffer:
            self._announce = True
            self._pause = HEADING_S if heading else ITEM_S if starts else PARAGRAPH_S
            self._single = bool(heading or row or self._fenced)
        self._line = head
        if self._markup:
            mark = heading or item or (None if self._fenced else _QUOTE.match(head))
            if mark:
                number = f"{item[1]}: " if mark is item and item and item[1] else ""
                head = number + head[mark.end() :]
        if self._buffer and not self._buffer[-1].isspace():
            self._buffer += " "
        self._buffer += head.lstrip() if self._markup else head
        self._read += read
        yield from self._sentences()

    def _is_item(self, head: str) -> bool:
        """Whether the line before was one of a list without marks: short, and complete as it is.

        Prose that was wrapped has long lines; in a short one that goes on, a small letter follows.
        """
        before = self._line.strip()
        follows = head.lstrip()[:1]
        return (
            self._markup
            and 0 < len(before) <= SHORT_LINE
            and (before[-1].isalnum() or before[-1] in ")]\"'”’»")
            and (follows.isupper() or follows.isdigit())
        )

    def _may_be_ordinal(self, head: str) -> bool:
        """Where "3." is an ordinal, the word after it tells a date from a list."""
        found = _NUMBERED.fullmatch(head) if self._facts.ordinal_dot else None
        return found is not None and not found[2]

    def _is_date(self, head: str) -> bool:
        found = _NUMBERED.match(head) if self._facts.ordinal_dot else None
        return found is not None and found[1].lower() in self._facts.dates.short

    def _end_line(self) -> Iterator[Event]:
        if not self._decided:
            head, self._head = self._head, ""
            if not head.strip():
                yield from self._end_block()
                self._read += len(head)
                return
            if _RULE.fullmatch(head):
                self._fenced ^= bool(_FENCE.match(head))
                if self._markup or not regex.search(r"\w", head):
                    yield from self._end_block()
                    self._read += len(head)
                    return
            self._head = head
            yield from self._decide()
        self._decided = False
        if self._single:
            yield from self._end_block()

    def _end_block(self) -> Iterator[Event]:
        if self._buffer.strip():
            yield from self._sentences()
            if self._buffer.strip():
                yield Sentence(self._buffer.strip(), self._read)
            yield Gap(self._pause)
        self._buffer, self._seen, self._single = "", 0, False

    def _sentences(self) -> Iterator[Event]:
        """Hands out what is complete in the buffer and keeps the rest."""
        text, start = self._buffer, 0
        mark = MARK.search(text)
        while True:
            if self._announce and text[start : mark.start() if mark else None].strip():
                self._announce = False
                yield More()
            limit = mark.start() if mark else len(text)
            end, self._seen = boundary(text, start, self._seen, limit, self._facts)
            if end:
                yield Sentence(text[start:end].strip(), self._read - len(text) + end)
                self._announce = True
                start = end
            elif mark:
                if text[start:limit].strip():
                    yield Sentence(text[start:limit].strip(), self._read - len(text) + limit)
                yield Gap(seconds(mark[0]), explicit=True)
                start = self._seen = mark.end()
                mark = MARK.search(text, start)
            elif len(text) - start > _LONGEST:
                cut = start + emergency_cut(text[start : start + _LONGEST], _LONGEST)
                end = self._read - len(text) + cut
                yield Sentence(text[start:cut].strip(), end, whole=False)
                start = cut
            else:
                break
        self._buffer, self._seen = text[start:], max(0, self._seen - start)
