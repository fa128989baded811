"""Speaks a text of any length: an utterance per segment, pauses between, in constant memory."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from voxtral_tts.asynchronous import AsyncChunks
from voxtral_tts.audio import AudioChunk, FinishReason, Stats
from voxtral_tts.encode import AudioFile
from voxtral_tts.errors import SpeechWarning, TextError, UsageError, warn_caller
from voxtral_tts.text import Segment

if TYPE_CHECKING:
    from voxtral_tts.runner import Runner, SpeechStream
    from voxtral_tts.spans import SpanSink

log = logging.getLogger("voxtral_tts")

FRAMES_PER_SECOND = 12.5
CODES_PER_FRAME = 37
# A segment that takes longer than this has missed its end. Unhurried speech has ten characters
# a second or more in the model's languages, and silence has the larger share of a short text.
GRACE_S = 4.0
SLOWEST_CHARACTERS_PER_SECOND = 5.0
# From the last sample of a segment to silence, and from silence to the first of the next: the
# model may begin and end off zero, which would click.
RAMP_S = 0.005


def frame_budget(text: str) -> int:
    """Codec frames (80 ms) after which a segment is taken to have missed its end."""
    return round((GRACE_S + len(text) / SLOWEST_CHARACTERS_PER_SECOND) * FRAMES_PER_SECOND)


@dataclass(frozen=True, slots=True)
class SpeechOptions:
    """How each segment is spoken; the members are arguments of ``Runner.stream``."""

    voice: str | None = None
    seed: int = 42
    temperature: float = 0.0
    cfg_alpha: float | None = None
    flow_steps: int | None = None
    chunk_frames: int = 0


@dataclass(slots=True)
class SpeechStats:
    """What a speech cost so far, and how it ended."""

    finish_reason: FinishReason = "cancelled"
    segments: int = 0  # spoken to their end or their limit
    retries: int = 0  # segments spoken again under another seed
    missed_ends: int = 0  # segments that were cut at their frame budget all the same
    empty_segments: int = 0  # in which the model found nothing to say
    codec_frames: int = 0  # emitted, 80 ms each; those of a discarded attempt are not
    audio_seconds: float = 0.0  # pauses included
    pause_seconds: float = 0.0
    first_audio_ms: float = 0.0  # TTFA: from the first request to the first samples
    generate_ms: float = 0.0
    codec_ms: float = 0.0
    wall_ms: float = 0.0  # inside the iteration: what a consumer does between is not ours
    peak: float = 0.0  # largest |sample|
    clipped_samples: int = 0  # |sample| > 1, saturated in 16-bit output
    backend: str = ""  # of model.pte: mlx, xnnpack or portable

    @property
    def rtf(self) -> float:
        """Wall seconds per second of audio: below 1 is faster than real time."""
        return self.wall_ms / 1000 / self.audio_seconds if self.audio_seconds else 0.0

    def to_dict(self) -> dict[str, Any]:
        """The members and ``rtf``, as JSON takes them."""
        return {**asdict(self), "rtf": self.rtf}


class Speech(AsyncChunks):
    """A text being spoken: an iterator of ``AudioChunk``, made by ``Runner.speak``.

    Chunks of pauses have samples and no codes; the last chunk is empty and ``is_final``.
    ``first_frame`` counts the codec frames before, pauses not among them. It holds the runner
    while a segment is spoken, and is to be exhausted or closed before the runner speaks
    something else; dropping the last reference closes it. Only one thread may iterate, any may
    close. ``async for`` works as well, and cancelling its task closes the speech.
    """

    def __init__(
        self,
        runner: Runner,
        segments: Iterable[Segment],
        options: SpeechOptions,
        *,
        max_frames: int | None = None,
        hold_segments: bool = False,
        trace: SpanSink | None = None,
    ) -> None:
        self._speaker = _Speaker(runner, options, max_frames, hold_segments, trace)
        # The generator refers to the speaker alone: dropping the speech drops it, and its stream
        # with it, which frees the runner.
        self._chunks = self._speaker.speak(segments)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> AudioChunk:
        """The next samples. Raises as ``SpeechStream`` does, and ``TextError`` where there is
        nothing to speak in the whole text; warns with ``SpeechWarning`` of a segment that
        missed its end or had nothing to say."""
        started, stats = time.perf_counter(), self._speaker.stats
        try:
            chunk = next(self._chunks)
        finally:
            stats.wall_ms += (time.perf_counter() - started) * 1000
        if not stats.audio_seconds:
            stats.first_audio_ms = stats.wall_ms
        stats.audio_seconds += len(chunk.samples) / self.sample_rate
        return chunk

    @property
    def sample_rate(self) -> int:
        """Hz."""
        return self._speaker.sample_rate

    @property
    def stats(self) -> SpeechStats:
        """A copy of the state so far; complete after the last chunk."""
        return replace(self._speaker.stats)

    @property
    def spoken_characters(self) -> int:
        """Characters of the text, as written, up to the end of what has been spoken."""
        return self._speaker.spoken_characters

    def samples(self) -> NDArray[np.float32]:
        """All that is left, joined: (n,), mono. Raises ``UsageError`` where nothing is left."""
        return np.concatenate([chunk.samples for chunk in self._rest()])

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        format: str | None = None,
        sample_rate: int | None = None,
    ) -> None:
        """Speaks what is left into a file, as ``Audio.save`` writes one, in constant memory.

        After an error or Ctrl-C the file has what was spoken until then. Raises ``UsageError``
        where nothing is left.
        """
        with (
            self,
            AudioFile(path, format, source_rate=self.sample_rate, sample_rate=sample_rate) as file,
        ):
            for chunk in self._rest():
                file.write(chunk.samples)

    def close(self) -> None:
        """Ends the speech after the current frame; harmless when it is over."""
        self._speaker.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _rest(self) -> Iterator[AudioChunk]:
        if (first := next(self, None)) is None:
            raise UsageError("nothing is left of this speech; speak the text again")
        yield first
        yield from self


class _Speaker:
    """What a speech's generator works on: the segments' streams and the state so far."""

    def __init__(
        self,
        runner: Runner,
        options: SpeechOptions,
        max_frames: int | None,
        hold_segments: bool,
        trace: SpanSink | None,
    ) -> None:
        self.sample_rate = runner.sample_rate
        self.stats = SpeechStats()
        self.spoken_characters = 0
        self._runner = runner
        self._options = options
        self._frames_left = max_frames
        self._hold_segments = hold_segments
        self._trace = trace
        self._stream: SpeechStream | None = None
        self._is_closed = False
        self._is_cut = False  # at the caller's limit
        self._index = 0
        self._last_sample: np.float32 | None = None  # of a segment whose pause is still to come

    def close(self) -> None:
        """From any thread: nothing more is spoken after the current frame."""
        self._is_closed = True
        if (stream := self._stream) is not None:
            stream.close()

    def speak(self, segments: Iterable[Segment]) -> Iterator[AudioChunk]:
        pause_s = 0.0
        for segment in segments:
            if segment.text:
                if self._frames_left == 0:
                    self._is_cut = True
                    break
                if self._index or pause_s:
                    yield self._pause(pause_s)
                    pause_s = 0.0
                yield from self._segment(segment)
            pause_s += segment.pause_s
            if self._is_closed:
                return
            if self._is_cut:
                break
        if not self.stats.codec_frames:
            raise TextError("the model ended before the first frame: the text has nothing to say")
        if pause_s:
            yield self._pause(pause_s)
        self.stats.finish_reason = "length" if self._is_cut else "end_of_audio"
        no_codes = np.zeros((0, CODES_PER_FRAME), np.int64)
        yield self._chunk(np.zeros(0, np.float32), no_codes, is_final=True)

    def _segment(self, segment: Segment) -> Iterator[AudioChunk]:
        """The segment's chunks; made again where it missed its end and nothing was handed out."""
        text = segment.text
        stream = self._start(text, self._options.seed)
        if self._hold_segments:
            held = list(self._pull(stream))
            if self._missed_end(stream):
                log.info("no end of speech, so once more under another seed: %s", _quoted(text))
                self.stats.retries += 1
                second = self._start(text, (self._options.seed + 1) % 2**64)
                chunks = list(self._pull(second))
                if not self._missed_end(second):
                    held, stream = chunks, second
            yield from map(self._emit, held)
        else:
            yield from map(self._emit, self._pull(stream))
        if not self._is_closed:
            self.spoken_characters = segment.end
            self._end_segment(text, stream)

    def _start(self, text: str, seed: int) -> SpeechStream:
        limit = frame_budget(text)
        if self._frames_left is not None:
            limit = min(limit, self._frames_left)
        arguments = asdict(self._options) | {"seed": seed, "max_frames": limit}
        self._stream = self._runner.stream(text, **arguments, trace=self._trace)
        return self._stream

    def _pull(self, stream: SpeechStream) -> Iterator[AudioChunk]:
        try:
            while not self._is_closed and (chunk := stream.pull()) is not None:
                yield chunk
        except TextError:
            if not _is_empty(stream.stats):
                raise
        finally:
            stream.close()
            self._stream = None
            self.stats.generate_ms += stream.stats.generate_ms
            self.stats.codec_ms += stream.stats.codec_ms

    def _missed_end(self, stream: SpeechStream) -> bool:
        """Whether the segment's own budget cut it, not the caller's limit."""
        stats = stream.stats
        return stats.finish_reason in ("length", "frame_budget") and (
            self._frames_left is None or stats.codec_frames < self._frames_left
        )

    def _end_segment(self, text: str, stream: SpeechStream) -> None:
        stats, total = stream.stats, self.stats
        total.segments += 1
        total.backend = stats.backend
        if _is_empty(stats):
            total.empty_segments += 1
            warn_caller(f"the model found nothing to say in {_quoted(text)}", SpeechWarning)
        elif self._missed_end(stream):
            total.missed_ends += 1
            message = f"no end of speech after {stats.codec_frames} frames in {_quoted(text)}"
            warn_caller(message, SpeechWarning)
        if self._frames_left is not None:
            self._frames_left -= stats.codec_frames
            self._is_cut = self._frames_left == 0 and stats.finish_reason != "end_of_audio"

    def _emit(self, chunk: AudioChunk) -> AudioChunk:
        """The utterance's chunk as one of the speech's."""
        samples = chunk.samples
        if self._last_sample is None and self.stats.pause_seconds and len(samples):
            ramp = self._ramp(0, samples[0])
            self.stats.pause_seconds += len(ramp) / self.sample_rate
            samples = np.concatenate([ramp, samples])
        if len(samples):
            self._last_sample = samples[-1]
            magnitudes = np.abs(samples)
            self.stats.peak = max(self.stats.peak, float(magnitudes.max()))
            self.stats.clipped_samples += int((magnitudes > 1).sum())
        emitted = self._chunk(samples, chunk.codes)
        self.stats.codec_frames += chunk.frames
        return emitted

    def _pause(self, seconds: float) -> AudioChunk:
        """Silence, entered from the last sample by a ramp."""
        last = 0 if self._last_sample is None else self._last_sample
        silence = np.zeros(round(seconds * self.sample_rate), np.float32)
        samples = np.concatenate([self._ramp(last, 0), silence])
        self._last_sample = None
        self.stats.pause_seconds += len(samples) / self.sample_rate
        return self._chunk(samples, np.zeros((0, CODES_PER_FRAME), np.int64))

    def _ramp(self, start: float | np.float32, stop: float | np.float32) -> NDArray[np.float32]:
        count = round(RAMP_S * self.sample_rate)
        return np.linspace(start, stop, count + 2, dtype=np.float32)[1:-1]

    def _chunk(
        self, samples: NDArray[np.float32], codes: NDArray[np.int64], *, is_final: bool = False
    ) -> AudioChunk:
        first_frame = self.stats.codec_frames
        chunk = AudioChunk(samples, self.sample_rate, codes, self._index, is_final, first_frame)
        self._index += 1
        return chunk


def _is_empty(stats: Stats) -> bool:
    return stats.finish_reason == "end_of_audio" and stats.codec_frames == 0


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:57]}...")
