"""Measures the promises of docs/reliability.md and prints the table.

    python -m tests.reliability [--full] [--docs docs/reliability.md] [--full-size EXPORT]

Each part adds to what earlier runs of the same build have counted, within ten minutes on two
cores; --full goes on until every count is reached. Exit status 1 when something was wrong; a
count that is not reached yet is not wrong, the table says so.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import os
import platform
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from exporting import ROOT
from voxtral_tts.bench.report import write_docs

from . import latency, prompts
from .record import Row

BEGIN, END = "<!-- reliability: begin -->", "<!-- reliability: end -->"
# Seconds of one core, the longest first; together below twice ten minutes.
PARTS = {
    "bad_inputs": 300,
    "mutated_programs": 240,
    "fuzzing": 230,
    "kills": 160,
    "soak": 90,
    "leaks": 90,
}
_OF_TRUE_SIZE = (latency, prompts)
_ONE_YEAR_S = 3e7


def parts() -> dict[str, int]:
    """Those that are there."""
    here = "tests.reliability."
    return {name: s for name, s in PARTS.items() if importlib.util.find_spec(here + name)}


def run_part(name: str, folder: Path, full: bool) -> int:
    """In a process of its own; its exit status."""
    seconds = _ONE_YEAR_S if full else PARTS[name]
    command = [sys.executable, "-m", "tests.reliability", "--part", name]
    command += ["--folder", str(folder), "--seconds", str(seconds), *(["--full"] * full)]
    print(f"{name}: begins", file=sys.stderr)
    started = time.monotonic()
    status = subprocess.run(command, cwd=ROOT, check=False).returncode
    print(f"{name}: {time.monotonic() - started:.0f} s, status {status}", file=sys.stderr)
    return status


def cell(text: str) -> str:
    return text.replace("|", "\\|")


def table(found: list[Row]) -> str:
    lines = ["| What | Asked | Measured | Met |", "|---|---|---|---|"]
    for what, asked, measured, met in found:
        cells = (what, asked, measured, "yes" if met else "**no**")
        lines.append(f"| {' | '.join(map(cell, cells))} |")
    return "\n".join(lines)


def machine() -> str:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True
    ).stdout.strip()
    return f"{platform.machine()}, {os.cpu_count()} CPUs, {platform.system()}; build of {commit}."


def wrong(folder: Path) -> list[str]:
    """What the parts found wrong."""
    messages = []
    for name in (*parts(), *(module.PART for module in _OF_TRUE_SIZE)):
        path = folder / f"{name}.json"
        if path.exists():
            content = json.loads(path.read_text())
            found = [*content.get("wrong", [])]
            for count in content.get("targets", {}).values():  # the fuzzer's open findings
                found += count.get("open", [])
            messages += [f"{name}: {message}" for message in found]
    return messages


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.reliability", description=__doc__)
    parser.add_argument("--full", action="store_true", help="go on until the counts are reached")
    parser.add_argument("--docs", type=Path, help="put the table between this page's markers")
    parser.add_argument("--full-size", type=Path, help="also interrupt this export of true size")
    parser.add_argument("--table", action="store_true", help="measure nothing more")
    parser.add_argument("--folder", type=Path, default=ROOT / "out" / "reliability")
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        module = importlib.import_module(f"tests.reliability.{options.part}")
        module.run(options.folder, options.seconds or PARTS[options.part], options.full)
        return 0
    statuses = []
    if not options.table:
        with ThreadPoolExecutor(2) as pool:
            runs = [pool.submit(run_part, name, options.folder, options.full) for name in parts()]
        statuses = [run.result() for run in runs]
    if options.full_size:
        for module in _OF_TRUE_SIZE:
            module.run(options.folder, options.full_size)
    found: list[Row] = []
    for name in parts():
        found += importlib.import_module(f"tests.reliability.{name}").rows(options.folder)
    for module in _OF_TRUE_SIZE:
        found += module.rows(options.folder)
    text = f"{table(found)}\n\n{machine()}"
    print(text)
    if options.docs:
        write_docs(options.docs, text, BEGIN, END)
    messages = wrong(options.folder)
    for message in messages:
        print(f"wrong: {message}", file=sys.stderr)
    return 1 if messages or any(statuses) else 0


if __name__ == "__main__":
    sys.exit(main())
