"""The jobs of a batch: one JSON object per line, read strictly and a line at a time."""

from __future__ import annotations

import hashlib
import json
import math
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, BinaryIO, Self

from voxtral_tts.errors import UsageError
from voxtral_tts.formats import FORMATS, check_rate
from voxtral_tts.voices import LANGUAGES

# Bytes. A book has a few million characters, each six bytes where it is escaped.
MAX_LINE = 16 << 20
# Bytes of UTF-8, so that the name of the audio file and of a temporary one beside it stay below
# the 255 of every file system.
MAX_ID = 200
_NOT_IN_NAMES = '/\\:*?"<>|'


def _text(value: Any) -> bool:
    return isinstance(value, str) and not any("\ud800" <= sign <= "\udfff" for sign in value)


def _name(value: Any) -> bool:
    return _text(value) and bool(value) and "\0" not in value


def _integer(low: int, high: int) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and low <= value <= high


def _number(low: float, high: float) -> Callable[[Any], bool]:
    return lambda value: (
        type(value) in (int, float) and math.isfinite(value) and low <= value <= high
    )


# What each member has to be, in words and as a test.
_KINDS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "text": ("a string of valid Unicode", _text),
    "voice": ("a voice's name or file", _name),
    "language": (
        f"one of {', '.join(LANGUAGES)}",
        lambda value: _name(value) and value in LANGUAGES,
    ),
    "seed": ("an integer from 0 to 2^64-1", _integer(0, 2**64 - 1)),
    "format": (f"one of {', '.join(FORMATS)}", lambda value: _name(value) and value in FORMATS),
    "sample_rate": ("an integer from 1000 to 384000, in Hz", _integer(1000, 384000)),
    "normalize": ("true or false", lambda value: type(value) is bool),
    "temperature": ("a number from 0 to 100", _number(0, 100)),
    "cfg_alpha": ("a number from -100 to 100", _number(-100, 100)),
    "max_frames": ("an integer from 1 to 2^31-1", _integer(1, 2**31 - 1)),
}


@dataclass(frozen=True, slots=True)
class Job:
    """A text to be spoken into a file; None is the model's, or the voice's, own choice.

    Raises ``UsageError`` for a member of the wrong type or out of its range.
    """

    id: str  # names the audio file
    text: str
    voice: str | None = None
    language: str | None = None
    seed: int = 42
    format: str = "wav"
    sample_rate: int | None = None  # Hz
    normalize: bool = True
    temperature: float = 0.0
    cfg_alpha: float | None = None
    max_frames: int | None = None  # of 80 ms

    def __post_init__(self) -> None:
        check_id(self.id)
        for field in fields(self)[1:]:
            value = getattr(self, field.name)
            kind, is_valid = _KINDS[field.name]
            if not is_valid(value) and not (value is None and field.default is None):
                raise UsageError(f"{field.name} has to be {kind}, not {_shown(value)}")
        if self.sample_rate is not None:
            check_rate(FORMATS[self.format], self.sample_rate)

    @classmethod
    def from_mapping(cls, members: Mapping[str, Any], defaults: Mapping[str, Any]) -> Self:
        """A job of ``members``; None and what is absent is taken from ``defaults``.

        Raises ``UsageError``, also for a member that a job does not have.
        """
        for name in members:
            if name not in MEMBERS:
                raise UsageError(f"unknown key {_shown(name)}; a job has {', '.join(MEMBERS)}")
        for name in ("id", "text"):
            if members.get(name) is None:
                raise UsageError(f"{name} is missing")
        given = {name: value for name, value in members.items() if value is not None}
        return cls(**{**defaults, **given})

    @property
    def audio_name(self) -> str:
        return f"{self.id}{FORMATS[self.format].extension}"

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


MEMBERS = tuple(field.name for field in fields(Job))


def check_id(value: Any) -> None:
    """Whether it may name a file, here and on another system. Raises ``UsageError``."""
    if not isinstance(value, str):
        raise UsageError(f"id has to be a string, not {_shown(value)}")
    if not 0 < len(value.encode(errors="surrogatepass")) <= MAX_ID:
        raise UsageError(f"id has to have from 1 to {MAX_ID} bytes of UTF-8")
    # Categories C: control and formatting characters, surrogates, what is not assigned.
    for sign in value:
        if sign in _NOT_IN_NAMES or unicodedata.category(sign).startswith("C"):
            raise UsageError(f"id {_shown(value)} has {_shown(sign)}, which no file name may have")
    if value[0] in ".- " or value[-1] in ". ":
        raise UsageError(
            f"id {_shown(value)}: a file name cannot begin with '.', '-' or a space, "
            "or end with '.' or a space"
        )


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is no job."""

    line: int  # from 1
    id: str | None  # where it has one
    message: str
    sha256: str  # of its bytes, of the first MAX_LINE where it is longer


def read_jobs(file: BinaryIO, defaults: Mapping[str, Any]) -> Iterator[Job | BadLine]:
    """Every line of ``file`` that is not blank, as a job or as what is wrong with it.

    ``defaults`` has members that apply where a line has none. Holds one line at a time, and
    the ids: one that differs from an earlier one in case only would name the same file on some
    systems, and is refused.
    """
    seen: dict[str, int] = {}
    number = 0
    while line := file.readline(MAX_LINE + 1):
        number += 1
        is_too_long = len(line) > MAX_LINE
        rest = line
        while is_too_long and rest and not rest.endswith(b"\n"):
            rest = file.readline(MAX_LINE)
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        if not line.strip():
            continue
        members: dict[str, Any] = {}
        try:
            if is_too_long:
                raise UsageError(f"longer than {MAX_LINE} bytes")
            members = _parse(line)
            job = Job.from_mapping(members, defaults)
            folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", job.id).casefold())
            if (first := seen.setdefault(folded, number)) != number:
                raise UsageError(f"id {_shown(job.id)} is that of line {first} already")
        except UsageError as error:
            name = members.get("id")
            name = name if _text(name) else None
            yield BadLine(number, name, str(error), hashlib.sha256(line[:MAX_LINE]).hexdigest())
        else:
            yield job


def _parse(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(
            line.decode(), object_pairs_hook=_unique_keys, parse_constant=_refuse_constant
        )
    except UnicodeDecodeError as error:
        raise UsageError(f"not valid UTF-8: byte {error.start}") from error
    except RecursionError as error:
        raise UsageError("not a JSON object: nested too deeply") from error
    except json.JSONDecodeError as error:
        raise UsageError(
            f"not valid JSON: {error.msg}, character {error.pos}; a job is a line such as "
            '{"id": "one", "text": "Hello."}'
        ) from error
    except UsageError:
        raise
    except ValueError as error:  # an integer of thousands of digits
        raise UsageError(f"not valid JSON: {error}") from error
    if not isinstance(value, dict):
        raise UsageError(f"not a JSON object: {_shown(value)}")
    return value


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise UsageError("a key is there twice")
    return members


def _refuse_constant(name: str) -> None:
    raise UsageError(f"{name} is not valid JSON")


def _shown(value: Any) -> str:
    shown = json.dumps(value, default=repr)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
