"""What run_mlx_e2e.sh measured, as a table: e2e_table.py FOLDER.

Also compares the streamed samples with the WAV file, which rounds them to 16 bits.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from check_wav import FULL_SCALE, samples_of

RUNS = ("first", "warm", "streamed")
HALF_A_LEVEL = 0.51 / FULL_SCALE


def row(folder: Path, run: str) -> str:
    stats = json.loads((folder / f"{run}.json").read_text())
    cells = [
        run,
        f"{stats['audio_seconds']:.2f} s",
        f"{stats['wall_ms'] / 1000:.2f} s",
        f"{stats['rtf']:.2f}",
        f"{stats['process_wall_ms'] / 1000:.2f} s",
        f"{stats['first_audio_ms'] / 1000:.2f} s",
        stats["backend"],
        *(_count(stats[f"{what}_per_frame"]) for what in ("executes", "host_syncs")),
    ]
    return f"| {' | '.join(cells)} |"


def _count(number: float | None) -> str:
    return "-" if number is None else f"{number:.2f}"


def main() -> None:
    folder = Path(sys.argv[1])
    streamed = samples_of(folder / "streamed.f32")
    written = samples_of(folder / "first.wav")
    if streamed.shape != written.shape:
        raise SystemExit(f"error: streamed {len(streamed)} samples, the file has {len(written)}")
    difference = float(np.abs(np.clip(streamed, -1, 1) - written).max())
    if difference > HALF_A_LEVEL:
        raise SystemExit(f"error: streamed samples differ from the file's by {difference:.2e}")
    print(
        "| run | audio | generate | RTF | process wall | TTFA | backend | executes | host syncs |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for run in RUNS:
        print(row(folder, run))
    print("executes and host syncs: per frame after the first, codec left out")
    for file in sorted((folder / "exported").glob("*.pte")):
        print(f"{file.name}: {file.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
