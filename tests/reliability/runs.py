"""Runs the command line and says how it ended, with several kinds of standard output."""

from __future__ import annotations

import contextlib
import os
import pty
import resource
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, NamedTuple

from .subject import HARD_LIMIT_S


class Outcome(NamedTuple):
    """How a process ended; a negative code is a signal's number."""

    code: int
    stdout: bytes
    stderr: bytes
    seconds: float


def run(
    command: list[str],
    folder: Path,
    text: bytes,
    stdout: str = "pipe",
    file_limit: int | None = None,
) -> Outcome:
    """Runs in `folder`. `stdout` is "pipe", "closed", "full" (a device without room),
    "terminal", "reads N" (a reader that ends after N bytes) or "fifo N" (the same, on the FIFO
    `folder/fifo`)."""
    started = time.monotonic()
    limits = _limits(stdout, file_limit)
    with contextlib.ExitStack() as stack:
        target = _standard_output(stdout, stack)
        reader = -1
        if stdout.startswith("fifo"):
            reader = os.open(folder / "fifo", os.O_RDONLY | os.O_NONBLOCK)
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=target,
            stderr=subprocess.PIPE,
            preexec_fn=limits,
        )
        stack.callback(process.kill)
        if stdout.startswith(("reads", "fifo")):
            _read_some(process, reader, text, int(stdout.split()[1]))
        try:
            out, errors = process.communicate(
                None if process.stdin is None else text, timeout=HARD_LIMIT_S
            )
        except subprocess.TimeoutExpired:
            process.kill()
            out, errors = process.communicate()
    return Outcome(process.returncode, out or b"", errors, time.monotonic() - started)


def _standard_output(stdout: str, stack: contextlib.ExitStack) -> int | IO[bytes]:
    if stdout == "full":
        return stack.enter_context(Path("/dev/full").open("wb"))
    if stdout == "terminal":
        ours, theirs = pty.openpty()
        stack.callback(os.close, ours)
        stack.callback(os.close, theirs)
        return theirs
    return subprocess.PIPE


def _limits(stdout: str, file_limit: int | None) -> Callable[[], None] | None:
    if stdout != "closed" and file_limit is None:
        return None

    def apply() -> None:
        if file_limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))
        if stdout == "closed":
            os.close(1)

    return apply


def _read_some(process: subprocess.Popen[bytes], reader: int, text: bytes, wanted: int) -> None:
    """Gives the text, reads `wanted` bytes of the audio and closes the reading end."""
    assert process.stdin is not None and process.stdout is not None
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(text)
        process.stdin.close()
    process.stdin = None
    source = reader if reader >= 0 else process.stdout.fileno()
    read = 0
    deadline = time.monotonic() + HARD_LIMIT_S
    while read < wanted and process.poll() is None and time.monotonic() < deadline:
        try:
            block = os.read(source, min(wanted - read, 4096))
        except BlockingIOError:
            block = b""
        read += len(block)
        if not block:
            time.sleep(0.001)  # a FIFO without its writer yet
    if reader >= 0:
        _wait_for_writer(process, reader, wanted)
        os.close(reader)
    else:
        process.stdout.close()
        process.stdout = None


def _wait_for_writer(process: subprocess.Popen[bytes], reader: int, wanted: int) -> None:
    """Closing before the writer has opened would leave it waiting for another reader."""
    while wanted == 0 and process.poll() is None:
        try:
            if os.read(reader, 1):
                return
        except BlockingIOError:
            return  # a writer is there and has written nothing
        time.sleep(0.001)
