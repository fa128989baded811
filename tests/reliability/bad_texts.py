"""Bad texts: rows T4 to T6 of the matrix."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from .case import Case
from .subject import Subject

_ROWS = 1024  # of the tests' export; 5 go to control tokens, 10 to the voice
_ROOM = _ROWS - 5 - 10
_MIB = 1 << 20


def cases(good: Subject) -> Iterator[Case]:
    yield from _files()
    yield from _blank()
    yield from _too_long()
    yield from _malformed()
    yield from _surrogates()


def _blank() -> Iterator[Case]:
    blanks = ["", " ", "\n", "\t", "\r\n", "\v", "\f", " \t\r\n\v\f", " " * 1000, "\n" * 1000]
    chance = random.Random("blank")
    blanks += ["".join(chance.choices(" \t\r\n\v\f", k=k)) for k in range(2, 32)]
    for text in blanks:
        yield Case("blank", "Text", speak={"text": text})


def _too_long() -> Iterator[Case]:
    # A digit is a token of its own, so the number of rows is known.
    for digits in [*range(_ROOM + 1, _ROOM + 31), 2 * _ROOM, 100_000]:
        yield Case(f"{digits} digits", "Text", speak={"text": "7" * digits})
    yield Case("the last that fits", "", speak={"text": "7" * (_ROOM - 6)})
    for size in (_MIB + 1, 2 * _MIB, 8 * _MIB):
        yield Case(f"{size} bytes", "Text", speak={"text": "a" * size})
        yield Case(f"{size} bytes of words", "Text", speak={"text": ("word " * size)[:size]})
        yield Case(f"{size} bytes of marks", "Text", speak={"text": "\u0301" * (size // 2)})


def _files() -> Iterator[Case]:
    def with_file(kind: str, name: str, content: bytes = b"x") -> Case:
        files = {"text.txt": content}
        return Case(kind, "Text", files, flags=("-i", name), python=False)

    for name in ("missing.txt", ".", "text.txt/x", "x" * 300, "nowhere/x", "\udcff"):
        yield with_file("text file", name)
    yield with_file("an empty file", "text.txt", b"")
    yield with_file("a line ending", "text.txt", b"\r\n")
    yield with_file("a file too long", "text.txt", b"a" * (_MIB + 1))
    yield with_file("a file of zeros and ones", "text.txt", bytes(range(256)))
    flags = ("-i", "text.txt")
    yield Case(
        "a link to itself",
        "Text",
        flags=flags,
        python=False,
        prepare=lambda folder: Path(folder / "text.txt").symlink_to("text.txt"),
    )
    for text in ("", " ", "\t\n"):
        yield Case("blank --text", "Text", flags=("--text", text), python=False)


def malformed_sequences() -> list[bytes]:
    """Every class of Unicode's table 3-7 that is not well-formed UTF-8."""
    stray = [bytes([byte]) for byte in range(0x80, 0xC0, 3)]
    never = [bytes([byte]) for byte in (0xC0, 0xC1, *range(0xF5, 0x100))]
    overlong = [bytes([lead, tail]) for lead in (0xC0, 0xC1) for tail in (0x80, 0xAF, 0xBF)]
    overlong += [bytes([0xE0, second, 0x80]) for second in range(0x80, 0xA0, 5)]
    overlong += [bytes([0xF0, second, 0x80, 0x80]) for second in range(0x80, 0x90, 3)]
    surrogates = [bytes([0xED, second, 0x80]) for second in range(0xA0, 0xC0, 4)]
    beyond = [bytes([0xF4, second, 0x80, 0x80]) for second in range(0x90, 0xC0, 6)]
    good = ["é", "ا", "€", "한", "😀", "\U0010ffff"]
    broken = [text.encode()[:end] for text in good for end in range(1, len(text.encode()))]
    return [*stray, *never, *overlong, *surrogates, *beyond, *broken]


def _malformed() -> Iterator[Case]:
    for sequence in malformed_sequences():
        for before, after in ((b"", b""), (b"Hello ", b" there."), (b"", b"Hi."), (b"caf", b"")):
            yield Case(
                f"UTF-8 {sequence.hex()}", "Text", text=before + sequence + after, python=False
            )


def _surrogates() -> Iterator[Case]:
    """What Python can hold and UTF-8 cannot; the command line gets the bytes they stand for."""
    chance = random.Random("surrogates")
    for _ in range(60):
        letters = list("The weather is fine.")
        letters.insert(chance.randrange(len(letters)), chr(chance.randrange(0xDC80, 0xDD00)))
        yield Case("a lone surrogate", "Text", speak={"text": "".join(letters)})
