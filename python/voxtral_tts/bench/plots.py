"""PNG plots of a report; matplotlib comes with the extra `bench`."""

from __future__ import annotations

import statistics
from pathlib import Path

from .artefacts import Figures, note
from .report import percentile, split_of
from .split import PART_METHODS


def draw(report: Figures, folder: Path) -> list[Path]:
    """Writes the plots there; none, with a note, where matplotlib is missing."""
    try:
        import matplotlib
    except ImportError:
        note("no plots: matplotlib is missing (pip install 'voxtral_tts[plot]')")
        return []
    matplotlib.use("Agg")  # no window, no display
    folder.mkdir(parents=True, exist_ok=True)
    return [_over_position(report, folder), _budget(report, folder)]


def _over_position(report: Figures, folder: Path) -> Path:
    """ms per frame over the row of the KV cache, the median over the runs."""
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 4.5), layout="constrained")
    for backend, figures in report["backends"].items():
        spoken = list((figures.get("long") or {}).values())
        series = [max(spoken, key=lambda one: len(one["step_ms"]))] if spoken else []
        series = series or [run["speech"]["speech"] for run in figures["runs"]]
        first = series[0]["prompt_rows"]
        times = [statistics.median(at) for at in zip(*(s["step_ms"] for s in series), strict=False)]
        rows = range(first, first + len(times))
        (line,) = axes.plot(rows, times, linewidth=0.5, alpha=0.3)
        smooth = [statistics.median(times[max(0, i - 10) : i + 11]) for i in range(len(times))]
        axes.plot(rows, smooth, color=line.get_color(), label=f"{backend}, median of 21 frames")
        if times:  # a single frame that a neighbour delayed must not set the scale
            axes.set_ylim(0, 1.2 * max(percentile(times, 98), max(smooth)))
    axes.set_xlabel("row of the KV cache")
    axes.set_ylabel("ms per step")
    axes.legend()
    return _save(figure, folder / "step_over_position.png")


def _budget(report: Figures, folder: Path) -> Path:
    """Where a frame's time goes, one bar per backend, and the 80 ms that it plays."""
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 4.5), layout="constrained")
    stages = (*PART_METHODS, "rest", "codec")
    left = [0.0] * len(report["backends"])
    for stage in stages:
        widths = [
            statistics.median(_stage_ms(run, stage) for run in figures["runs"])
            for figures in report["backends"].values()
        ]
        axes.barh(list(report["backends"]), widths, left=left, label=stage)
        left = [start + width for start, width in zip(left, widths, strict=True)]
    axes.axvline(80, color="black", linestyle="--", linewidth=1)
    axes.set_xlabel("ms per frame (dashed: the 80 ms of its sound)")
    axes.legend(ncols=3)
    return _save(figure, folder / "time_budget.png")


def _stage_ms(run: Figures, stage: str) -> float:
    if stage == "codec":
        return float(run["speech"]["speech"]["codec_ms_per_frame"])
    parts = split_of(run)
    if "sum" not in parts:  # all of a step is unexplained
        return parts["step"] if stage == "rest" else 0.0
    return max(0.0, parts[stage])


def _save(figure: object, path: Path) -> Path:
    figure.savefig(path, dpi=120)  # type: ignore[attr-defined]
    return path
