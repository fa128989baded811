"""The runner's random numbers, so that Python and C++ draw the same noise from the same seed.

xorshift64* (Vigna, 2014) seeded through one splitmix64 step; normals by Box and Muller, in double.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15  # 2^64 / golden ratio
_GUMBEL_SALT = 0xA5A5A5A55A5A5A5A  # keeps the Gumbel stream apart from the normal one


class Generator:
    """A stream of 64-bit words determined by a 64-bit seed."""

    def __init__(self, seed: int) -> None:
        z = ((seed & _MASK) + _GOLDEN) & _MASK
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        self._state = (z ^ (z >> 31)) or _GOLDEN

    def next_u64(self) -> int:
        x = self._state
        x ^= x >> 12
        x ^= (x << 25) & _MASK
        x ^= x >> 27
        self._state = x
        return (x * 0x2545F4914F6CDD1D) & _MASK

    def uniform(self) -> float:
        """In the open interval (0, 1)."""
        return ((self.next_u64() >> 11) + 0.5) * 2.0**-53


def normals(seed: int) -> Iterator[float]:
    """Standard normals, two from each pair of uniforms: the cosine branch, then the sine branch."""
    generator = Generator(seed)
    while True:
        radius = math.sqrt(-2.0 * math.log(generator.uniform()))
        angle = 2.0 * math.pi * generator.uniform()
        yield radius * math.cos(angle)
        yield radius * math.sin(angle)


def gumbels(seed: int) -> Iterator[float]:
    """Standard Gumbel values, -ln(-ln u)."""
    generator = Generator(seed ^ _GUMBEL_SALT)
    while True:
        yield -math.log(-math.log(generator.uniform()))


def normal_frames(seed: int, frames: int, n_acoustic: int = 36) -> NDArray[np.float32]:
    """The start points of the flow, [frames, n_acoustic], drawn row after row."""
    stream = normals(seed)
    flat = np.fromiter((next(stream) for _ in range(frames * n_acoustic)), dtype=np.float64)
    return flat.astype(np.float32).reshape(frames, n_acoustic)


def gumbel_frames(seed: int, frames: int, n_logits: int) -> NDArray[np.float32]:
    """What is added to the logits at temperature 1, [frames, n_logits]."""
    stream = gumbels(seed)
    flat = np.fromiter((next(stream) for _ in range(frames * n_logits)), dtype=np.float64)
    return flat.astype(np.float32).reshape(frames, n_logits)
