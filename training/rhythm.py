"""Snaps the rhythm of an utterance to the frame grid.

Free timing makes the same word fall differently into the frames each time it is said. Here every
word, and every pause, lasts a whole number of frames and every phone a whole number of units, so
that the model has to learn durations as small integers. Durations change by some percent.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np

from .arrays import Floats, Integers
from .flite import Phone

FRAME_S = 0.08


def snap(phones: Sequence[Phone], unit_s: float) -> tuple[Floats, Floats]:
    """(old, new) times in seconds of all phone boundaries, the first at 0 and the new end whole
    frames; a map of time is what lies linearly between them. `unit_s` divides the frame.
    """
    per_frame = round(FRAME_S / unit_s)
    units: list[int] = []
    old = np.array([0.0, *(phone.end_s for phone in phones)])
    lengths = np.diff(old)
    position = 0
    for word, members in groupby(phones, key=lambda phone: phone.word):
        count = len(list(members))
        part = lengths[position : position + count]
        at_edge = position == 0 or position + count == len(phones)
        frames = max(1, round(float(part.sum()) / FRAME_S))
        if word < 0 and at_edge:
            frames = 1  # the silence around the utterance carries nothing
        total = max(frames, -(-count // per_frame)) * per_frame
        units += list(apportion(part, total))
        position += count
    new = np.concatenate(([0.0], np.cumsum(units) * unit_s))
    return old, new


def apportion(lengths: Floats, total: int) -> Integers:
    """Whole numbers >= 1 in proportion to `lengths` that add up to `total` (largest remainders)."""
    spare = total - len(lengths)
    if spare < 0:
        raise ValueError(f"{total} units for {len(lengths)} phones")
    wanted = np.maximum(lengths * total / lengths.sum() - 1, 0)
    wanted *= spare / max(float(wanted.sum()), 1e-9)
    whole = np.floor(wanted + 1e-9).astype(np.int64)
    order = np.argsort(-(wanted - whole), kind="stable")
    whole[order[: spare - int(whole.sum())]] += 1
    units: Integers = whole + 1
    return units
