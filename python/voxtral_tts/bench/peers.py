"""Comparison with other programs that run the same model; each is a module of its own.

`peer_<name>.run(checkpoint, cache, options)` returns, for each of STAGES that it has, milliseconds
per frame: a number, or the list of what several runs took.
"""

from __future__ import annotations

import importlib
import statistics
from pathlib import Path

from .artefacts import Figures, note
from .report import frame_ms, split_of

NAMES = ("executorch", "torch")
STAGES = ("lm", "flow", "head", "codec", "frame without codec", "frame with codec")
_PARTS = {"lm": "language_model", "flow": "flow", "head": "semantic_head"}


def compare(name: str, report: Figures, checkpoint: Path, cache: Path, options: Figures) -> str:
    """Runs a peer beside every backend of the report; a Markdown table of ratios."""
    module = f"{__package__}.peer_{name}"
    try:
        peer = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        note(f"no peer {name}: {module} is not there")
        return ""
    note(f"peer {name}")
    theirs: Figures = peer.run(checkpoint, cache, options)
    return "\n\n".join(
        ratios(name, theirs, backend, ours_of(figures["runs"]))
        for backend, figures in report["backends"].items()
    )


def ours_of(runs: list[Figures]) -> dict[str, float]:
    """Our milliseconds per frame by stage, medians over the runs."""
    splits = [split_of(run) for run in runs]
    ours = {
        stage: statistics.median(split[part] for split in splits)
        for stage, part in _PARTS.items()
        if part in splits[0]
    }
    codec = statistics.median(run["speech"]["speech"]["codec_ms_per_frame"] for run in runs)
    whole = statistics.median(frame_ms(run) for run in runs)
    return ours | {"codec": codec, "frame without codec": whole - codec, "frame with codec": whole}


def ratios(name: str, theirs: Figures, backend: str, ours: dict[str, float]) -> str:
    """Their time over ours: above 1 we are faster."""
    lines = [f"| per frame | {name} | {backend} | ratio |", "|---|---|---|---|"]
    for stage in STAGES:
        if stage in theirs and stage in ours:
            value = theirs[stage]
            their_ms = statistics.median(value) if isinstance(value, list) else float(value)
            ratio = their_ms / ours[stage]
            lines.append(f"| {stage} | {their_ms:.2f} ms | {ours[stage]:.2f} ms | {ratio:.2f} |")
    return "\n".join(lines)
