"""Plays samples while they are being made."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from voxtral_tts.errors import OutputError, UsageError
from voxtral_tts.formats import optional_module
from voxtral_tts.samples import as_samples

START_S = 0.3  # of audio before the first sound, and after a gap: chunks come unevenly
_MOST_S = 30.0  # waiting to be played; whoever makes audio faster waits then


class Player:
    """The default output device, for a ``with`` block that waits until all is played.

    Leaving it by an exception stops at once. Raises ``UsageError`` without the package
    sounddevice, ``OutputError`` without a device and when it goes away.
    """

    def __init__(self, sample_rate: int = 24000) -> None:
        self._sounddevice = optional_module("sounddevice")
        self._rate = sample_rate
        self._pieces: deque[NDArray[np.float32]] = deque()
        self._queued = 0  # samples
        self._is_flowing = False  # else samples are being gathered
        self._has_ended = False
        self._changed = threading.Condition()
        self.gaps = 0  # times that playing had to wait for samples
        self._stream: Any = None

    def __enter__(self) -> Player:
        try:
            self._stream = self._sounddevice.OutputStream(
                samplerate=self._rate, channels=1, dtype="float32", callback=self._fill
            )
            self._stream.start()
        except self._sounddevice.PortAudioError as error:
            raise OutputError(
                f"no sound device can play: {error}; write a file with -o instead"
            ) from error
        return self

    def write(self, samples: ArrayLike) -> None:
        """Samples (n,) as ``as_samples`` takes them; returns at once unless half a minute is
        waiting to be played."""
        if self._stream is None:
            raise UsageError("a Player plays inside its block: with Player() as player")
        piece = np.clip(as_samples(samples), -1, 1)
        with self._changed:
            while self._queued > _MOST_S * self._rate:
                self._wait()
            self._pieces.append(piece)
            self._queued += len(piece)

    def __exit__(self, exc_type: type[BaseException] | None, *_: object) -> None:
        try:
            if exc_type is not None:
                self._stream.abort()
                return
            with self._changed:
                self._has_ended = True
                while self._queued:
                    self._wait()
            self._stream.stop()  # returns when the device has played what it holds
        finally:
            self._stream.close()

    def _wait(self) -> None:
        self._changed.wait(0.1)  # in short, so that Ctrl-C is seen
        if not self._stream.active:
            raise OutputError("the sound device has stopped; write a file with -o instead")

    def _fill(self, out: NDArray[np.float32], count: int, _time: object, _status: object) -> None:
        """The device's thread asks for ``count`` samples, (count, 1)."""
        with self._changed:
            if not self._is_flowing:
                enough = START_S * self._rate
                self._is_flowing = self._has_ended or self._queued >= enough
            filled = self._take(out[:, 0]) if self._is_flowing else 0
            out[filled:] = 0
            if self._is_flowing and filled < count and not self._has_ended:
                self._is_flowing = False
                self.gaps += 1
            self._changed.notify_all()

    def _take(self, out: NDArray[np.float32]) -> int:
        filled = 0
        while self._pieces and filled < len(out):
            piece = self._pieces.popleft()
            used = min(len(piece), len(out) - filled)
            out[filled : filled + used] = piece[:used]
            filled += used
            if used < len(piece):
                self._pieces.appendleft(piece[used:])
        self._queued -= filled
        return filled
