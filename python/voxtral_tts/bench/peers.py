"""What the peers of the benchmark share: fresh processes, timing, and the test of the roofline.

A peer is another program for the same checkpoint. Its figures are a dictionary stage -> field ->
number; times are milliseconds.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from .artefacts import MAXRSS_UNIT, note

Stages = dict[str, dict[str, float]]

LM_LAYERS = 6  # of 26: the whole model does not fit into the memory of the peers' loaders
PROMPT_ROWS = 233  # a sentence and a voice
POSITIONS = (50, 300)  # of the row that is decoded; a frame counts with the last
FRAMES_PER_REPEAT = 3
STAGES = ("lm", "head", "flow", "embed")  # of a frame; then the codec
BELOW_ROOFLINE = "below_roofline"  # stages that read faster than memory can: measuring errors
_TOLERANCE = 1.15  # the measured bandwidth is a lower bound itself
_IDLE = 0.8  # share of the cores below which times are those of a busy machine
_READ_BYTES = 64 << 20  # short, and all of them are far more than any cache
_READS = 8


def exporter(module: str) -> Any:
    """A module of the exporter, which is a part of the package in the wheel only."""
    return importlib.import_module(f"voxtral_tts.export.{module}")


def key(*parts: object, source: Path, packages: Sequence[str]) -> str:
    """Of everything an artefact depends on: options, the file that makes it, package versions."""
    versions = [f"{package} {version(package)}" for package in packages]
    text = "\n".join([*map(str, parts), *versions]).encode()
    return hashlib.sha256(text + source.read_bytes()).hexdigest()[:12]


def run_fresh(module: str, checkpoint: Path, cache: Path, **flags: int) -> Stages:
    """The figures of `python -m module` in a process of its own; its messages on our stderr.

    Raises SystemExit when it fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "figures.json"
        paths = ["--checkpoint", checkpoint, "--cache", cache, "--json", result]
        named = [f"--{name.replace('_', '-')}={value}" for name, value in flags.items()]
        command = [sys.executable, "-m", module, *map(str, paths), *named]
        if subprocess.run(command, stdout=sys.stderr).returncode != 0:
            raise SystemExit(f"python -m {module} failed")
        figures: Stages = json.loads(result.read_text())
        return figures


def parser(module: str, description: str | None) -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog=f"python -m {module}", description=description)
    add = made.add_argument
    add("--checkpoint", type=Path, required=True, help="params.json and consolidated.safetensors")
    add("--cache", type=Path, required=True, help="where exports are kept")
    add("--json", type=Path, help="write the figures there; default: standard output")
    add("--bits", type=int, default=4, choices=(4, 8), help="of the peer's linear layers")
    add("--group-size", type=int, default=32, help="weights per scale, with 4 bits")
    add("--repeats", type=int, default=7)
    add("--threads", type=int, default=os.cpu_count() or 1)
    return made


def write(figures: Stages, path: Path | None) -> None:
    text = json.dumps(figures, indent=2) + "\n"
    if path is None:
        sys.stdout.write(text)
    else:
        path.write_text(text)


def timed(call: Callable[[], Any]) -> tuple[Any, float]:
    """What the call returns, and its milliseconds."""
    started = time.perf_counter()
    result = call()
    return result, (time.perf_counter() - started) * 1e3


def summary(values: Sequence[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def read_bandwidth(threads: int) -> float:
    """GB/s of torch adding up arrays that are in no cache; memory can do at least that.

    The best of many short reads, on one thread and on all, so that other programs disturb a few.
    """
    import torch

    before = torch.get_num_threads()
    arrays = torch.ones(_READS, _READ_BYTES // 4).unbind()
    best = 0.0
    for count in {1, threads}:
        torch.set_num_threads(count)
        times = [timed(array.sum)[1] for _ in range(3) for array in arrays]
        best = max(best, _READ_BYTES / min(times) / 1e6)
    torch.set_num_threads(before)
    return best


@dataclass
class Process:
    """The processor time, threads and memory of a measurement."""

    threads: int

    def __post_init__(self) -> None:
        self.bandwidth = read_bandwidth(self.threads)
        self.wall = self.cpu = 0.0

    def busy(self, call: Callable[[], Any]) -> Any:
        """What the call returns; its processor time is counted."""
        wall, cpu = time.perf_counter(), time.process_time()
        result = call()
        self.wall += time.perf_counter() - wall
        self.cpu += time.process_time() - cpu
        return result

    def figures(self) -> dict[str, float]:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * MAXRSS_UNIT
        self.bandwidth = max(self.bandwidth, read_bandwidth(self.threads))
        cores = self.cpu / self.wall
        if cores < _IDLE * self.threads:
            note(f"{cores:.2f} of {self.threads} cores were used: others kept the machine busy")
        return {
            "read_gb_per_s": self.bandwidth,
            "threads": float(self.threads),
            "busy_cores": cores,
            "load_average": os.getloadavg()[0],
            "peak_resident_mb": peak / 1e6,
        }


def with_totals(frames: list[dict[str, float]], codec: dict[str, list[float]]) -> Stages:
    """Stages and sums from the frames' times by stage and the codec's ways to be driven.

    codec: "codec" and "codec_offline", milliseconds per frame. Sums with the codec add medians,
    minima and maxima, since it is timed apart.
    """
    stages = {stage: summary([frame[stage] for frame in frames]) for stage in STAGES}
    stages |= {name: summary(values) for name, values in codec.items()}
    plain = summary([sum(frame[stage] for stage in STAGES) for frame in frames])
    stages["frame_without_codec"] = plain
    for name in codec:
        total = {field: plain[field] + stages[name][field] for field in plain}
        stages[name.replace("codec", "frame_with_codec")] = total
    return stages


def check_roofline(stages: Stages, read: dict[str, float], gb_per_s: float) -> None:
    """Adds each stage's read rate, from the bytes of weights it reads in its time.

    Stages whose fastest run reads faster than memory are named in `stages[BELOW_ROOFLINE]`, with
    the ratio of the two.
    """
    suspects: dict[str, float] = {}
    for stage, count in read.items():
        rate = count / stages[stage]["min"] / 1e6
        stages[stage]["read_gb_per_s"] = rate
        if rate > gb_per_s * _TOLERANCE:
            suspects[stage] = rate / gb_per_s
            note(f"{stage}: {rate:.1f} GB/s of {gb_per_s:.1f}: implies less than the roofline")
    stages[BELOW_ROOFLINE] = suspects
