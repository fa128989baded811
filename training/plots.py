"""Curves of a training as PNG."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

_WIDTH, _ROW = 10.0, 2.6  # inches


def plot_curves(log: Path, output: Path) -> None:
    """One panel per figure of a log.csv (step, figure, value); held-out ones beside training."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    curves: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
    with log.open(newline="") as file:
        for row in csv.DictReader(file):
            curves[row["figure"]].append((int(row["step"]), float(row["value"])))
    panels = sorted({name.removeprefix("held-out ") for name in curves})
    rows = -(-len(panels) // 2)
    figure, axes = pyplot.subplots(rows, 2, figsize=(_WIDTH, _ROW * rows), squeeze=False)
    for panel, axis in zip(panels, axes.flat, strict=False):
        for name, style in ((panel, "-"), (f"held-out {panel}", ".-")):
            if curves[name]:
                axis.plot(*zip(*curves[name], strict=True), style, label=name, linewidth=1)
        axis.set_title(panel, fontsize=9)
        axis.grid(alpha=0.3)
        axis.legend(fontsize=7)
    for axis in list(axes.flat)[len(panels) :]:
        axis.axis("off")
    figure.tight_layout()
    figure.savefig(output, dpi=80)
    pyplot.close(figure)
