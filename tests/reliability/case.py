"""A bad input, and what running it may and must do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from command_line import TEXT, wav_samples

from .runs import Outcome
from .subject import FRAMES, TIME_LIMIT_S, Subject, as_flags

# The error model of docs/cli.md.
EXIT_CODES = {
    "": 0,
    "Usage": 2,
    "ModelLoad": 3,
    "ModelMismatch": 4,
    "Tokenizer": 5,
    "Voice": 6,
    "Text": 7,
    "OutputIO": 8,
    "Numeric": 9,
    "Busy": 11,
    "ReaderGone": 13,
}
_FLOAT_BYTES = {"wav": 2, "s16le": 2, "f32le": 4}


class Case(NamedTuple):
    """One bad input; `error` is the class that docs/cli.md has for it, "" for a good one.

    `load` and `speak` are keywords of voxtral_tts.Runner and Runner.synthesize, and flags of the
    command line; paths are relative to the folder that `files` and `prepare` fill.
    """

    kind: str
    error: str
    files: Mapping[str, bytes | Callable[[], bytes]] = {}  # large ones are made when needed
    load: Mapping[str, str] = {}
    speak: Mapping[str, Any] = {}
    flags: tuple[str, ...] = ()  # for the command line alone
    text: bytes | None = None  # likewise: bytes that are no str
    prepare: Callable[[Path], None] | None = None
    python: bool = True  # whether Python can be asked the same
    command: bool = True  # whether the command line can
    output: str = "out.wav"  # "" when `flags` say where the audio goes
    form: str = "wav"
    stdout: str = "pipe"  # or what runs.py has in its place
    file_limit: int | None = None  # bytes that a file may have
    busy: int | None = None  # chunks that another stream has given meanwhile


def command_of(case: Case, good: Subject) -> list[str]:
    """The case's command line; the text comes from standard input."""
    options = {**good.files, "threads": 1, "max_frames": FRAMES, **case.load, **case.speak}
    options.pop("text", None)
    given = {flag[2:].replace("-", "_") for flag in case.flags}
    if "max_new_tokens" in given:
        given.add("max_frames")
    flags = as_flags({name: value for name, value in options.items() if name not in given})
    output = ["-o", case.output, "--format", case.form] if case.output else []
    return [str(good.binary), *flags, *output, *case.flags]


def text_of(case: Case) -> bytes:
    text: str = case.speak.get("text", TEXT)
    return text.encode("utf-8", "surrogateescape") if case.text is None else case.text


def listing(folder: Path) -> dict[str, bytes | None]:
    """Name to content; None for what is no regular file."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        if path.is_file() and not path.is_symlink() and path.stat().st_size < 1 << 24
        else None
        for path in sorted(folder.rglob("*"))
    }


def problems_of(
    case: Case, outcome: Outcome, folder: Path, before: Mapping[str, bytes | None]
) -> list[str]:
    """Every promise that this run has broken."""
    found = []
    if outcome.code != EXIT_CODES[case.error]:
        found.append(f"exit code {outcome.code}, expected {EXIT_CODES[case.error]}")
    lines = outcome.stderr.decode(errors="replace").splitlines()
    errors = [line for line in lines if line.startswith("error: ")]
    if len(errors) != (1 if case.error else 0):
        found.append(f"{len(errors)} error lines")
    elif errors and not errors[0].startswith(f"error: {case.error}: "):
        found.append(f"class: {errors[0][:120]}")
    sample_bytes = _FLOAT_BYTES[case.form]
    if case.stdout == "pipe" and len(outcome.stdout) % sample_bytes != 0:
        found.append(f"{len(outcome.stdout)} bytes on standard output")
    if case.stdout == "pipe" and case.error and outcome.stdout:
        found.append("audio on standard output before a failure")
    if outcome.seconds > TIME_LIMIT_S:
        found.append(f"took {outcome.seconds:.1f} s")
    return found + _files_problems(case, folder, before)


def _files_problems(case: Case, folder: Path, before: Mapping[str, bytes | None]) -> list[str]:
    after = listing(folder)
    left = sorted(set(after) - set(before) - {case.output})
    found = [f"left behind: {', '.join(left)}"] if left else []
    found += [f"{name} changed" for name in before if after.get(name, b"") != before[name]
              and name != case.output]  # fmt: skip
    content = after.get(case.output)
    if content is None or content == before.get(case.output):
        return found
    if case.form != "wav":
        whole = len(content) % _FLOAT_BYTES[case.form] == 0 and content
        return found if whole else [*found, f"half a file: {len(content)} bytes"]
    try:
        whole = len(wav_samples(folder / case.output)) > 0
    except Exception as error:
        return [*found, f"half a WAV: {error!r}"]
    return found if whole else [*found, "an empty WAV"]
