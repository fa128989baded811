"""Compares two syntheses of the runner, NAME.json and NAME.wav each: compare_speech.py ONE OTHER.

They have to choose the same codes (`--trace-json`) in every frame; a 16-bit sample may differ by
one, where sums of another order fall on the other side of a half.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from check_wav import FULL_SCALE, samples_of

MOST_APART = 1  # of 32767


def main() -> None:
    if len(sys.argv) != 3:
        raise SystemExit("usage: compare_speech.py ONE OTHER")
    one, other = (json.loads(Path(f"{name}.json").read_text()) for name in sys.argv[1:])
    left, right = (samples_of(Path(f"{name}.wav")) * FULL_SCALE for name in sys.argv[1:])
    if len(left) != len(right):
        raise SystemExit(f"error: {len(left)} samples are not {len(right)}")
    apart = np.abs(left - right).round()
    print(
        f"codes {'equal' if one == other else 'differ'}, {len(left)} samples, "
        f"{int((apart > 0).sum())} differ, by {int(apart.max())} at most"
    )
    if one != other or apart.max() > MOST_APART:
        raise SystemExit(f"error: {sys.argv[2]} is not the speech of {sys.argv[1]}")


if __name__ == "__main__":
    main()
