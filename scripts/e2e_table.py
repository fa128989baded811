"""What run_mlx_e2e.sh measured, as a table: e2e_table.py FOLDER.

Also compares the streamed samples with the WAV file, which rounds them to 16 bits, and the file
with the one that was decoded in the largest chunks.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from check_wav import FULL_SCALE, samples_of

RUNS = ("first", "warm", "offline", "streamed")
HEADINGS = ("run", "audio", "generate", "RTF", "process wall", "TTFA", "finish", "backend")
HEADINGS += ("executes", "host syncs")
HALF_A_LEVEL = 0.51 / FULL_SCALE
SAMPLES_PER_FRAME = 1920
# Of the peak: other chunks add up in another order, which bf16 rounds to 8 bits.
CHUNKING = 2e-2


def row(folder: Path, run: str) -> str:
    stats = json.loads((folder / f"{run}.json").read_text())
    cells = [
        run,
        f"{stats['audio_seconds']:.2f} s",
        f"{stats['generate_ms'] / 1000:.2f} s",
        f"{stats['rtf']:.2f}",
        f"{stats['process_wall_ms'] / 1000:.2f} s",
        f"{stats['first_audio_ms'] / 1000:.2f} s",
        stats["finish_reason"],
        stats["backend"],
        *(_count(stats[f"{what}_per_frame"]) for what in ("executes", "host_syncs")),
    ]
    return f"| {' | '.join(cells)} |"


def _count(number: float | None) -> str:
    return "-" if number is None else f"{number:.2f}"


def compare(
    name: str, found: NDArray[np.float32], expected: NDArray[np.float32], most: float
) -> None:
    if found.shape != expected.shape:
        raise SystemExit(f"error: {name}: {len(found)} samples, not {len(expected)}")
    difference = float(np.abs(np.clip(found, -1, 1) - expected).max())
    if difference > most:
        raise SystemExit(f"error: {name} differs from first by {difference:.2e}")


def main() -> None:
    folder = Path(sys.argv[1])
    written = samples_of(folder / "first.wav")
    frames = json.loads((folder / "first.json").read_text())["codec_frames"]
    if len(written) != frames * SAMPLES_PER_FRAME:
        raise SystemExit(f"error: {len(written)} samples of {frames} frames")
    compare("streamed", samples_of(folder / "streamed.f32"), written, HALF_A_LEVEL)
    peak = float(np.abs(written).max())
    compare("offline", samples_of(folder / "offline.wav"), written, CHUNKING * peak)
    print(f"| {' | '.join(HEADINGS)} |")
    print("|---" * len(HEADINGS) + "|")
    for run in RUNS:
        print(row(folder, run))
    print("each run is a process of its own; executes and host syncs: per frame, codec left out")
    for file in sorted((folder / "exported").glob("*.pte")):
        print(f"{file.name}: {file.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
