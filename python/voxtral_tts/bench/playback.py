"""A player that is fed by an utterance's chunks, simulated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Playback(NamedTuple):
    underruns: int  # times the player ran dry
    gap_ms: float  # silence in all
    prebuffer_ms: float  # wait before starting that would have avoided every gap


def simulate(chunks: Sequence[tuple[float, float]]) -> Playback:
    """`chunks`: when each came out and how long it plays, in ms; played from the first one on."""
    if not chunks:
        return Playback(0, 0.0, 0.0)
    start = chunks[0][0]
    underruns, gap, needed = 0, 0.0, 0.0
    played_until, sound_before = start, 0.0
    for arrival, duration in chunks:
        if arrival > played_until:
            underruns += 1
            gap += arrival - played_until
            played_until = arrival
        # Without gaps it would be due once all sound before it has been played.
        needed = max(needed, arrival - start - sound_before)
        played_until += duration
        sound_before += duration
    return Playback(underruns, gap, needed)
