"""Comparison with other programs that run the same model; each is a module of its own.

`peer_<name>.run(checkpoint, cache)` returns, for each of STAGES that it has, milliseconds per frame
as {"median": ...}; what else it returns is for the JSON report.
"""

from __future__ import annotations

import importlib
import statistics
from pathlib import Path

from .artefacts import Figures, note
from .report import frame_ms, split_of

NAMES = ("executorch", "torch")
_PARTS = {"lm": "language_model", "flow": "flow", "head": "semantic_head", "embed": "embed_codes"}
_CODECS = ("codec", "codec_offline")  # in chunks, and the utterance at once where a peer does that
STAGES = (*_PARTS, "frame_without_codec", *_CODECS, "frame_with_codec", "frame_with_codec_offline")


def compare(name: str, report: Figures, checkpoint: Path, cache: Path) -> str:
    """Runs a peer beside every backend of the report; a Markdown table of ratios.

    Its figures go to `report["peer_figures"]`. Nothing, with a note, when there is no such module.
    """
    module = f"{__package__}.peer_{name}"
    try:
        peer = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        note(f"no peer {name}: {module} is not there")
        return ""
    note(f"peer {name}")
    theirs: Figures = peer.run(checkpoint, cache)
    report.setdefault("peer_figures", {})[name] = theirs
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
    ours["frame_without_codec"] = whole - codec
    for name in _CODECS:  # ours works in chunks only
        ours |= {name: codec, name.replace("codec", "frame_with_codec"): whole}
    return ours


def ratios(name: str, theirs: Figures, backend: str, ours: dict[str, float]) -> str:
    """Their time over ours: above 1 we are faster."""
    lines = [f"| per frame | {name} | {backend} | ratio |", "|---|---|---|---|"]
    for stage in STAGES:
        if stage in theirs and stage in ours:
            their_ms = float(theirs[stage]["median"])
            ratio = their_ms / ours[stage]
            lines.append(f"| {stage} | {their_ms:.2f} ms | {ours[stage]:.2f} ms | {ratio:.2f} |")
    return "\n".join(lines)
