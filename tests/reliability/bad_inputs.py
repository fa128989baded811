"""Bad inputs, each through the command line and through Python where it can ask the same.

What has to come of an input stands in its maker's table, taken from docs/cli.md before anything
was run. After each one that Python ran, the good request follows in the same process.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from . import bad_flags, bad_outputs, bad_programs, bad_texts, bad_tokenizers, bad_voices, record
from .case import EXIT_CODES, Case, command_of, listing, problems_of, text_of
from .runs import run as run_command
from .subject import MORE_MEMORY_KB, Subject, golden, subject
from .worker import Worker

PART = "bad_inputs"
ASKED, ASKED_PER_CLASS = 3000, 50
_SAVE_EVERY = 25
_CLASSES = [name for name in EXIT_CODES if name]
_LIBRARY_ONLY = ("Busy",)


def all_cases(good: Subject) -> list[Case]:
    """Every bad input, the kinds in turn, so that a short run has some of each."""
    makers = (
        bad_voices.cases(good),
        bad_tokenizers.cases(good),
        bad_texts.cases(good),
        bad_programs.cases(good),
        bad_programs.fault_cases(good),
        bad_flags.cases(good),
        bad_flags.busy_cases(good),
        bad_outputs.cases(good),
        bad_outputs.reader_cases(good),
    )
    return list(_in_turn(makers))


def _in_turn(makers: Iterable[Iterator[Case]]) -> Iterator[Case]:
    waiting = list(makers)
    while waiting:
        for maker in list(waiting):
            case = next(maker, None)
            if case is None:
                waiting.remove(maker)
            else:
                yield case


def run(folder: Path, seconds: float, full: bool) -> None:
    """Goes on behind the last input of earlier runs, until all are done or time is over."""
    good = subject()
    until = time.monotonic() + seconds
    counts = record.load(folder, PART)
    samples = golden(good)
    cases = all_cases(good)
    counts["all"] = len(cases)
    with tempfile.TemporaryDirectory() as cache, Worker(good, samples) as worker:
        os.environ["VOXTRAL_TTS_CACHE"] = cache
        for index in range(counts.get("done", 0), len(cases)):
            if time.monotonic() > until:
                break
            _judge(cases[index], good, worker, counts)
            counts["done"] = index + 1
            if index % _SAVE_EVERY == 0:
                record.save(folder, PART, counts)
    if golden(good) != samples:
        record.add_wrong(counts, "the good request has other samples after all of this")
    record.save(folder, PART, counts)


def _judge(case: Case, good: Subject, worker: Worker, counts: record.Counts) -> None:
    """Runs the case in every way and counts it under its class."""
    tally = counts.setdefault("classes", {}).setdefault(case.error, {})
    found = []
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        if case.command:
            _fill(place, case)
            before = listing(place)
            outcome = run_command(
                command_of(case, good), place, text_of(case), case.stdout, case.file_limit
            )
            found += [f"command line: {p}" for p in problems_of(case, outcome, place, before)]
            tally["exit_codes"] = tally.get("exit_codes", 0) + 1
    if case.python:
        with tempfile.TemporaryDirectory() as name:
            place = Path(name)
            _fill(place, case)
            before = listing(place)
            answer = worker.ask(case, place)
            if answer.error != case.error:
                found.append(f"Python: {answer.error or 'no error'}: {answer.message[:120]}")
            if answer.more_kb > MORE_MEMORY_KB:
                found.append(f"Python: {answer.more_kb} kB more memory")
            if not answer.good_after:
                found.append("Python: the good request after it is not good")
            if listing(place) != before:
                found.append("Python: files changed")
            counts["most_kb"] = max(counts.get("most_kb", 0), answer.more_kb)
            tally["python"] = tally.get("python", 0) + 1
            counts["good_after"] = counts.get("good_after", 0) + answer.good_after
    tally["inputs"] = tally.get("inputs", 0) + 1
    if found:
        tally["failed"] = tally.get("failed", 0) + 1
        record.add_wrong(counts, f"{case.kind}: {'; '.join(found)}")


def _fill(place: Path, case: Case) -> None:
    for name, content in case.files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content() if callable(content) else content)
    if case.prepare is not None:
        case.prepare(place)


def rows(folder: Path) -> list[record.Row]:
    counts = record.load(folder, PART)
    classes = {name: counts.get("classes", {}).get(name, {}) for name in _CLASSES}
    totals: Counter[str] = Counter()
    for tally in classes.values():
        totals.update(tally)
    failed = counts.get("wrong_count", 0)
    summary = (
        f"{totals['inputs']:,} inputs, {failed} failed; {totals['exit_codes']:,} exit codes, "
        f"{totals['python']:,} in one Python process, each with the good request after it"
    )
    met = totals["inputs"] >= ASKED and failed == 0
    table = [("bad inputs", f"{ASKED:,}, 0 failed", summary, met)]
    for name, tally in classes.items():
        how = "inputs" if name in _LIBRARY_ONLY else "exit_codes"
        label = "" if name in _LIBRARY_ONLY else f", exit code {EXIT_CODES[name]}"
        count, wrong = tally.get(how, 0), tally.get("failed", 0)
        measured = f"{count:,}, {wrong} failed"
        met = count >= ASKED_PER_CLASS and wrong == 0
        table.append((f"class {name}{label}", f"{ASKED_PER_CLASS}, 0 failed", measured, met))
    return table
