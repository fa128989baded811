"""Samples to bytes of a format, chunk by chunk: streams, and files that appear when complete."""

from __future__ import annotations

import logging
import os

import numpy as np
from numpy.typing import ArrayLike

from voxtral_tts.encoders import UNKNOWN_SIZE, WAV_HEADER_BYTES, Encoding, Patch
from voxtral_tts.errors import OutputError, ReaderGoneError, UsageError
from voxtral_tts.files import Replacement, output_error, write_all
from voxtral_tts.formats import FORMATS, Format, format_named, format_of

__all__ = ["FORMATS", "AudioFile", "Format", "StreamEncoder", "format_named", "format_of"]

log = logging.getLogger("voxtral_tts")

SAMPLE_RATE = 24000
_MAX_WAV_BYTES = UNKNOWN_SIZE - 36  # in a file, whose header has to say it


class StreamEncoder:
    """A stream of one format: ``write`` and ``finish`` return the bytes that are ready.

    Nothing written before is changed, so a WAV says 0xFFFFFFFF for its sizes, as on a pipe of
    the command line. ``sample_rate`` is the stream's, by default the samples'.

    Raises ``UsageError``: an unknown format, a rate it cannot have, a package that is missing.
    """

    def __init__(
        self,
        format: str | Format,
        *,
        source_rate: int = SAMPLE_RATE,
        sample_rate: int | None = None,
    ) -> None:
        self._encoding = Encoding(format, source_rate, sample_rate)
        self._end = 0

    @property
    def format(self) -> Format:
        return self._encoding.format

    def write(self, samples: ArrayLike) -> bytes:
        """Bytes, or none yet, for samples (n,): floats, or integers of 16 or 32 bits.

        Raises ``NumericError`` for NaN and infinity, ``UsageError`` for what are no samples, and
        after ``finish``.
        """
        return self._appended(self._encoding.write(samples))

    def finish(self) -> bytes:
        """The last bytes; nothing can be written after them."""
        return self._appended(self._encoding.finish(self._end))

    def _appended(self, patches: list[Patch]) -> bytes:
        appended = [patch.content for patch in patches if patch.offset >= self._end]
        joined = b"".join(appended)
        self._end += len(joined)
        return joined


class AudioFile:
    """A file that grows under a temporary name and takes its own when it is complete.

    For a ``with`` block. After an exception in it the audio written so far is kept as a valid,
    shorter file; where there is none, no file appears and an older one stays. A FIFO or a
    device is written directly. ``format`` is by default what the path's suffix names.

    Raises ``UsageError`` as ``StreamEncoder`` does, and ``OutputError``.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        format: str | Format | None = None,
        *,
        source_rate: int = SAMPLE_RATE,
        sample_rate: int | None = None,
    ) -> None:
        self._path = path
        self._encoding = Encoding(
            format_of(path) if format is None else format, source_rate, sample_rate
        )
        self._file: Replacement | None = None  # while in the block
        self._end = 0  # bytes that are written whole
        self._has_been_open = self._has_samples = self._has_failed = False

    def __enter__(self) -> AudioFile:
        if self._has_been_open:
            raise UsageError(f"'{self._path}' is finished; make another AudioFile for more")
        self._file = Replacement(self._path)
        self._has_been_open = True
        return self

    def write(self, samples: ArrayLike) -> None:
        """Appends samples (n,): floats, or integers of 16 or 32 bits.

        Raises ``OutputError``, ``NumericError``, and ``UsageError`` for what are no samples and
        outside of the block.
        """
        file = self._open_file()
        self._write(file, self._encoding.write(samples))
        self._has_samples = self._has_samples or np.size(samples) > 0

    def __exit__(self, exc_type: type[BaseException] | None, *_: object) -> None:
        file = self._open_file()
        try:
            if self._has_samples:
                self._complete(file, keep_errors=exc_type is None)
        finally:
            self._file = None
            file.discard()

    def _open_file(self) -> Replacement:
        if self._file is None:
            raise UsageError(
                "an AudioFile is written inside its block: with AudioFile(path) as file"
            )
        return self._file

    def _write(self, file: Replacement, patches: list[Patch]) -> None:
        if not file.is_direct:
            self._check_size(file, patches)
        try:
            for offset, content in patches:
                if not file.is_direct:
                    os.lseek(file.fd, offset, os.SEEK_SET)
                if not file.is_direct or offset >= self._end:
                    write_all(file.fd, content)
                self._end = max(self._end, offset + len(content))
        except OSError as error:
            self._has_failed = True
            if not file.is_direct:
                os.ftruncate(file.fd, self._end)  # what a full disk took of the last piece
            raise output_error(file.path, error) from error

    def _check_size(self, file: Replacement, patches: list[Patch]) -> None:
        end = max((offset + len(content) for offset, content in patches), default=0)
        if self._encoding.format.name == "wav" and end > WAV_HEADER_BYTES + _MAX_WAV_BYTES:
            self._has_failed = True
            raise OutputError(
                f"cannot write '{file.path}': a WAV file holds 4 GB at most; write flac instead"
            )

    def _complete(self, file: Replacement, *, keep_errors: bool) -> None:
        """Ends and names the file; what was written before an error is valid and stays."""
        failure: OutputError | ReaderGoneError | None = None
        try:
            # After a failed write the end would not fit; only a WAV's header is to be corrected.
            if not self._has_failed or self._encoding.format.name == "wav":
                self._write(file, self._encoding.finish(self._end))
        except (OutputError, ReaderGoneError) as error:
            failure = error
        try:
            file.commit()
        except OutputError as error:
            failure = failure or error
            if not keep_errors:  # what is raised already does not name the file that stays
                log.warning("%s", error)
        if failure is not None and keep_errors:
            raise failure
