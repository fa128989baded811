"""The encoders behind ``voxtral_tts.encode``: samples to bytes and the places they belong."""

from __future__ import annotations

import os
import struct
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from voxtral_tts._native import _core
from voxtral_tts.errors import NumericError, UsageError
from voxtral_tts.formats import Format, check_rate, format_named, optional_module
from voxtral_tts.samples import as_samples

WAV_HEADER_BYTES = 44
UNKNOWN_SIZE = 0xFFFFFFFF  # in both fields of a WAV's header
_OGG_PAGE_MS = 200.0  # of audio in an Ogg page; libsndfile's own second delays the first sound
_SFC_SET_OGG_PAGE_LATENCY_MS = 0x1302
# 66 kbit/s at 24 kHz. Of a constant rate, players know the length of a stream without an index.
_MP3_SETTINGS = {"compression_level": 0.63, "bitrate_mode": "CONSTANT"}
_SUBTYPES = {
    "flac": ("FLAC", "PCM_16"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
    "opus": ("OGG", "OPUS"),
}  # format -> container and encoding, as soundfile names them


class Patch(NamedTuple):
    """Bytes and where they belong; before the end they replace what was there."""

    offset: int
    content: bytes


class _Encoder(Protocol):
    def write(self, samples: NDArray[np.float32]) -> list[Patch]: ...
    def finish(self, end: int) -> list[Patch]: ...


class Encoding:
    """Checks and resamples samples, and hands them to the encoder of a format."""

    def __init__(self, format: str | Format, source_rate: int, sample_rate: int | None) -> None:
        self.format = format_named(format) if isinstance(format, str) else format
        rate = source_rate if sample_rate is None else sample_rate
        check_rate(self.format, rate)
        self._is_finished = False
        self._resampler: Any = None
        if rate != source_rate:
            soxr = optional_module("soxr")
            self._resampler = soxr.ResampleStream(source_rate, rate, 1, dtype="float32")
        self._encoder: _Encoder = (
            _SoundFile(self.format, rate)
            if self.format.needs_soundfile
            else _Samples(self.format, rate)
        )

    def write(self, samples: ArrayLike) -> list[Patch]:
        self._refuse_finished()
        array = as_samples(samples)
        if not np.isfinite(array).all():
            raise NumericError("the samples contain NaN or infinity; none of them was written")
        return self._encode(array, is_last=False)

    def finish(self, end: int) -> list[Patch]:
        """``end`` is the number of bytes that were written in the end."""
        self._refuse_finished()
        self._is_finished = True
        last: list[Patch] = []
        if self._resampler is not None:
            last = self._encode(np.zeros(0, np.float32), is_last=True)
            end += sum(len(patch.content) for patch in last if patch.offset >= end)
        return last + self._encoder.finish(end)

    def _refuse_finished(self) -> None:
        if self._is_finished:
            raise UsageError("this audio is finished; make another encoder or file for more")

    def _encode(self, samples: NDArray[np.float32], *, is_last: bool) -> list[Patch]:
        if self._resampler is not None:
            samples = self._resampler.resample_chunk(samples, last=is_last)
        return self._encoder.write(samples) if len(samples) else []


class _Samples:
    """Samples as they are, after a header if it is a WAV."""

    def __init__(self, format: Format, rate: int) -> None:
        self._is_float = format.name == "f32le"
        self._header_bytes = WAV_HEADER_BYTES if format.name == "wav" else 0
        self._rate = rate
        self._end = 0

    def write(self, samples: NDArray[np.float32]) -> list[Patch]:
        content = samples.astype("<f4").tobytes() if self._is_float else _core.to_s16le(samples)
        return [*self._header(), self._append(content)]

    def finish(self, end: int) -> list[Patch]:
        if not self._header_bytes or end < self._header_bytes:
            return self._header()
        data_bytes = min(end - self._header_bytes, UNKNOWN_SIZE)
        return [Patch(0, wav_header(self._rate, data_bytes))]

    def _header(self) -> list[Patch]:
        if self._end or not self._header_bytes:
            return []
        return [self._append(wav_header(self._rate, UNKNOWN_SIZE))]

    def _append(self, content: bytes) -> Patch:
        patch = Patch(self._end, content)
        self._end += len(content)
        return patch


class _SoundFile:
    """libsndfile, writing into a list of patches through its virtual input and output.

    An exception in there would be lost, so nothing that can fail happens in it.
    """

    def __init__(self, format: Format, rate: int) -> None:
        soundfile = optional_module("soundfile")
        container, subtype = _SUBTYPES[format.name]
        self._is_integer = format.name == "flac"
        self._sink = _Sink()
        settings: dict[str, Any] = _MP3_SETTINGS if format.name == "mp3" else {}
        try:
            self._file = soundfile.SoundFile(
                self._sink, "w", rate, 1, subtype, format=container, **settings
            )
        except soundfile.LibsndfileError as error:
            raise UsageError(
                f"format '{format.name}': the installed libsndfile "
                f"({soundfile.__libsndfile_version__}) cannot write it ({error}); "
                "pip install --upgrade soundfile brings one that can"
            ) from error
        if format.name == "opus":
            _shorten_pages(soundfile, self._file)

    def write(self, samples: NDArray[np.float32]) -> list[Patch]:
        if self._is_integer:  # the same levels as in a WAV
            self._file.write(np.frombuffer(_core.to_s16le(samples), "<i2"))
        else:
            self._file.write(np.clip(samples, -1, 1))
        return self._sink.take()

    def finish(self, end: int) -> list[Patch]:
        self._file.close()
        return self._sink.take()


class _Sink:
    """A file as libsndfile wants one; it remembers what is written, where."""

    def __init__(self) -> None:
        self._position = self._end = 0
        self._patches: list[Patch] = []

    def take(self) -> list[Patch]:
        """What was written since the last call."""
        patches, self._patches = self._patches, []
        return patches

    def write(self, content: bytes) -> int:
        self._patches.append(Patch(self._position, bytes(content)))
        self._position += len(content)
        self._end = max(self._end, self._position)
        return len(content)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._end}[whence]
        self._position = start + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def read(self, _count: int) -> bytes:
        return b""


def _shorten_pages(soundfile: Any, file: Any) -> None:
    """The package has no call for it; without, the stream is the same in longer pieces."""
    try:
        milliseconds = soundfile._ffi.new("double*", _OGG_PAGE_MS)
        size = soundfile._ffi.sizeof("double")
        soundfile._snd.sf_command(file._file, _SFC_SET_OGG_PAGE_LATENCY_MS, milliseconds, size)
    except (AttributeError, TypeError):
        pass


def wav_header(rate: int, data_bytes: int) -> bytes:
    """RIFF/WAVE header for 16-bit mono; ``UNKNOWN_SIZE`` says "until the stream ends"."""
    riff_bytes = data_bytes if data_bytes == UNKNOWN_SIZE else data_bytes + 36
    parts = (b"RIFF", riff_bytes, b"WAVEfmt ", 16, 1, 1, rate, 2 * rate, 2, 16, b"data", data_bytes)
    return struct.pack("<4sI8sIHHIIHH4sI", *parts)
