"""Writes tests/data/golden/rng_seed42.json: the oracle of support/rng.h.

Restates the specification in Python integers and NumPy doubles, independently
of the C++ code. Run: python tests/golden/generate_rng.py
"""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

U64 = 2**64 - 1
GAMMA = 0x9E3779B97F4A7C15
OUTPUT = Path(__file__).parents[1] / "data" / "golden" / "rng_seed42.json"


def uniforms(seed: int) -> Iterator[float]:
    """Yields the centres of 2**53 cells of (0, 1), by splitmix64 and xorshift64*."""
    z = (seed + GAMMA) & U64
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & U64
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & U64
    x = (z ^ (z >> 31)) or GAMMA
    while True:
        x ^= x >> 12
        x ^= (x << 25) & U64
        x ^= x >> 27
        yield (((x * 0x2545F4914F6CDD1D) & U64) >> 11) * 2.0**-53 + 2.0**-54


def normals(seed: int, count: int) -> list[float]:
    stream = uniforms(seed)
    values: list[np.float32] = []
    while len(values) < count:
        u1, u2 = next(stream), next(stream)
        radius, angle = np.sqrt(-2 * np.log(u1)), 2 * np.pi * u2
        values += [np.float32(radius * np.cos(angle)), np.float32(radius * np.sin(angle))]
    return [float(value) for value in values[:count]]


def gumbels(seed: int, count: int) -> list[float]:
    stream = uniforms(seed ^ 0xA5A5A5A55A5A5A5A)
    return [float(np.float32(-np.log(-np.log(next(stream))))) for _ in range(count)]


def main() -> None:
    cases = [
        {"seed": str(seed), "normal": normals(seed, 72), "gumbel": gumbels(seed, 16)}
        for seed in (0, 42, U64)
    ]
    # float() of a float32 prints with enough digits to read the same float32 back.
    OUTPUT.write_text(json.dumps(cases, indent=1) + "\n")


if __name__ == "__main__":
    main()
