"""Outputs that cannot be written, and readers that go away: rows O1 and O4 of the matrix."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

from command_line import FRAME

from .case import Case
from .subject import FRAMES, Subject

_FORMS = {"wav": 2, "s16le": 2, "f32le": 4}  # bytes of a sample
_PIPE_BYTES = 1 << 16
_LONG = 80  # frames: more than a pipe holds


def cases(good: Subject) -> Iterator[Case]:
    yield from _paths()
    yield from _full()
    yield from _limited()
    yield from _side_files()


def reader_cases(good: Subject) -> Iterator[Case]:
    """Readers that end after some bytes: ReaderGone."""
    chance = random.Random("readers")
    for _ in range(26):
        for form, sample_bytes in _FORMS.items():
            most = _LONG * FRAME * sample_bytes - 2 * _PIPE_BYTES
            wanted = chance.choice([0, 1, 44, 45, chance.randrange(most), chance.randrange(most)])
            yield _gone(("-o", "-", "--format", form), f"reads {wanted}", form)
        yield _gone(("--speaker",), f"reads {chance.randrange(most)}", "f32le")
        wanted = chance.randrange(_LONG * FRAME * 2 - 2 * _PIPE_BYTES)
        yield _gone(("-o", "fifo"), f"fifo {wanted}", "wav", lambda f: os.mkfifo(f / "fifo"))


def _gone(
    flags: tuple[str, ...], stdout: str, form: str, make: Callable[[Path], None] | None = None
) -> Case:
    speak = {"max_frames": _LONG}
    return Case(
        f"a reader of {form} {stdout}",
        "ReaderGone",
        speak=speak,
        flags=flags,
        prepare=make,
        python=False,
        output="",
        form=form,
        stdout=stdout,
    )


def _bad(
    kind: str,
    path: str,
    form: str = "wav",
    make: Callable[[Path], None] | None = None,
    flags: tuple[str, ...] = (),
) -> Case:
    files = {"file": b"x", "folder/x": b"x"}
    return Case(
        kind, "OutputIO", files, flags=flags, prepare=make, python=False, output=path, form=form
    )


def _paths() -> Iterator[Case]:
    for form in _FORMS:
        yield _bad("no such folder", "nowhere/a.wav", form)
        yield _bad("no such folder", "/nowhere/a.wav", form)
        yield _bad("a folder", ".", form)
        yield _bad("a folder", "folder", form)
        yield _bad("a folder", "folder/", form)
        yield _bad("a folder", "new/", form)
        yield _bad("below a file", "file/a.wav", form)
        yield _bad("a name of 256 characters", "a" * 256, form)
        yield _bad("a path of 5,000 characters", "folder/../" * 500 + "a.wav", form)
        yield _bad("no file there ever", "/proc/a.wav", form)
        yield _bad("no file there ever", "/proc/self/fd/99", form)
        yield _bad("a link to itself", "a.wav", form, lambda f: (f / "a.wav").symlink_to("a.wav"))
        yield _bad("a device without room", "/dev/full", form)


def _full() -> Iterator[Case]:
    for form in _FORMS:
        for stdout in ("full", "closed"):
            for chunk in (0, 1, 3):
                flags = ("-o", "-", "--format", form, "--chunk-frames", str(chunk))
                yield Case(
                    f"standard output {stdout}",
                    "OutputIO",
                    flags=flags,
                    python=False,
                    output="",
                    form=form,
                    stdout=stdout,
                )


def _limited() -> Iterator[Case]:
    """A disk that is full after some bytes, with and without an older file there."""
    chance = random.Random("limits")
    for index in range(120):
        form, sample_bytes = list(_FORMS.items())[index % 3]
        whole = FRAMES * FRAME * sample_bytes
        limit = chance.choice([0, 1, 43, 44, 45, whole - 1, *(chance.randrange(whole),) * 6])
        files = {"out.wav": b"an older file"} if index % 2 else {}
        yield Case(
            f"room for {limit} bytes of {form}",
            "OutputIO",
            files,
            python=False,
            form=form,
            file_limit=limit,
        )


def _side_files() -> Iterator[Case]:
    for flag in ("--stats-json", "--trace-json"):
        for path in ("nowhere/s.json", ".", "folder", "file/s.json", "a" * 256, "/proc/s.json"):
            yield _bad(f"{flag} {path[:20]}", "out.wav", flags=(flag, path))
