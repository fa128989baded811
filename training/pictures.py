"""Spectrograms of the same sentence, said in several ways, one above the other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from .arrays import Floats
from .features import COLUMNS, LogMel
from .vocoder import FRAME

_WIDTH, _ROW = 9.0, 1.9  # inches
_RANGE = (-8.0, -1.0)  # natural logarithm of amplitude


def plot_spectrograms(ways: Mapping[str, Floats], title: str, output: Path) -> None:
    """name -> samples at 24 kHz; log-mel amplitude, 40 Hz to 8 kHz"""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    log_mel = LogMel()
    figure, axes = pyplot.subplots(
        len(ways), 1, figsize=(_WIDTH, _ROW * len(ways)), sharex=True, squeeze=False
    )
    for axis, (name, samples) in zip(axes[:, 0], ways.items(), strict=True):
        whole = np.pad(samples, (0, -len(samples) % FRAME)).astype(np.float32)
        mel = log_mel(torch.from_numpy(whole)[None])[0].numpy()
        seconds = len(mel) / COLUMNS * 0.08
        axis.imshow(
            mel.T,
            origin="lower",
            aspect="auto",
            extent=(0, seconds, 0, mel.shape[1]),
            vmin=_RANGE[0],
            vmax=_RANGE[1],
        )
        axis.set_ylabel(name, fontsize=8)
        axis.set_yticks([])
    axes[0, 0].set_title(title, fontsize=9)
    axes[-1, 0].set_xlabel("seconds")
    figure.tight_layout()
    figure.savefig(output, dpi=80)
    pyplot.close(figure)
