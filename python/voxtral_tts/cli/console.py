"""What goes to standard error, and how signals and errors end the program."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from voxtral_tts.errors import SpeechWarning
from voxtral_tts.speech import Speech

_UPDATE_S = 0.1


class Terminated(KeyboardInterrupt):
    """SIGTERM, raised where SIGINT would be."""


def print_line(text: str) -> None:
    """One line on standard error; control characters of names and texts become '?'."""
    shown = "".join(char if char.isprintable() else "?" for char in text)
    print(shown, file=sys.stderr, flush=True)


def set_up_logging(*, verbose: bool, quiet: bool) -> None:
    """The package's messages as lines: warnings, or everything, or nothing.

    ``$VOXTRAL_TTS_LOG`` names another level, as it does in every program.
    """
    handler = logging.StreamHandler()
    handler.emit = lambda record: print_line(  # type: ignore[method-assign]
        f"{record.levelname.lower()}: {record.getMessage()}"
    )
    logger = logging.getLogger("voxtral_tts")
    logger.handlers = [handler]
    logger.propagate = False
    wanted = os.environ.get("VOXTRAL_TTS_LOG", "").upper()
    default = wanted if wanted in ("DEBUG", "INFO", "WARNING", "ERROR") else "WARNING"
    logger.setLevel("DEBUG" if verbose else "ERROR" if quiet else default)


@contextmanager
def signals_raised() -> Iterator[None]:
    """SIGTERM raises as SIGINT does; a second signal ends the process at once."""
    has_come = False

    def on_signal(number: int, _frame: FrameType | None) -> None:
        nonlocal has_come
        if has_come:
            with suppress(OSError):
                os.write(2, b"error: Interrupted: stopped at once\n")
            os._exit(128 + number)
        has_come = True
        raise Terminated if number == signal.SIGTERM else KeyboardInterrupt

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, on_signal) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def signal_exit(interrupt: KeyboardInterrupt) -> tuple[str, int]:
    """The signal's name and the exit code for it."""
    number = signal.SIGTERM if isinstance(interrupt, Terminated) else signal.SIGINT
    return number.name, 128 + number


@contextmanager
def warnings_as_lines(*, before_line: str = "") -> Iterator[None]:
    """Speech warnings on standard error, one line each."""

    def show(message: Warning | str, *_: object, **__: object) -> None:
        sys.stderr.write(before_line)
        print_line(f"warning: {message}")

    with warnings.catch_warnings():
        warnings.simplefilter("always", SpeechWarning)
        warnings.showwarning = show
        yield


class Progress:
    """A line on a terminal that says how far a speech is; nothing elsewhere.

    ``characters`` is the length of the text, None while it is still coming.
    """

    CLEAR = "\r\033[K"

    def __init__(self, *, enabled: bool, characters: int | None = None) -> None:
        self.is_enabled = enabled and sys.stderr.isatty()
        self._characters = characters
        self._started = time.monotonic()
        self._shown = 0.0
        self._spoken = 0  # characters, until the last segment's end, and when that was
        self._spoken_s = 0.0

    def update(self, speech: Speech) -> None:
        now = time.monotonic()
        if self.is_enabled and now - self._shown >= _UPDATE_S:
            self._shown = now
            sys.stderr.write(self.CLEAR + self.line(speech, now - self._started))
            sys.stderr.flush()

    def line(self, speech: Speech, elapsed_s: float) -> str:
        """Percent, length, and the time left at the pace so far."""
        stats = speech.stats
        parts = [f"{_clock(stats.audio_seconds)} of audio", f"RTF {stats.rtf:.2f}"]
        if self._characters:
            if speech.spoken_characters != self._spoken:
                self._spoken, self._spoken_s = speech.spoken_characters, elapsed_s
            share = min(self._spoken / self._characters, 1.0)
            parts.insert(0, f"{share:4.0%}")
            if 0 < share < 1:
                parts.append(f"{_clock(max(self._spoken_s / share - elapsed_s, 0))} left")
        return ", ".join(parts)

    def clear(self) -> None:
        if self.is_enabled:
            sys.stderr.write(self.CLEAR)
            sys.stderr.flush()


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
