"""Memory, descriptors and threads over many runners, and bytes over many utterances."""

from __future__ import annotations

import gc
import multiprocessing
import os
import resource
import time
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from command_line import TEXT
from voxtral_tts import Runner

from . import record
from .subject import FRAMES, Subject, golden, subject

PART = "leaks"
ASKED = 1000
_WARM_UP = 50
_MOST_KB = 1.0
_REPORT_EVERY = 100
_PAGE_KB = resource.getpagesize() / 1024


def run(folder: Path, seconds: float, full: bool) -> None:
    """A slope is of one process, so an unfinished series is begun anew; utterances add up."""
    good = subject()
    samples = golden(good)
    until = time.monotonic() + seconds
    counts = record.load(folder, PART)
    if len(counts.get("rss_kb", [])) < ASKED:
        _in_process(_many_runners, good, samples, until, folder, counts)
    while counts.get("utterances", 0) < ASKED and time.monotonic() < until:
        _in_process(_many_utterances, good, samples, until, folder, counts)
    record.save(folder, PART, counts)


def _in_process(target, good, samples, until, folder, counts) -> None:  # type: ignore[no-untyped-def]
    """Runs `target` in a fresh process and keeps what it reports."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    before = dict(counts)
    arguments = (theirs, good, samples, until, counts.get("utterances", 0))
    process = context.Process(target=target, args=arguments)
    process.start()
    theirs.close()
    try:
        while True:
            counts.update(ours.recv())
            record.save(folder, PART, counts)
    except EOFError:
        process.join()
    if process.exitcode != 0:
        record.add_wrong(counts, f"{target.__name__}: exit code {process.exitcode}")
    elif counts == before:
        raise SystemExit(f"{target.__name__} reports nothing")


def _state() -> tuple[float, int, int]:
    """Resident kB, open descriptors, threads of this process."""
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE_KB
    return resident, len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task"))


def _many_runners(
    connection: Connection, good: Subject, samples: bytes, until: float, _: int
) -> None:
    rss: list[float] = []
    fds, threads, different = set(), set(), 0
    for index in range(ASKED):
        with Runner(**good.files, num_threads=1) as runner:  # type: ignore[arg-type]
            audio = runner.synthesize(TEXT, max_frames=FRAMES)
            different += audio.samples.tobytes() != samples
        del runner, audio
        gc.collect()
        resident, n_fds, n_threads = _state()
        rss.append(resident)
        if index >= _WARM_UP:
            fds.add(n_fds)
            threads.add(n_threads)
        over = time.monotonic() > until
        if over or (index + 1) % _REPORT_EVERY == 0:
            report = {"rss_kb": rss, "fds": sorted(fds), "threads": sorted(threads)}
            connection.send({**report, "runners_different": different})
        if over:
            return


def _many_utterances(
    connection: Connection, good: Subject, samples: bytes, until: float, before: int
) -> None:
    different = 0
    with Runner(**good.files, num_threads=1) as runner:  # type: ignore[arg-type]
        for count in range(before + 1, ASKED + 1):
            audio = runner.synthesize(TEXT, max_frames=FRAMES)
            different += audio.samples.tobytes() != samples
            over = time.monotonic() > until
            if over or count % _REPORT_EVERY == 0:
                connection.send({"utterances": count, "utterances_different": different})
            if over:
                return


def slope(values: list[float]) -> float:
    """Least squares: growth per step after the first 50."""
    rest = np.asarray(values[_WARM_UP:])
    return float(np.polyfit(np.arange(len(rest)), rest, 1)[0])


def rows(folder: Path) -> list[record.Row]:
    counts = record.load(folder, PART)
    rss = counts.get("rss_kb", [])
    runners, measured = len(rss), f"{len(rss):,} runners"
    growth = slope(rss) if runners > _WARM_UP + 2 else float("inf")
    if runners > _WARM_UP + 2:
        measured += f", {growth:+.3f} kB each, {rss[_WARM_UP]:,.0f} kB to {rss[-1]:,.0f} kB"
    failures = counts.get("wrong_count", 0)
    constant = all(len(counts.get(name, [])) == 1 for name in ("fds", "threads"))
    seen = [f"{name} {counts.get(name, [])}" for name in ("fds", "threads")]
    utterances, different = counts.get("utterances", 0), counts.get("utterances_different", 0)
    other = counts.get("runners_different", 0)
    return [
        (
            "create, speak, destroy: resident memory",
            f"{ASKED:,}, below {_MOST_KB:g} kB each",
            measured,
            runners >= ASKED and growth < _MOST_KB and failures == 0,
        ),
        (
            "the same: descriptors and threads",
            "constant",
            ", ".join(seen),
            runners >= ASKED and constant,
        ),
        (
            "the same: samples",
            "0 differ",
            f"{other} of {runners:,} differ",
            runners >= ASKED and other == 0,
        ),
        (
            "utterances on one runner",
            f"{ASKED:,}, 0 differ",
            f"{different} of {utterances:,} differ",
            utterances >= ASKED and different == 0,
        ),
    ]
