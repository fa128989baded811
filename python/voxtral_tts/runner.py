"""Loads the two programs once and speaks."""

from __future__ import annotations

import operator
import os
import warnings
from collections.abc import Iterable
from types import TracebackType
from typing import Literal, NoReturn, Self

import numpy as np

from voxtral_tts._native import _core
from voxtral_tts.asynchronous import AsyncChunks
from voxtral_tts.audio import Audio, AudioChunk, Stats
from voxtral_tts.errors import BusyError, TextError, TruncatedAudioWarning, UsageError
from voxtral_tts.locate import codec_file, model_file, segment_characters
from voxtral_tts.log import follow_level
from voxtral_tts.spans import SpanSink, hand_over
from voxtral_tts.speech import Speech, SpeechOptions
from voxtral_tts.text import language_of_voice, prepare
from voxtral_tts.text.preparation import DEFAULT_CHARACTERS

StrPath = str | os.PathLike[str]

Device = Literal["auto", "gpu", "cpu"]
VoiceCache = Literal["disk", "memory", "off"]

_MAX_SEED = 2**64 - 1
_MAX_INT = 2**31 - 1
_MAX_FLOAT = float(np.finfo(np.float32).max)


def list_voices(folder: StrPath) -> list[str]:
    """Sorted names of the voice files in ``folder``. Raises ``VoiceError``."""
    return _core.list_voices(os.fspath(folder))


class SpeechStream(AsyncChunks):
    """An utterance being spoken: an iterator of ``AudioChunk``.

    Made by ``Runner.stream``. It holds the runner until it is exhausted or
    closed; ``close``, leaving a ``with`` block or dropping the last reference
    cancels what is left. Only one thread may iterate, any may close.
    ``async for`` works as well, and cancelling its task closes the stream.
    """

    def __init__(
        self, stream: _core.Stream, sample_rate: int, trace: SpanSink | None = None
    ) -> None:
        self._stream = stream
        self._sample_rate = sample_rate
        self._trace = trace
        self._has_warned = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> AudioChunk:
        """The next samples; the first call runs the prefill.

        Raises ``NumericError``, ``InternalError``, ``BusyError``, ``TextError``
        when the model has nothing to say, and ``KeyboardInterrupt`` within a
        frame's time of Ctrl-C.
        """
        chunk = self.pull()
        if chunk is None:
            self._warn_if_truncated()
            raise StopIteration
        return chunk

    def pull(self) -> AudioChunk | None:
        """``next`` without StopIteration: None after the last chunk."""
        try:
            chunk = self._stream.next()
        except BusyError:
            raise  # another thread's, which goes on
        except BaseException:
            self._hand_over_trace()
            raise
        if chunk is not None:
            samples, codes, index, is_final, first_frame = chunk
            return AudioChunk(samples, self._sample_rate, codes, index, is_final, first_frame)
        self._hand_over_trace()
        stats = self.stats
        if stats.finish_reason == "end_of_audio" and stats.codec_frames == 0:
            raise TextError("the model ended before the first frame: the text has nothing to say")
        return None

    def _warn_if_truncated(self) -> None:
        """Warns once; to be called by a method that the user calls."""
        stats = self.stats
        if stats.finish_reason == "frame_budget" and not self._has_warned:
            self._has_warned = True
            warnings.warn(
                f"the audio is incomplete: cut after {stats.codec_frames} frames, the most that "
                "the default budget or the model's rows allow; split the text, raise max_frames, "
                "or export with a larger --max-seq-len",
                TruncatedAudioWarning,
                stacklevel=3,
            )

    @property
    def sample_rate(self) -> int:
        """Hz."""
        return self._sample_rate

    @property
    def stats(self) -> Stats:
        """Complete after the last chunk; before, the state so far."""
        return Stats.from_json(self._stream.stats_json())

    def close(self) -> None:
        """Ends the utterance; harmless when it is over."""
        self._stream.close()
        self._hand_over_trace()

    def _hand_over_trace(self) -> None:
        """Once, when the utterance is over."""
        if (trace := self._trace) is not None:
            try:
                hand_over(self._stream, trace)
                self._trace = None
            except BusyError:
                pass  # closed by another thread: the one that iterates does it

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class Runner:
    """Text to speech with Voxtral-4B-TTS-2603.

    ``model`` is the program file or its folder; None is that of ``$VOXTRAL_TTS_MODEL``, of the
    current folder, or else the small voice that comes with the package. ``codec`` defaults to
    ``codec_decoder.pte`` and ``tokenizer`` to ``tekken.json`` beside the model, ``voices`` to the
    folder ``voice_embedding`` beside the tokenizer. ``num_threads`` is for the
    whole process, and its first runner decides; 0 is every CPU. ``warm_up`` runs
    every method once while loading, which shortens the first utterance.
    ``device`` is for models exported for MLX: ``auto`` takes the GPU when there
    is one.

    What a voice's rows of the prompt compute to is kept, so that the next
    utterance in that voice begins sooner; its samples stay the same.
    ``voice_cache`` is ``"disk"``, ``"memory"`` or ``"off"``; ``cache_dir`` is the
    folder, by default ``$VOXTRAL_TTS_CACHE``, else ``voxtral_tts`` in the user's
    cache folder; ``voices_in_memory`` is how many voices besides the last one
    have a copy in memory.

    The program files are compared with ``manifest.json`` beside them: their size
    and what the runtime interprets at every load, all of it when a file is new, and
    always with ``verify``.

    A runner speaks one utterance at a time; a second one meanwhile raises
    ``BusyError``. Use one runner per process: it cannot be pickled, and does not
    survive ``fork``.

    Raises ``ModelLoadError``, ``ModelMismatchError``, ``TokenizerError``; a
    missing file is a ``FileNotFoundError`` too.
    """

    def __init__(
        self,
        model: StrPath | None = None,
        codec: StrPath | None = None,
        *,
        tokenizer: StrPath | None = None,
        voices: StrPath | None = None,
        num_threads: int = 0,
        warm_up: bool = False,
        device: Device = "auto",
        voice_cache: VoiceCache = "disk",
        cache_dir: StrPath | None = None,
        voices_in_memory: int = 4,
        verify: bool = False,
    ) -> None:
        follow_level()
        program = model_file(model)
        self._segment_characters = segment_characters(program)
        self._runner: _core.Runner | None = _core.Runner(
            os.fspath(program),
            os.fspath(codec_file(program, codec)),
            None if tokenizer is None else os.fspath(tokenizer),
            None if voices is None else os.fspath(voices),
            _integer("num_threads", num_threads, 0, _MAX_INT),
            warm_up,
            device,
            voice_cache,
            None if cache_dir is None else os.fspath(cache_dir),
            _integer("voices_in_memory", voices_in_memory, 0, _MAX_INT),
            verify,
        )

    def stream(
        self,
        text: str,
        *,
        voice: StrPath | None = None,
        seed: int = 42,
        temperature: float = 0.0,
        cfg_alpha: float | None = None,
        flow_steps: int | None = None,
        max_frames: int | None = None,
        chunk_frames: int = 0,
        trace: SpanSink | None = None,
    ) -> SpeechStream:
        """Starts an utterance; its chunks come as they are made.

        ``voice`` is a name, the path of a voice file or a blend of such, ``"a:0.6+b:0.4"``
        (docs/voices.md); None is ``neutral_female``, else the first by name. The same ``seed``
        gives the same samples. ``temperature`` 0 is greedy. ``cfg_alpha`` is the guidance
        weight, ``max_frames`` a limit in frames of 80 ms; None means the
        model's own. ``flow_steps`` is fixed by the export: another number than
        the file's is a ``UsageError``. ``chunk_frames`` is the size of a chunk in frames, 0 the
        codec's schedule, which begins with small ones. ``trace`` is given the
        utterance's spans when it is over.

        Raises ``UsageError``, ``TextError``, ``VoiceError``, ``BusyError``.
        """
        runner = self._open_runner()
        follow_level()
        return SpeechStream(
            runner.stream(
                _utf8(text),
                None if voice is None else os.fspath(voice),
                _integer("seed", seed, 0, _MAX_SEED),
                _finite("temperature", temperature),
                None if cfg_alpha is None else _finite("cfg_alpha", cfg_alpha),
                None if flow_steps is None else _integer("flow_steps", flow_steps, 1, _MAX_INT),
                None if max_frames is None else _integer("max_frames", max_frames, 1, _MAX_INT),
                _integer("chunk_frames", chunk_frames, 0, _MAX_INT),
                trace is not None,
            ),
            runner.sample_rate(),
            trace,
        )

    def synthesize(
        self,
        text: str,
        *,
        voice: StrPath | None = None,
        seed: int = 42,
        temperature: float = 0.0,
        cfg_alpha: float | None = None,
        flow_steps: int | None = None,
        max_frames: int | None = None,
        chunk_frames: int = 0,
        trace: SpanSink | None = None,
    ) -> Audio:
        """The whole utterance: ``stream``, with the same arguments, joined."""
        with self.stream(
            text,
            voice=voice,
            seed=seed,
            temperature=temperature,
            cfg_alpha=cfg_alpha,
            flow_steps=flow_steps,
            max_frames=max_frames,
            chunk_frames=chunk_frames,
            trace=trace,
        ) as stream:
            pieces = []
            while (chunk := stream.pull()) is not None:
                pieces.append(chunk)
            stream._warn_if_truncated()
            return Audio(
                np.concatenate([piece.samples for piece in pieces]),
                stream.sample_rate,
                np.concatenate([piece.codes for piece in pieces]),
                stream.stats,
            )

    def speak(
        self,
        text: str | Iterable[str],
        *,
        voice: StrPath | None = None,
        language: str | None = None,
        normalize: bool = True,
        hold_segments: bool = False,
        seed: int = 42,
        temperature: float = 0.0,
        cfg_alpha: float | None = None,
        flow_steps: int | None = None,
        max_frames: int | None = None,
        chunk_frames: int = 0,
        trace: SpanSink | None = None,
    ) -> Speech:
        """Speaks a text of any length, prepared by ``voxtral_tts.text``.

        Numbers and signs become words of ``language`` (None: the voice's) unless ``normalize``
        is False. The text is cut into segments at sentence ends, each an utterance of its own
        (400 characters at most; a single sentence where ``manifest.json`` limits them);
        as an iterable of strings it may come while it is being spoken. With ``hold_segments`` a
        segment is handed out when it is complete, so that one that missed its end is spoken
        again under another seed; without, its chunks come as they are made. ``max_frames``
        limits the speech, pauses not counted; the other arguments are those of ``stream``.

        Raises ``UsageError`` here, and the rest while it is being spoken.
        """
        name = None if voice is None else os.fspath(voice)
        if max_frames is not None:
            max_frames = _integer("max_frames", max_frames, 1, _MAX_INT)
        language = language_of_voice(name) if language is None else language
        return Speech(
            self,
            prepare(
                text,
                language=language,
                normalize=normalize,
                max_characters=self._segment_characters or DEFAULT_CHARACTERS,
                join_sentences=self._segment_characters is None,
            ),
            SpeechOptions(name, seed, temperature, cfg_alpha, flow_steps, chunk_frames),
            max_frames=max_frames,
            hold_segments=hold_segments,
            trace=trace,
        )

    def voices(self) -> list[str]:
        """Sorted names of the voices. Raises ``VoiceError``."""
        return self._open_runner().voices()

    @property
    def sample_rate(self) -> int:
        """Hz."""
        return self._open_runner().sample_rate()

    @property
    def load_ms(self) -> float:
        """How long loading took, in milliseconds."""
        return self._open_runner().load_ms()

    def close(self) -> None:
        """Frees the programs, once a stream that is still open has ended."""
        self._runner = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a Runner holds loaded programs and cannot be pickled or copied; "
            "make one in each process"
        )

    def _open_runner(self) -> _core.Runner:
        if self._runner is None:
            raise UsageError("the runner is closed")
        return self._runner


def _utf8(text: str) -> bytes:
    if not isinstance(text, str):
        raise TypeError(f"text must be str, not {type(text).__name__}")
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise TextError(f"the text is not valid Unicode: {error}") from error


def _integer(name: str, value: int, low: int, high: int) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} {value!r}: must be an integer") from None
    if not low <= number <= high:
        raise UsageError(f"{name} {number}: must be from {low} to {high}")
    return number


def _finite(name: str, value: float) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} {value!r}: must be a number") from None
    if not abs(number) <= _MAX_FLOAT:  # false for NaN as well
        raise UsageError(f"{name} {number}: must be a finite number")
    return number
