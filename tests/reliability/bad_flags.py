"""Bad flags and arguments (rows N2 and V6 of the matrix), and a runner that is busy."""

from __future__ import annotations

import random
from collections.abc import Iterator

from .case import Case
from .subject import Subject

_NO_INTEGERS = (
    "",
    "x",
    "1.5",
    "1e3",
    " 1",
    "1 ",
    "0x10",
    "1,000",
    "--",
    "nan",
    "inf",
    "1_000",
    "½",
)
_INTEGERS = {  # flag -> values beyond its range, as --help and docs/python.md give it
    "threads": (-1, 1025, 2**31, 2**64, 10**30),
    "seed": (-1, 2**64, 2**65, -(2**63), 10**30),
    "flow_steps": (0, -1, 1, 3, 64, 65, 2**31, 2**63),
    "max_frames": (0, -1, -3, 2**31, 2**63, 2**64),
    "max_new_tokens": (0, -1, 2**31, 2**63, 2**64),
    "chunk_frames": (-1, 33, 100_000, 2**31 - 1, 2**31, 2**63),
}
_NO_FLOATS = (
    "",
    "x",
    "nan",
    "NaN",
    "inf",
    "-inf",
    "1,5",
    "1e",
    "1e39",
    "-1e39",
    " 1",
    "1 ",
    "1.5.2",
)
_FLOATS = {  # the same for numbers with a point
    "temperature": (-1.0, -0.001, 100.001, 101.0, 1e30, 3e38),
    "cfg_alpha": (-100.001, 100.001, 101.0, 1e30, -1e30, 3e38),
}
_CHOICES = ("", "x", "WAV", "GPU", "Disk", "mp3", "tpu", "none", "auto,cpu", "wav ", "flac", "0")
_FLAGS = ("--voice", "--seed", "--model", "--text", "--format", "--output", "--stats-json")


def cases(good: Subject) -> Iterator[Case]:
    yield from _numbers()
    yield from _flags()
    yield from _combinations()
    yield from _python_arguments()
    yield from _random_words()


def busy_cases(good: Subject) -> Iterator[Case]:
    """A second utterance after each chunk of a first one, from this and from another thread."""
    for round_number in range(16):
        speaks = ({}, {"text": ""}, {"seed": round_number}, {"voice": "nobody"})
        for chunks in range(4):
            for flags in ((), ("thread",)):
                speak = speaks[(round_number + chunks) % 4]
                yield Case("busy", "Busy", speak=speak, flags=flags, command=False, busy=chunks)


def _command(*flags: str, **more: object) -> Case:
    return Case("flags", "Usage", flags=flags, python=False, **more)  # type: ignore[arg-type]


def _numbers() -> Iterator[Case]:
    for name, values in _INTEGERS.items():
        flag = f"--{name.replace('_', '-')}"
        for value in (*_NO_INTEGERS, *values):
            yield _command(flag, str(value))
    for name, numbers in _FLOATS.items():
        for number in (*_NO_FLOATS, *numbers):
            yield _command(f"--{name.replace('_', '-')}", str(number))
    for flag in ("--format", "--device", "--voice-cache"):
        for choice in _CHOICES:
            yield _command(flag, choice, output="")
    yield _command("--device", "gpu")


def _flags() -> Iterator[Case]:
    for flag in ("--unknown", "-z", "--texts", "--mode", "--Voice", "--no-streaming", "--help-all"):
        yield _command(flag)
        yield _command(flag, "x")
        yield _command(f"{flag}=x")
    for words in (("Hello.",), ("Hello.", "there."), ("text.txt",), ("0",)):
        yield _command(*words)
    for flag in _FLAGS:
        yield _command(flag, output="")  # its value is missing
    for flag in ("--streaming", "--quiet", "--speaker", "--verbose", "--list-voices"):
        yield _command(f"{flag}=x", output="")
    for flag in ("--voice", "--output", "--text-file", "--stats-json", "--trace-json"):
        yield _command(flag, "", output="")
        yield _command(f"{flag}=", output="")
    for name in ("model", "codec", "tokenizer", "voices"):
        yield Case(f"no {name}", "Usage", load={name: ""}, python=False)
    for action in (("--stats-json", "-"), ("--stats-json", "out.wav")):
        yield _command(*action)


def _combinations() -> Iterator[Case]:
    both = [
        ("--text", "a", "--text-file", "b"),
        ("-t", "a", "-i", "b"),
        ("--text", "-", "-i", "-"),
        ("--max-frames", "3", "--max-new-tokens", "3"),
        ("--quiet", "--verbose"),
        ("-q", "--verbose"),
    ]
    for flags in both:
        yield _command(*flags)
    yield _command("--speaker")  # besides the harness's own --output
    yield _command("--speaker", "-o", "x.wav", output="")
    yield _command("--speaker", "--format", "wav", output="")
    for form in ("wav", "s16le", "f32le"):
        yield _command("-o", "-", "--format", form, output="", stdout="terminal")
    yield _command("--speaker", output="", stdout="terminal")


def _python_arguments() -> Iterator[Case]:
    """The same ranges through Python; a wrong type is a TypeError and not asked here."""
    for name in ("seed", "flow_steps", "max_frames", "chunk_frames"):
        for value in _INTEGERS[name]:
            yield Case(f"argument {name}", "Usage", speak={name: value}, command=False)
    for name, values in _FLOATS.items():
        for number in (*values, float("nan"), float("inf"), float("-inf"), 1e300):
            yield Case(f"argument {name}", "Usage", speak={name: number}, command=False)
    load = {"device": ("", "tpu", "GPU"), "voice_cache": ("", "ram", "Disk")}
    for name, choices in load.items():
        for choice in choices:
            yield Case(f"argument {name}", "Usage", load={name: choice}, command=False)


def _random_words() -> Iterator[Case]:
    """Words that begin no number, in place of one."""
    chance = random.Random("words")
    flags = ["--seed", "--threads", "--max-frames", "--chunk-frames", "--temperature"]
    for _ in range(120):
        word = chance.choice("abcdgkx#!@$%&*(){}=?<>|~^:;é") + "".join(
            chance.choices("0123456789abcdef.+-eE xX", k=chance.randrange(8))
        )
        yield _command(chance.choice(flags), word)
