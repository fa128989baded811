"""How soon a synthesis of the true size ends after SIGINT."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from command_line import FRAME, TEXT, WAV_HEADER, runner_binary

from . import record
from .kills import LATENCIES, bound_ms, growing_file, interrupted, percentiles, percentiles_text
from .subject import HARD_LIMIT_S, Subject

PART = "latency"
ASKED = 50
_FRAMES = 100
_SPAN_S = 3.0  # of a run after its first chunk in which the signal comes


def run(folder: Path, export: Path) -> None:
    """Adds to the latencies until there are enough."""
    full_size = Subject(runner_binary(), export)
    counts = record.load(folder, PART)
    for name in LATENCIES:
        counts.setdefault(name, [])
    while len(counts["exit_ms"]) < ASKED:
        _one(full_size, counts)
        record.save(folder, PART, counts)
        print(f"\rlatency: {len(counts['exit_ms'])} of {ASKED}", end="", file=sys.stderr)
    print(file=sys.stderr)


def _one(full_size: Subject, counts: record.Counts) -> None:
    number = len(counts["exit_ms"]) + len(counts["wrong"])
    delay = random.Random(f"latency {number}").uniform(0, _SPAN_S)
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        command = full_size.command(threads=0, max_frames=_FRAMES, output="a.wav", text=TEXT)
        command += ["--stats-json", "s.json"]
        process = subprocess.Popen(command, cwd=place, stderr=subprocess.PIPE)
        until = time.monotonic() + HARD_LIMIT_S
        while (path := growing_file(place)) is None or path.stat().st_size < WAV_HEADER + 2 * FRAME:
            if process.poll() is not None or time.monotonic() > until:
                process.kill()
                raise SystemExit(f"the full-size request fails: {process.communicate()[1]!r}")
            time.sleep(0.001)
        time.sleep(delay)
        ended = interrupted(process, path, signal.SIGINT)
        if ended.code != 130:
            record.add_wrong(counts, f"SIGINT after {delay:.3f} s: exit code {ended.code}")
            return
        values = (ended.exit_ms, ended.last_write_ms, bound_ms(place))
        for key, value in zip(LATENCIES, values, strict=True):
            counts[key].append(round(value, 3))


def rows(folder: Path) -> list[record.Row]:
    counts = record.load(folder, PART)
    if len(counts.get("exit_ms", [])) < 2:
        return []
    bounds = percentiles(counts["bound_ms"])
    asked = f"{ASKED}; one frame + one chunk of the same runs: {percentiles_text(bounds)}"
    table = []
    for key, what in (("last_write_ms", "last samples"), ("exit_ms", "exit")):
        found = percentiles(counts[key])
        met = len(counts[key]) >= ASKED and found[1] <= bounds[1]
        table.append((f"full size, SIGINT to {what}", asked, percentiles_text(found), met))
    return table
