"""Single methods, each loaded alone: the parts of a step, the codec by chunk size, operators."""

from __future__ import annotations

import statistics
from collections import defaultdict
from pathlib import Path

from voxtral_tts._native import _core

from .artefacts import CODEC, MODEL, PARTS, Figures
from .roofline import instructions

# Of bench.pte: its methods, the rows of their first input (0: its own size), and the stage.
PART_METHODS = {"language_model": 1, "flow": 0, "semantic_head": 0, "embed_codes": 0}
CHUNK_SIZES = (1, 2, 4, 5, 8, 16, 32)
GROWTH_FRAMES = (50, 1500)
_TURNS = 5
ALLOWED_DIFFERENCE = 0.10  # between the parts' sum and the fused step


def parts(folder: Path, position: int, repeats: int) -> Figures:
    """Milliseconds of each call of `step` and, where bench.pte is there, of its parts."""
    figures = {"step": _times(folder / MODEL, "step", 1, position, repeats)}
    if (folder / PARTS).exists():
        for method, rows in PART_METHODS.items():
            figures[method] = _times(folder / PARTS, method, rows, position, repeats)
    return figures


def growth(folder: Path, positions: list[int], repeats: int) -> list[list[float]]:
    """[early, late]: milliseconds of `step` at two positions, in turn: noise falls on both alike.

    The median call of every turn.
    """
    times: list[list[float]] = [[] for _ in positions]
    for _ in range(_TURNS):
        for position, medians in zip(positions, times, strict=True):
            calls = _times(folder / MODEL, "step", 1, position, repeats)
            medians.append(statistics.median(calls))
    return times


def codec(folder: Path, repeats: int) -> Figures:
    """Milliseconds per frame of each call of `decode`, by frames per chunk."""
    return {
        str(size): [ms / size for ms in _times(folder / CODEC, "decode", size, size, repeats)]
        for size in CHUNK_SIZES
    }


def operators(folder: Path, position: int, repeats: int) -> list[Figures]:
    """Where the time of a `step` goes, by operator and delegate, most expensive first.

    From the runtime's event tracer. What is between the instructions is the runtime's own.
    """
    file = folder / MODEL
    _, calls, timed = _core._time_method(str(file), "step", 1, position, repeats, True)
    names = instructions(file, "step")
    ms: dict[str, float] = defaultdict(float)
    count: dict[str, float] = defaultdict(float)
    for index, runs, total in timed:
        ms[names[index]] += total / repeats
        count[names[index]] += runs / repeats
    rows = [
        {"operator": name, "kind": kind(name), "calls": count[name], "ms": ms[name]}
        for name in sorted(ms, key=lambda name: -ms[name])
    ]
    between = sum(calls) / repeats - sum(ms.values())
    return [
        *rows,
        {"operator": "between instructions", "kind": "runtime", "calls": 0, "ms": between},
    ]


def kind(name: str) -> str:
    if name.startswith("voxtral_tts::"):
        return "ours"
    return "ExecuTorch's" if "::" in name else "delegate"


def _times(file: Path, method: str, rows: int, position: int, repeats: int) -> list[float]:
    _, calls, _ = _core._time_method(str(file), method, rows, position, repeats, False)
    return calls
