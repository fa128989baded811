"""Kinds of audio files and streams, and what they can have."""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from voxtral_tts.errors import UsageError

_MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
_OPUS_RATES = (8000, 12000, 16000, 24000, 48000)
_LOWEST_RATE, _HIGHEST_RATE = 1000, 384000


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of audio file or stream; always mono."""

    name: str
    media_type: str
    extension: str  # with its dot
    needs_soundfile: bool = False
    rates: tuple[int, ...] = ()  # Hz; empty: any


FORMATS: dict[str, Format] = {
    format.name: format
    for format in (
        Format("wav", "audio/wav", ".wav"),  # 16 bits
        Format("pcm", "audio/pcm", ".pcm"),  # 16 bits, little-endian, no header
        Format("flac", "audio/flac", ".flac", needs_soundfile=True),
        Format("mp3", "audio/mpeg", ".mp3", needs_soundfile=True, rates=_MP3_RATES),
        Format("opus", "audio/ogg", ".opus", needs_soundfile=True, rates=_OPUS_RATES),
    )
}
# The command line's names of raw samples; nothing else asks for floats.
_RAW = {"s16le": FORMATS["pcm"], "f32le": Format("f32le", "application/octet-stream", ".f32")}
_SUFFIXES = {format.extension: format for format in (*FORMATS.values(), *_RAW.values())} | {
    ".raw": FORMATS["pcm"],
    ".ogg": FORMATS["opus"],
}


def format_named(name: str) -> Format:
    """The format of that name, ``s16le`` and ``f32le`` included. Raises ``UsageError``."""
    found = FORMATS.get(name) or _RAW.get(name)
    if found is None:
        raise UsageError(f"format '{name}': must be one of {', '.join([*FORMATS, *_RAW])}")
    return found


def format_of(path: str | os.PathLike[str]) -> Format:
    """The format that a path's suffix names; WAV without one. Raises ``UsageError``."""
    suffix = Path(path).suffix.lower() or ".wav"
    if suffix not in _SUFFIXES:
        raise UsageError(
            f"'{os.fspath(path)}': the suffix names no format; end the name with one of "
            f"{', '.join(_SUFFIXES)}, or give the format"
        )
    return _SUFFIXES[suffix]


def check_suffix(path: str | os.PathLike[str], name: str) -> None:
    """Raises ``UsageError`` for a path whose suffix is that of another format of files."""
    named = _SUFFIXES.get(Path(path).suffix.lower())
    is_container = named is not None and named.name in ("wav", "flac", "mp3", "opus")
    if is_container and named != format_named(name):
        raise UsageError(
            f"'{os.fspath(path)}' would hold {name}; change its suffix or leave out the format"
        )


PORTAUDIO = "install its library: apt-get install libportaudio2 (Debian, Ubuntu)"


def optional_module(name: str) -> ModuleType:
    """A module of the extra ``audio``. Raises ``UsageError`` where it is missing or broken."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise UsageError(
            f"the package {name} cannot be imported ({error}): pip install 'voxtral_tts[audio]'"
        ) from error
    except OSError as error:  # PortAudio, which Linux packages of sounddevice do not bring
        raise UsageError(f"the package {name} cannot be used ({error}): {PORTAUDIO}") from error


def check_rate(format: Format, rate: int) -> None:
    """Raises ``UsageError`` for a sample rate, in Hz, that the format cannot have."""
    if format.rates and rate not in format.rates:
        allowed = ", ".join(map(str, format.rates))
        raise UsageError(f"sample rate {rate}: {format.name} has {allowed} Hz only")
    if not _LOWEST_RATE <= rate <= _HIGHEST_RATE:
        raise UsageError(f"sample rate {rate}: must be from {_LOWEST_RATE} to {_HIGHEST_RATE} Hz")
