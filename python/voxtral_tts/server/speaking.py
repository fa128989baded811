"""A checked request spoken into bytes; no HTTP and no threads in here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from voxtral_tts.encode import StreamEncoder
from voxtral_tts.encoders import Encoding, Patch
from voxtral_tts.server.requests import SpeechOrder
from voxtral_tts.speech import Speech, SpeechStats


class Voicer(Protocol):
    """What of a ``Runner`` the server uses."""

    @property
    def sample_rate(self) -> int: ...
    def voices(self) -> list[str]: ...
    @property
    def speak(self) -> Callable[..., Speech]: ...


class Utterance:
    """An order being spoken: an iterator of encoded bytes, none of them empty.

    A streamed one gives them as they are made. One that is not gives a single, complete file,
    whose header says its length. Closing it, from any thread, ends it after the current frame.
    Raises as ``Speech`` does, and ``UsageError`` where a format's package is missing.
    """

    def __init__(self, runner: Voicer, order: SpeechOrder) -> None:
        rate, wanted = runner.sample_rate, order.sample_rate
        # Before the speech, so that what cannot be encoded is not begun.
        self._stream: StreamEncoder | None = None
        self._whole: Encoding | None = None
        if order.is_streamed:
            self._stream = StreamEncoder(order.format, source_rate=rate, sample_rate=wanted)
        else:
            self._whole = Encoding(order.format, rate, wanted)
        self._speech = runner.speak(order.text, **order.speak_arguments())

    def __iter__(self) -> Iterator[bytes]:
        with self._speech:
            yield from self._streamed() if self._stream else self._complete()

    @property
    def stats(self) -> SpeechStats:
        """A copy of the state so far."""
        return self._speech.stats

    def close(self) -> None:
        self._speech.close()

    def _streamed(self) -> Iterator[bytes]:
        assert self._stream is not None
        for chunk in self._speech:
            if content := self._stream.write(chunk.samples):
                yield content
        if content := self._stream.finish():
            yield content

    def _complete(self) -> Iterator[bytes]:
        assert self._whole is not None
        content = bytearray()
        for chunk in self._speech:
            _apply(content, self._whole.write(chunk.samples))
        _apply(content, self._whole.finish(len(content)))
        yield bytes(content)


def _apply(content: bytearray, patches: list[Patch]) -> None:
    for offset, piece in patches:
        content[offset : offset + len(piece)] = piece


def usage(order: SpeechOrder, stats: SpeechStats) -> dict[str, int]:
    """OpenAI's members: characters of the text and frames of 80 ms are our tokens."""
    return {
        "input_tokens": len(order.text),
        "output_tokens": stats.codec_frames,
        "total_tokens": len(order.text) + stats.codec_frames,
    }
