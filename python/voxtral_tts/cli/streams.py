"""Standard streams that a program can rely on, whatever it was started with."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Callable

from voxtral_tts.errors import EXIT_CODES, OutputError, ReaderGoneError, class_name
from voxtral_tts.files import output_error, write_all

_STDIN, _STDOUT, _STDERR = range(3)


def run_program(program: Callable[[], int]) -> int:
    """Runs ``program`` on such streams, and returns its exit code.

    A message that cannot be written is no failure. A result that cannot be written is one:
    the exit code is that of ``OutputIO`` or ``ReaderGone`` where the program had none.
    """
    _open_closed_descriptors()
    _replace_streams()
    code, failure = 0, None
    try:
        code = program()
    except SystemExit as end:  # argparse's, after --help or for wrong usage
        if not isinstance(end.code, int | None):
            raise
        code = end.code or 0
    except OSError as error:
        failure = error
    unwritten = _flush_results()
    if unwritten is not None and code == 0:
        name = class_name(unwritten)
        print(f"error: {name}: {unwritten}", file=sys.stderr)
        return EXIT_CODES[name]
    if failure is not None:
        raise failure
    return code


def _open_closed_descriptors() -> None:
    """A file opened in place of a closed one would receive what is meant for that.

    Input and results get the wrong direction, which makes their use fail; messages are let go.
    """
    for fd in (_STDIN, _STDOUT, _STDERR):
        try:
            os.fstat(fd)
        except OSError:
            with contextlib.suppress(OSError):
                os.open(os.devnull, os.O_RDONLY if fd == _STDOUT else os.O_WRONLY)
                os.set_inheritable(fd, True)


def _replace_streams() -> None:
    """Python has None for what was closed, and fails to print where nobody reads.

    What somebody else put there, as tests do, stays.
    """
    if sys.stdin is None:
        sys.stdin = os.fdopen(_STDIN, encoding="utf-8", closefd=False)
    if sys.stdout is None:
        sys.stdout = os.fdopen(_STDOUT, "w", encoding="utf-8", closefd=False)
    if sys.stderr is None or sys.stderr is sys.__stderr__:
        encoding = "utf-8" if sys.stderr is None else sys.stderr.encoding
        sys.stderr = io.TextIOWrapper(
            _Messages(),
            encoding=encoding,
            errors="backslashreplace",
            write_through=True,
        )


class _Messages(io.RawIOBase):
    """Standard error; what it does not take is lost, and nobody is told."""

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return _STDERR

    def isatty(self) -> bool:
        return os.isatty(_STDERR)

    def write(self, content: bytes) -> int:  # type: ignore[override]
        with contextlib.suppress(OSError):
            write_all(_STDERR, content)
        return len(content)


def _flush_results() -> OutputError | ReaderGoneError | None:
    """Why standard output does not take what was printed, if it does not."""
    try:
        sys.stdout.flush()
    except OSError as error:
        # Python would try again as it ends, and fail again.
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, _STDOUT)
        os.close(null)
        return output_error("standard output", error)
    return None
