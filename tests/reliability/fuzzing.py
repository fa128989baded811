"""Runs the fuzz targets of tests/fuzz within a budget and counts what they executed.

Inputs add up over runs in FOLDER/fuzzing.json. Corpora and findings are kept in out/fuzz.

    python -m tests.reliability.fuzzing --seconds-each 600 [--full] [--runs N] [--only TARGET]
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "tests" / "fuzz"
WORK = ROOT / "out" / "fuzz"
BINARIES = ROOT / "build" / "fuzz" / "bin"
PARAMS = "params_json"  # the target in Python
GOALS = {
    "voice_pt": 10_000_000,
    **dict.fromkeys(("pickle", "voice_safetensors", "tekken", "text", "wav"), 1_000_000),
    **dict.fromkeys(("blend", "manifest", "prefix", "mlx_payload", PARAMS), 1_000_000),
}
SLICE_S = 60.0
LIMITS = ("-rss_limit_mb=512", "-malloc_limit_mb=256", "-timeout=5", "-max_len=16384")
# libFuzzer's default schedule takes half of the time for its books, but avoids slow inputs, which
# are patterns that try nearly as many ways as they may.
PLAIN_SCHEDULE = "-entropic=0"
# Freed memory waits there for use after free; the default of 256 MB hides what a reader takes.
ASAN_OPTIONS = "quarantine_size_mb=32:detect_leaks=1"
KINDS = ("crash", "timeout", "oom", "leak")


@dataclass
class Count:
    """What one target has executed so far: findings ever, and those that still fail."""

    inputs: int = 0
    seconds: float = 0.0
    peak_rss_mb: int = 0
    found: dict[str, int] = field(default_factory=dict)
    open: list[str] = field(default_factory=list)


@dataclass
class State:
    """Content of fuzzing.json; the goals count once a full run was asked for."""

    full: bool = False
    targets: dict[str, Count] = field(default_factory=dict)

    @staticmethod
    def load(folder: Path) -> State:
        path = folder / "fuzzing.json"
        content = json.loads(path.read_text()) if path.exists() else {}
        counts = {name: Count(**count) for name, count in content.get("targets", {}).items()}
        return State(
            content.get("full", False), {name: counts.get(name, Count()) for name in GOALS}
        )

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / "fuzzing.json.part"
        partial.write_text(json.dumps(asdict(self), indent=1) + "\n")
        partial.replace(folder / "fuzzing.json")


def command(target: str) -> list[str]:
    """The program that takes libFuzzer's flags."""
    if target == PARAMS:
        return [sys.executable, "-W", "ignore", str(SOURCES / "params_json.py")]
    dictionary = SOURCES / "dictionaries" / f"{target}.txt"
    flags = [f"-dict={dictionary}"] if dictionary.exists() else []
    if target != "tekken":
        flags.append(PLAIN_SCHEDULE)
    return [str(BINARIES / f"fuzz_{target}"), *flags, *LIMITS, "-print_final_stats=1"]


def execute(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as scratch:
        settings = {"TMPDIR": scratch, "ASAN_OPTIONS": ASAN_OPTIONS}
        return subprocess.run(
            ["nice", *arguments],
            env=os.environ | settings,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
        )


def statistic(output: str, name: str) -> int:
    found = re.search(rf"^stat::{name}:\s+(\d+)", output, re.MULTILINE)
    return int(found.group(1)) if found else 0


def findings_of(target: str) -> list[Path]:
    """Inputs that failed once: the committed ones and those of this machine."""
    folders = (SOURCES / "regressions" / target, WORK / "findings" / target)
    return sorted(path for folder in folders if folder.is_dir() for path in folder.iterdir())


def still_failing(target: str) -> list[str]:
    def fails(paths: list[Path]) -> bool:
        return bool(paths) and execute([*command(target), *map(str, paths)]).returncode != 0

    paths = findings_of(target)
    if not fails(paths):
        return []
    return [path.relative_to(ROOT).as_posix() for path in paths if fails([path])]


def run_slice(target: str, count: Count, seconds: float, inputs: int) -> None:
    """Runs one target for so long or so many inputs and adds to its count."""
    corpus, findings = WORK / "corpus" / target, WORK / "findings" / target
    seeds = WORK / "seeds" / target
    for folder in (corpus, findings, seeds):
        folder.mkdir(parents=True, exist_ok=True)
    known = set(findings.iterdir())
    flags = [f"-max_total_time={max(1, round(seconds))}", f"-artifact_prefix={findings}/"]
    if inputs > 0:
        flags.append(f"-runs={inputs}")
    started = time.monotonic()
    result = execute([*command(target), *flags, str(corpus), str(seeds)])
    count.seconds += time.monotonic() - started
    count.inputs += statistic(result.stderr, "number_of_executed_units")
    count.peak_rss_mb = max(count.peak_rss_mb, statistic(result.stderr, "peak_rss_mb"))
    new = sorted(set(findings.iterdir()) - known)
    for path in new:
        kind = path.name.split("-")[0]
        if kind not in KINDS:  # a slow unit is below the time limit
            path.unlink()
            continue
        count.found[kind] = count.found.get(kind, 0) + 1
        count.open.append(path.relative_to(ROOT).as_posix())
    if result.returncode != 0:
        print(
            f"{target}: exit status {result.returncode}\n{result.stderr[-6000:]}", file=sys.stderr
        )
        if not new:
            count.open.append(f"exit status {result.returncode}")


def fuzz(folder: Path, seconds: float, goals: dict[str, int], full: bool) -> State:
    """Takes turns until every goal (0: none) is reached or the time is up.

    A target with a finding is left alone until that is fixed.
    """
    state = State.load(folder)
    state.full = state.full or full
    subprocess.run([sys.executable, SOURCES / "make_seeds.py", WORK / "seeds"], check=True)
    for target in goals:
        state.targets[target].open = still_failing(target)
        if state.targets[target].open:
            print(f"{target}: still fails: {state.targets[target].open}", file=sys.stderr)
    end = time.monotonic() + seconds
    turns = 1 if not any(goals.values()) else sys.maxsize
    while turns > 0:
        turns -= 1
        waiting = [t for t in goals if not state.targets[t].open]
        waiting = [t for t in waiting if not 0 < goals[t] <= state.targets[t].inputs]
        for position, target in enumerate(waiting):
            count = state.targets[target]
            left = (end - time.monotonic()) / (len(waiting) - position)
            missing = goals[target] - count.inputs
            run_slice(target, count, left if turns == 0 else min(left, SLICE_S), missing)
            state.save(folder)
            print(f"{target}: {count.inputs:,} inputs, open: {count.open or 'none'}", flush=True)
        if not waiting or end - time.monotonic() < len(waiting):
            break
    state.save(folder)
    return state


def build() -> None:
    """Both steps do nothing when nothing changed."""
    cmake = Path(sys.executable).with_name("cmake")
    for step in (["--preset", "fuzz", "--log-level=WARNING"], ["--build", "--preset", "fuzz"]):
        subprocess.run([cmake, *step], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def run(folder: Path, seconds: float, full: bool) -> None:
    """Builds and runs the targets, towards the goals when `full`, else one turn each."""
    build()
    fuzz(folder, seconds, GOALS if full else dict.fromkeys(GOALS, 0), full)


def rows(folder: Path) -> list[tuple[str, str, str, bool]]:
    """(what, asked, measured, met) per target, of all runs so far."""
    state = State.load(folder)
    table = []
    for target, goal in GOALS.items():
        count = state.targets[target]
        found = ", ".join(f"{n} {kind}" for kind, n in sorted(count.found.items())) or "none"
        table.append(
            (
                f"fuzzing {target}",
                f"{goal:,} inputs, no open finding" if state.full else "no open finding",
                f"{count.inputs:,} inputs, {len(count.open)} open (ever found: {found}), "
                f"peak {count.peak_rss_mb} MB",
                not count.open and count.inputs >= (goal if state.full else 1),
            )
        )
    return table


def main() -> int:
    parser = argparse.ArgumentParser(description="Run the fuzz targets and count.")
    parser.add_argument("--folder", type=Path, default=ROOT / "out" / "reliability")
    parser.add_argument("--seconds-each", type=float, required=True, help="on average")
    parser.add_argument("--full", action="store_true", help="until the goals are reached")
    parser.add_argument(
        "--runs", type=int, default=0, help="inputs per target, instead of the goals"
    )
    parser.add_argument("--only", action="append", choices=GOALS, help="this target (repeatable)")
    options = parser.parse_args()
    build()
    goals = {
        name: options.runs or (goal if options.full else 0)
        for name, goal in GOALS.items()
        if not options.only or name in options.only
    }
    state = fuzz(options.folder, options.seconds_each * len(goals), goals, options.full)
    for what, asked, measured, met in rows(options.folder):
        print(f"{what:26} {measured:60} {'met' if met else 'NOT MET: ' + asked}")
    return int(any(state.targets[target].open for target in goals))


if __name__ == "__main__":
    sys.exit(main())
