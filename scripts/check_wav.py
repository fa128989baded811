"""Says what a recording is like, and fails when it cannot be speech: check_wav.py FILE...

Reads 16-bit mono WAV files and raw 32-bit floats at 24 kHz (*.f32). Prints the duration, the
peak, clipped samples, the share of silence, its longest stretch and not-a-numbers.
"""

from __future__ import annotations

import sys
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE = 24000  # Hz
FULL_SCALE = 32767
SILENT = 1e-3  # of full scale; speech and its noise floor lie above
MOST_CLIPPED = 0.01  # of the samples


@dataclass(frozen=True)
class Figures:
    seconds: float
    peak: float
    clipped: int  # samples at full scale or beyond
    silence: float  # share of the samples below SILENT
    longest_silence: float  # seconds
    not_a_number: int

    def __str__(self) -> str:
        return (
            f"{self.seconds:.2f} s, peak {self.peak:.3f}, {self.clipped} clipped, "
            f"{self.silence:.1%} silence (longest {self.longest_silence:.2f} s), "
            f"{self.not_a_number} NaN"
        )


def samples_of(path: Path) -> NDArray[np.float32]:
    if path.suffix == ".f32":
        return np.frombuffer(path.read_bytes(), "<f4")
    with wave.open(str(path)) as file:
        if file.getparams()[:3] != (1, 2, RATE):
            raise SystemExit(f"error: {path}: not mono, 16 bit, {RATE} Hz: {file.getparams()}")
        frames = file.readframes(file.getnframes())
    return np.frombuffer(frames, "<i2").astype(np.float32) / FULL_SCALE


def figures(samples: NDArray[np.float32]) -> Figures:
    bad = ~np.isfinite(samples)
    magnitude = np.abs(np.where(bad, 0, samples))
    loud = np.flatnonzero(magnitude >= SILENT)
    # Stretches between loud samples, the ends of the recording included.
    gaps = np.diff(np.concatenate(([-1], loud, [len(samples)]))) - 1
    return Figures(
        seconds=len(samples) / RATE,
        peak=float(magnitude.max(initial=0)),
        clipped=int((magnitude >= 1).sum()),
        silence=1 - len(loud) / max(len(samples), 1),
        longest_silence=int(gaps.max()) / RATE,
        not_a_number=int(bad.sum()),
    )


def problems(found: Figures) -> list[str]:
    wrong = {
        "no samples": found.seconds == 0,
        "NaN or infinity": found.not_a_number > 0,
        "nothing but silence": found.seconds > 0 and found.silence == 1,
        f"more than {MOST_CLIPPED:.0%} clipped": found.clipped
        > MOST_CLIPPED * found.seconds * RATE,
    }
    return [name for name, is_wrong in wrong.items() if is_wrong]


def main() -> None:
    if len(sys.argv) < 2:
        raise SystemExit("usage: check_wav.py FILE...")
    failed = False
    for name in sys.argv[1:]:
        found = figures(samples_of(Path(name)))
        print(f"{name}: {found}")
        for problem in problems(found):
            print(f"error: {name}: {problem}", file=sys.stderr)
            failed = True
    sys.exit(failed)


if __name__ == "__main__":
    main()
