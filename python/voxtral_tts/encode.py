"""Samples to bytes of a format, chunk by chunk: streams, and files that appear when complete."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from voxtral_tts.encoders import UNKNOWN_SIZE, WAV_HEADER_BYTES, Encoding, Patch
from voxtral_tts.errors import OutputError, ReaderGoneError
from voxtral_tts.formats import FORMATS, Format, format_named, format_of

__all__ = ["FORMATS", "AudioFile", "Format", "StreamEncoder", "format_named", "format_of"]

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
        """Bytes, or none yet, for float samples (n,). Raises ``NumericError`` for NaN, infinity."""
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
        self._path = Path(path)
        self._encoding = Encoding(
            format_of(path) if format is None else format, source_rate, sample_rate
        )
        self._is_direct = False
        self._temporary: Path | None = None
        self._fd = -1
        self._end = 0  # bytes that are written whole
        self._has_samples = self._has_failed = False

    def __enter__(self) -> AudioFile:
        try:
            self._open()
        except OSError as error:
            raise self._error(error) from error
        return self

    def write(self, samples: ArrayLike) -> None:
        """Appends float samples (n,). Raises ``OutputError``, ``NumericError``."""
        self._write(self._encoding.write(samples))
        self._has_samples = self._has_samples or np.size(samples) > 0

    def __exit__(self, exc_type: type[BaseException] | None, *_: object) -> None:
        try:
            if self._has_samples:
                self._complete(keep_errors=exc_type is None)
        finally:
            self._discard()

    def _open(self) -> None:
        target = self._path = Path(os.path.realpath(self._path))
        mode = 0o666
        if target.exists():
            if target.is_dir():
                raise IsADirectoryError(21, "it is a folder; name a file in it")
            if not target.is_file():
                self._is_direct = True
                self._fd = os.open(target, os.O_WRONLY | os.O_NOCTTY)
                return
            if not os.access(target, os.W_OK):
                raise PermissionError(13, "the file there is read-only")
            mode = target.stat().st_mode & 0o7777
        name = f".voxtral_tts-{os.getpid()}-{id(self)}{target.suffix}.tmp"
        self._temporary = target.parent / name
        self._fd = os.open(self._temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)

    def _write(self, patches: list[Patch]) -> None:
        if not self._is_direct:
            self._check_size(patches)
        try:
            for offset, content in patches:
                if self._is_direct:
                    if offset >= self._end:
                        _write_all(self._fd, content)
                else:
                    os.lseek(self._fd, offset, os.SEEK_SET)
                    _write_all(self._fd, content)
                self._end = max(self._end, offset + len(content))
        except OSError as error:
            self._has_failed = True
            if not self._is_direct:
                os.ftruncate(self._fd, self._end)  # what a full disk took of the last piece
            raise self._error(error) from error

    def _check_size(self, patches: list[Patch]) -> None:
        end = max((offset + len(content) for offset, content in patches), default=0)
        if self._encoding.format.name == "wav" and end > WAV_HEADER_BYTES + _MAX_WAV_BYTES:
            self._has_failed = True
            raise OutputError(
                f"cannot write '{self._path}': a WAV file holds 4 GB at most; write flac instead"
            )

    def _complete(self, *, keep_errors: bool) -> None:
        """Ends and renames the file; what was written before an error is valid and stays."""
        failure: OutputError | ReaderGoneError | None = None
        try:
            # After a failed write the end would not fit; only a WAV's header is to be corrected.
            if not self._has_failed or self._encoding.format.name == "wav":
                self._write(self._encoding.finish(self._end))
        except (OutputError, ReaderGoneError) as error:
            failure = error
        try:
            if self._temporary is not None:
                self._rename(self._temporary)
        except OutputError as error:
            failure = failure or error
        if failure is not None and keep_errors:
            raise failure

    def _rename(self, temporary: Path) -> None:
        try:
            os.fsync(self._fd)
            temporary.rename(self._path)
        except OSError as error:
            raise self._error(error) from error
        self._temporary = None

    def _discard(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        if self._temporary is not None:
            self._temporary.unlink(missing_ok=True)
            self._temporary = None

    def _error(self, error: OSError) -> OutputError | ReaderGoneError:
        why = error.strerror or str(error)
        if isinstance(error, FileNotFoundError):
            why = f"the folder '{self._path.parent}' does not exist; make it first"
        kind = ReaderGoneError if isinstance(error, BrokenPipeError) else OutputError
        result = kind(f"cannot write '{self._path}': {why}")
        result.errno = error.errno
        return result


def _write_all(fd: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(fd, view) :]
