"""A picture of a sound's frequencies over time, in bounded memory for a sound of any length."""

from __future__ import annotations

import importlib
import io
import os
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from voxtral_tts.errors import UsageError
from voxtral_tts.files import replace_file
from voxtral_tts.samples import as_samples

_WINDOW = 1024  # samples of one spectrum: 43 ms at 24 kHz
_HOP = 256
_MOST_COLUMNS = 4096
_RANGE_DB = 80.0  # below the loudest


class Spectrogram:
    """Takes samples as they come. Where columns become too many, neighbours are averaged.

    Raises ``UsageError`` where matplotlib is missing.
    """

    def __init__(self, sample_rate: int = 24000) -> None:
        self._matplotlib()
        self._rate = sample_rate
        self._window = np.hanning(_WINDOW).astype(np.float32)
        self._left = np.zeros(0, np.float32)  # samples that the next spectra begin with
        self._columns: list[NDArray[np.float32]] = []  # power, each of _hops spectra
        self._hops = 1
        self._pending = np.zeros(_WINDOW // 2 + 1, np.float32)  # sum of spectra so far
        self._pending_hops = 0
        self._samples = 0

    def write(self, samples: ArrayLike) -> None:
        """Samples (n,) as ``as_samples`` takes them."""
        added = as_samples(samples)
        self._samples += len(added)
        self._left = np.concatenate([self._left, added])
        while len(self._left) >= _WINDOW:
            spectrum = np.fft.rfft(self._left[:_WINDOW] * self._window)
            self._add((spectrum.real**2 + spectrum.imag**2).astype(np.float32))
            self._left = self._left[_HOP:]

    def image(self) -> NDArray[np.float32]:
        """(513 frequencies, columns) in dB below the loudest, at least -80."""
        if not self._columns:
            return np.full((_WINDOW // 2 + 1, 1), -_RANGE_DB, np.float32)
        power = np.stack(self._columns, axis=1)
        decibels = 10 * np.log10(np.maximum(power / max(power.max(), 1e-12), 1e-12))
        image: NDArray[np.float32] = np.maximum(decibels, -_RANGE_DB).astype(np.float32)
        return image

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes a PNG, whole or not at all. Raises ``OutputError``."""
        replace_file(path, self.png())

    def png(self) -> bytes:
        """The picture as a PNG file's content."""
        figures = self._matplotlib()
        figure = figures.Figure(figsize=(12, 4), dpi=100, layout="constrained")
        axes = figure.add_subplot()
        extent = (0, max(self._samples, 1) / self._rate, 0, self._rate / 2000)
        picture = axes.imshow(
            self.image(), origin="lower", aspect="auto", extent=extent, cmap="magma"
        )
        axes.set_xlabel("seconds")
        axes.set_ylabel("kHz")
        figure.colorbar(picture, label="dB")
        content = io.BytesIO()
        figure.savefig(content, format="png")
        return content.getvalue()

    def _add(self, power: NDArray[np.float32]) -> None:
        self._pending += power
        self._pending_hops += 1
        if self._pending_hops < self._hops:
            return
        self._columns.append(self._pending / np.float32(self._hops))
        self._pending = np.zeros_like(self._pending)
        self._pending_hops = 0
        if len(self._columns) == _MOST_COLUMNS:
            pairs = zip(self._columns[::2], self._columns[1::2], strict=True)
            self._columns = [(one + other) * np.float32(0.5) for one, other in pairs]
            self._hops *= 2

    @staticmethod
    def _matplotlib() -> Any:
        try:
            return importlib.import_module("matplotlib.figure")
        except ImportError as error:
            raise UsageError(
                "a spectrogram needs matplotlib: pip install 'voxtral_tts[plot]'"
            ) from error
