"""Audio as NumPy arrays, and what making it cost."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
from numpy.typing import DTypeLike, NDArray

from voxtral_tts._native import _core
from voxtral_tts.encode import AudioFile
from voxtral_tts.encoders import wav_header
from voxtral_tts.errors import NumericError

FinishReason = Literal["end_of_audio", "length", "frame_budget", "cancelled"]
PrefixSource = Literal["computed", "kept", "memory", "disk"]


@dataclass(frozen=True, slots=True)
class Stats:
    """What one synthesis cost, and how it ended.

    RTF, the real-time factor, is wall seconds per second of audio, loading
    excluded: below 1 is faster than real time.
    """

    finish_reason: FinishReason
    prompt_tokens: int  # rows of the prompt, voice rows included
    voice_rows: int
    prefix_source: PrefixSource  # where what the voice's rows compute to came from
    prefix_rows: int  # rows of the prompt not computed
    codec_frames: int  # emitted frames, 80 ms each
    decoded_frames: int  # frames the codec decoded
    step_executes: int  # runs of the language model, prefill included
    codec_executes: int
    audio_seconds: float
    prefill_ms: float  # prompt to the codes of the first frame
    first_audio_ms: float  # TTFA: call to the first samples
    generate_ms: float  # in the language model, prefill included
    codec_ms: float
    wall_ms: float  # call to the last sample
    rtf: float  # wall_ms / audio
    generation_rtf: float  # (wall_ms - codec_ms) / audio
    peak: float  # largest |sample|
    clipped_samples: int  # |sample| > 1, saturated in 16-bit output
    backend: str  # of model.pte: mlx, xnnpack, portable, or another delegate's name
    executes_per_frame: float | None  # of a delegate; None where it does not tell
    host_syncs_per_frame: float | None  # times the CPU waited for the device

    @staticmethod
    def from_json(text: str) -> Stats:
        """Reads the JSON object of ``voxtral_tts::to_json``."""
        return Stats(**json.loads(text))


@dataclass(frozen=True, slots=True, eq=False)
class AudioChunk:
    """A piece of an utterance: all chunks, joined, are the utterance."""

    samples: NDArray[np.float32]  # (n,), mono; may be empty in the final chunk
    sample_rate: int  # Hz
    codes: NDArray[np.int64]  # (frames, 37): what the samples were decoded from
    index: int  # 0, 1, ... within the utterance
    is_final: bool  # no chunk follows
    first_frame: int  # codec frame (80 ms) of samples[0]

    @property
    def frames(self) -> int:
        """Codec frames in this chunk."""
        return len(self.codes)


if TYPE_CHECKING:  # what a type checker unpacks with a type for each must be a tuple
    _Unpacked = tuple[NDArray[np.float32], int]
else:
    _Unpacked = object


@dataclass(frozen=True, slots=True, eq=False)
class Audio(_Unpacked):
    """A whole utterance. ``samples, sample_rate = audio`` works as well."""

    samples: NDArray[np.float32]  # (n,), mono, nominally in [-1, 1]
    sample_rate: int  # Hz
    codes: NDArray[np.int64]  # (frames, 37): semantic, then acoustic codes, offset by 2
    stats: Stats

    @property
    def finish_reason(self) -> FinishReason:
        """``"end_of_audio"`` for complete audio; see ``Stats``."""
        return self.stats.finish_reason

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self.samples) / self.sample_rate

    def __iter__(self) -> Iterator[Any]:
        yield self.samples
        yield self.sample_rate

    @overload
    def __array__(self, dtype: None = None, copy: bool | None = None) -> NDArray[np.float32]: ...
    @overload
    def __array__(self, dtype: DTypeLike, copy: bool | None = None) -> NDArray[Any]: ...
    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.samples, dtype=dtype, copy=copy)

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        format: str | None = None,
        sample_rate: int | None = None,
    ) -> None:
        """Writes a file of the format that the suffix names, WAV without one; see ``encode``.

        Samples beyond [-1, 1] saturate. The file appears when it is complete; an older one
        stays until then. Raises ``OutputError``, ``UsageError`` for a format or a sample rate,
        in Hz, that cannot be, and ``NumericError`` for NaN or infinity.
        """
        with AudioFile(path, format, source_rate=self.sample_rate, sample_rate=sample_rate) as file:
            file.write(self.samples)

    def to_wav_bytes(self) -> bytes:
        """A 16-bit mono WAV file, the one that ``save`` writes, as bytes."""
        if not np.isfinite(self.samples).all():
            raise NumericError("the samples contain NaN or infinity")
        content = _core.to_s16le(self.samples)
        return wav_header(self.sample_rate, len(content)) + content
