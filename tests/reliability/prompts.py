"""How soon a synthesis of the true size ends after SIGINT while it reads a long prompt."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from command_line import runner_binary

from . import record
from .kills import interrupted, percentiles, percentiles_text
from .subject import Subject

PART = "prompts"
ASKED = 50
ROWS = 3000
_PIECE_ROWS = 128  # kMaxPieceRows of cpp/runner/src/model/step_rows.h
_SENTENCE = "The wide rivers of the northern country run slowly towards the sea. "
_BEGIN_S = 1.0  # by then every run reads its prompt
_ROUND = 10  # signals for each run that is left alone
"""The bound is one piece, and so is measured beside them: machines get slower and faster."""


def run(folder: Path, export: Path) -> None:
    """Adds to the latencies until there are enough."""
    full_size = Subject(runner_binary(), export)
    counts = record.load(folder, PART)
    for name in ("exit_ms", "bound_ms"):
        counts.setdefault(name, [])
    while len(counts["exit_ms"]) < ASKED:
        piece_ms, prompt_s = _left_alone(full_size)
        for _ in range(_ROUND):
            _one(full_size, counts, piece_ms, prompt_s)
            record.save(folder, PART, counts)
            print(f"\rprompts: {len(counts['exit_ms'])} of {ASKED}", end="", file=sys.stderr)
    print(file=sys.stderr)


def _command(full_size: Subject) -> list[str]:
    # A sentence has at least 13 tokens.
    flags = {"threads": 0, "max_frames": 1, "voice_cache": "off", "output": "a.wav"}
    return full_size.command(**flags, text=_SENTENCE * (ROWS // 13), stats_json="s.json")


def _left_alone(full_size: Subject) -> tuple[float, float]:
    """Milliseconds of one piece, seconds of all of them."""
    with tempfile.TemporaryDirectory() as place:
        subprocess.run(_command(full_size), cwd=place, check=True, stderr=subprocess.DEVNULL)
        stats = json.loads((Path(place) / "s.json").read_text())
    if stats["prompt_tokens"] < ROWS:
        raise SystemExit(f"the prompt has {stats['prompt_tokens']} rows, not {ROWS}")
    return stats["prefill_ms"] / stats["prompt_tokens"] * _PIECE_ROWS, stats["prefill_ms"] / 1e3


def _one(full_size: Subject, counts: record.Counts, piece_ms: float, prompt_s: float) -> None:
    number = len(counts["exit_ms"]) + len(counts["wrong"])
    delay = _BEGIN_S + random.Random(f"prompts {number}").uniform(0, 0.8 * prompt_s)
    with tempfile.TemporaryDirectory() as place:
        process = subprocess.Popen(_command(full_size), cwd=place, stderr=subprocess.PIPE)
        time.sleep(delay)
        ended = interrupted(process, None, signal.SIGINT)
        left = [path.name for path in Path(place).iterdir() if path.name != "s.json"]
    if ended.code != 130 or left:
        record.add_wrong(counts, f"SIGINT after {delay:.3f} s: exit code {ended.code}, {left}")
        return
    counts["exit_ms"].append(round(ended.exit_ms, 3))
    counts["bound_ms"].append(round(piece_ms, 3))


def rows(folder: Path) -> list[record.Row]:
    counts = record.load(folder, PART)
    if len(counts.get("exit_ms", [])) < 2:
        return []
    bounds, found = percentiles(counts["bound_ms"]), percentiles(counts["exit_ms"])
    asked = f"{ASKED}; one piece in runs left alone: {percentiles_text(bounds)}"
    met = len(counts["exit_ms"]) >= ASKED and found[1] <= bounds[1] and not counts["wrong"]
    what = f"full size, prompt of {ROWS:,} rows, SIGINT to exit"
    return [(what, asked, percentiles_text(found), met)]
