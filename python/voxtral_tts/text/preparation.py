"""Text to segments: blocks, sentences, words, pauses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from voxtral_tts.errors import TextError, UsageError
from voxtral_tts.text import normalizer
from voxtral_tts.text.blocks import Event, Gap, More, Reader, Sentence
from voxtral_tts.text.languages import language as facts_of
from voxtral_tts.text.languages.base import Language
from voxtral_tts.text.lexicon import Lexicon
from voxtral_tts.text.segment import Segment
from voxtral_tts.text.sentences import SPEECH, finish, split_long, unquoted

SENTENCE_S = 0.2
DEFAULT_CHARACTERS = 400  # of a segment, where the model does not say less


class _Grouper:
    """Joins short sentences of a block into segments; holds one, until its pause is known."""

    def __init__(
        self, facts: Language, normalize: bool, longest: int, join: bool, lexicon: Lexicon | None
    ) -> None:
        self._facts = facts
        self._join = join
        self._normalize = normalize
        self._longest = longest
        self._lexicon = lexicon
        self._text = ""
        self._pause = 0.0  # after what is held, when an end of a block or a mark gave one
        self._closed = False  # such a pause was given: nothing may join
        self._explicit = False
        self._more = False  # it is known that text follows
        self._end = 0  # of what is held, in the written text
        self._owed = 0.0  # pause after what went out without one, due when more is spoken
        self.spoken = 0  # segments with speech

    def add(self, event: Event) -> Iterator[Segment]:
        if isinstance(event, Sentence):
            yield from self._sentence(event)
        elif isinstance(event, More):
            self._more = bool(self._text)
            if not self.spoken:  # the first sentence goes out alone, at once
                yield from self.known()
        else:
            yield from self._gap(event)

    def known(self) -> Iterator[Segment]:
        """What is held, if everything about it is known."""
        if self._more:
            yield from self._out(SENTENCE_S)

    def rest(self) -> Iterator[Segment]:
        """What is held. A pause after it that the text did not ask for waits until more comes,
        as none follows the last segment."""
        if self._text:
            owed = 0.0
            if not self._explicit:
                owed = self._pause if self._closed else SENTENCE_S
                self._pause, self._closed = 0.0, True
            yield from self._out(0.0)
            self._owed = owed

    def _sentence(self, sentence: Sentence) -> Iterator[Segment]:
        text = sentence.text
        if self._normalize:
            text = " ".join(normalizer.normalize(text, self._facts.code, self._lexicon).split())
        if not SPEECH.search(text):
            return
        if self._normalize and sentence.whole:
            text = finish(text, self._facts)
        comma = self._facts.comma if self._normalize else ""
        between = SENTENCE_S  # before the first part; parts of a sentence follow at once
        for part in split_long(text, self._longest, comma):
            joins = self._join and self._text and not self._closed and self.spoken and between
            if joins and len(self._text) + 1 + len(part) <= self._longest:
                self._text += " " + part
            else:
                yield from self._out(between)
                if self._owed:
                    yield Segment("", self._owed, self._end)
                    self._owed = 0.0
                self._text = part
            self._end = sentence.end
            between = 0.0

    def _gap(self, gap: Gap) -> Iterator[Segment]:
        if not self._text:
            if gap.explicit:
                self._owed = 0.0
                yield Segment("", gap.seconds, self._end)
        elif gap.explicit:
            self._pause = gap.seconds + (self._pause if self._explicit else 0.0)
            self._explicit = self._closed = True
        elif not self._explicit:
            self._pause, self._closed = gap.seconds, True

    def _out(self, pause: float) -> Iterator[Segment]:
        if self._text:
            self.spoken += 1
            text = unquoted(self._text) if self._normalize else self._text
            segment = Segment(text, self._pause if self._closed else pause, self._end)
            self._text, self._pause = "", 0.0
            self._closed = self._explicit = self._more = False
            yield segment


def prepare(
    text: str | Iterable[str],
    *,
    language: str,
    normalize: bool = True,
    max_characters: int = DEFAULT_CHARACTERS,
    join_sentences: bool = True,
    lexicon: Lexicon | None = None,
) -> Iterator[Segment]:
    """The segments of ``text``, one after the other, in constant memory.

    ``text`` may come in pieces of any size, such as the tokens of a language model: a
    sentence is handed out as soon as the next one has begun or an empty line came. An empty
    piece says that nothing comes for now: then a line that ends with its sentence goes out too.
    The pause after what went out so is a segment of its own. ``max_characters`` bounds a
    segment's length; short sentences of a paragraph share one, except for the first and
    without ``join_sentences``.
    ``lexicon`` has words with a spoken form of their own, which come before every rule.
    Without ``normalize`` no word and no mark changes, but text is still split and explicit
    pauses count.

    ``TypeError`` for what is no text, ``UsageError`` for an unknown language or
    ``max_characters`` below 1; while iterating,
    ``TextError`` for a pause mark that is not understood, and at the end for a text that
    holds nothing to speak.
    """
    facts = facts_of(language)
    if isinstance(text, bytes) or not isinstance(text, Iterable):
        raise TypeError(f"text must be str or strings one after the other, not {_kind(text)}")
    if max_characters < 1:
        raise UsageError(f"max_characters is {max_characters}, must be 1 or more")
    grouper = _Grouper(facts, normalize, max_characters, join_sentences, lexicon)
    return _segments(text, Reader(facts, markup=normalize), grouper)


def _kind(value: object) -> str:
    return type(value).__name__


def _segments(text: str | Iterable[str], reader: Reader, grouper: _Grouper) -> Iterator[Segment]:
    whole = isinstance(text, str)
    for piece in (text,) if isinstance(text, str) else text:
        if not isinstance(piece, str):
            raise TypeError(f"a piece of the text must be str, not {_kind(piece)}")
        for event in reader.feed(piece) if piece else reader.quiet():
            yield from grouper.add(event)
        if whole:
            continue
        yield from grouper.rest() if reader.is_idle else grouper.known()
    for event in reader.close():
        yield from grouper.add(event)
    yield from grouper.rest()
    if not grouper.spoken:
        raise TextError("text holds nothing to speak")
