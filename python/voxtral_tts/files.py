"""Files that take their name when they are complete, and what a file's bytes hash to."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import stat
from pathlib import Path

from voxtral_tts.errors import OutputError, ReaderGoneError


class Replacement:
    """A file that grows under a temporary name beside its target, whose place it takes.

    An older file stays until ``commit`` and hands on its mode; a symbolic link is followed. A
    FIFO or a device has nothing to replace: it is opened itself and ``is_direct``. Opening a
    FIFO waits for its reader. Raises ``OutputError``.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(os.path.realpath(path))
        self.is_direct = False
        self.fd = -1
        self._temporary: Path | None = None
        try:
            self._open()
        except OSError as error:
            raise output_error(self.path, error) from error

    def commit(self) -> None:
        """Gives the file its name.

        Raises ``OutputError`` where it cannot have it: the temporary file, which is complete,
        stays then, and the error names it.
        """
        temporary, self._temporary = self._temporary, None
        if temporary is None:
            return
        try:
            sync(self.fd)
            temporary.rename(self.path)
        except OSError as error:
            raise output_error(self.path, error, f"; it is complete in '{temporary}'") from error

    def discard(self) -> None:
        """Closes the file, and removes it unless it was committed."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1
        if self._temporary is not None:
            self._temporary.unlink(missing_ok=True)
            self._temporary = None

    def replace(self, content: bytes) -> None:
        """Writes the whole content and commits. Raises ``OutputError``, ``ReaderGoneError``."""
        try:
            write_all(self.fd, content)
        except OSError as error:
            raise output_error(self.path, error) from error
        self.commit()

    def __enter__(self) -> Replacement:
        return self

    def __exit__(self, *_: object) -> None:
        self.discard()

    def _open(self) -> None:
        mode = 0o666
        if self.path.exists():
            status = self.path.stat()
            if stat.S_ISDIR(status.st_mode):
                raise IsADirectoryError(errno.EISDIR, "it is a folder; name a file in it")
            if not stat.S_ISREG(status.st_mode):
                self.is_direct = True
                self.fd = os.open(self.path, os.O_WRONLY | os.O_NOCTTY)
                return
            if not os.access(self.path, os.W_OK):
                raise PermissionError(errno.EACCES, "the file there is read-only")
            mode = stat.S_IMODE(status.st_mode)
        name = f".voxtral_tts-{os.getpid()}-{id(self)}{self.path.suffix}.tmp"
        temporary = self.path.parent / name
        self.fd = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)
        self._temporary = temporary


def replace_file(path: str | os.PathLike[str], content: bytes) -> None:
    """Writes a file that is there whole or not at all. Raises ``OutputError``."""
    with Replacement(path) as file:
        file.replace(content)


def check_target(path: str | os.PathLike[str]) -> None:
    """Raises ``OutputError`` where no file can be written; leaves nothing.

    A FIFO or a device is not looked at: opening one waits, or does something.
    """
    place = os.path.realpath(path)
    if not os.path.exists(place) or os.path.isfile(place) or os.path.isdir(place):
        Replacement(place).discard()


def write_all(fd: int, content: bytes) -> None:
    """``os.write`` until all is written. Raises ``OSError``."""
    view = memoryview(content)
    while view:
        view = view[os.write(fd, view) :]


def sync(fd: int) -> None:
    """``os.fsync`` down to the drive, where the file system has it (some of networks do not).

    macOS leaves the bytes in the drive's own cache unless it is asked with a call of its own, which
    foreign file systems refuse. Raises ``OSError``.
    """
    full = getattr(fcntl, "F_FULLFSYNC", None)
    try:
        if full is not None:
            with contextlib.suppress(OSError):
                fcntl.fcntl(fd, full)
                return
        os.fsync(fd)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP):
            raise


def output_error(path: object, error: OSError, remedy: str = "") -> OutputError | ReaderGoneError:
    """The package's error for one of the system, with the path and what to do."""
    why = error.strerror or str(error)
    folder = Path(str(path)).parent
    if error.errno == errno.ENOENT and not folder.is_dir():
        why = f"the folder '{folder}' does not exist; make it first"
    kind = ReaderGoneError if isinstance(error, BrokenPipeError) else OutputError
    result = kind(f"cannot write '{path}': {why}{remedy}")
    result.errno = error.errno
    return result


def sha256_of(path: Path) -> tuple[str, int]:
    """SHA-256 and size of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), os.fstat(file.fileno()).st_size
