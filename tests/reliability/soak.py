"""Good and bad requests mixed, on several runners in threads of one process."""

from __future__ import annotations

import multiprocessing
import random
import tempfile
import threading
import time
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from command_line import TEXT
from voxtral_tts import Runner, errors

from . import record
from .bad_texts import malformed_sequences
from .leaks import _state
from .pt_files import DIM, entries, pickled, values, voice, zipped
from .subject import FRAMES, HARD_LIMIT_S, Subject, golden, subject
from .worker import class_name

PART = "soak"
ASKED_S = 3600.0
_OWN_RUNNERS = 2  # threads with a runner each; two more threads share a third
_REPORT_S = 10.0
_STUCK_S = 60.0
_BUSY_S = 0.005  # before asking again
_GOOD: tuple[dict[str, Any], ...] = (
    {},
    {"seed": 7},
    {"voice": "fr_female"},
    {"text": "Another text."},
    {"temperature": 5.0},
    {"voice": "casual_male", "seed": 3},
)


def run(folder: Path, seconds: float, full: bool) -> None:
    """Adds to the seconds and requests of earlier runs, up to an hour."""
    good = subject()
    counts = record.load(folder, PART)
    left = ASKED_S - counts.get("seconds", 0.0)
    seconds = min(seconds, left)
    if seconds <= 0:
        return
    samples = [golden(good, **options) for options in _GOOD]
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_soak, args=(theirs, good, samples, seconds))
    process.start()
    theirs.close()
    before = dict(counts)
    report: dict[str, Any] = {"counts": {}}
    while True:
        if not ours.poll(_STUCK_S):
            process.kill()
            record.add_wrong(counts, f"no report within {_STUCK_S:.0f} s")
            break
        try:
            report = ours.recv()
        except EOFError:
            break
        _add(counts, before, report)
        record.save(folder, PART, counts)
    process.join(HARD_LIMIT_S)
    if process.exitcode != 0:
        record.add_wrong(counts, f"the process ended with {process.exitcode}")
    for message in report.get("messages", []):
        record.add_wrong(counts, message)
    record.save(folder, PART, counts)


def _add(counts: record.Counts, before: record.Counts, report: dict[str, Any]) -> None:
    for name, count in report["counts"].items():
        counts[name] = before.get(name, 0) + count
    counts["rss_kb"] = [*before.get("rss_kb", []), report["rss_kb"]]
    counts["fds"] = sorted({*before.get("fds", []), *report["fds"]})


class _State:
    """What the threads share."""

    def __init__(self, good: Subject, samples: list[bytes], folder: Path) -> None:
        self.good, self.samples, self.folder = good, samples, folder
        self.counts: Counter[str] = Counter()
        self.messages: list[str] = []
        self.lock = threading.Lock()
        self.stop = threading.Event()

    def count(self, name: str, message: str = "") -> None:
        with self.lock:
            self.counts[name] += 1
            if message and len(self.messages) < 20:
                self.messages.append(message)


def _soak(connection: Connection, good: Subject, samples: list[bytes], seconds: float) -> None:
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        state = _State(good, samples, Path(name))
        _write_bad_files(state.folder)
        shared = Runner(**good.files, num_threads=1)  # type: ignore[arg-type]
        threads = [threading.Thread(target=_own, args=(state, i)) for i in range(_OWN_RUNNERS)]
        threads += [threading.Thread(target=_sharing, args=(state, shared, i)) for i in range(2)]
        for thread in threads:
            thread.start()
        first, fds = 0.0, set()
        while time.monotonic() - started < seconds:
            time.sleep(min(_REPORT_S, max(0.1, seconds - (time.monotonic() - started))))
            resident, n_fds, _ = _state()
            first = first or resident
            fds.add(n_fds)
            _report(connection, state, started, [first, resident], fds)
        state.stop.set()
        for thread in threads:
            thread.join(_STUCK_S)
            if thread.is_alive():
                state.count("stuck", "a thread does not end")
        _report(connection, state, started, [first, resident], fds)


def _report(
    connection: Connection, state: _State, started: float, rss_kb: list[float], fds: set[int]
) -> None:
    with state.lock:
        counts = {**state.counts, "seconds": time.monotonic() - started}
        messages = list(state.messages)
    connection.send({"counts": counts, "messages": messages, "rss_kb": rss_kb, "fds": sorted(fds)})


def _write_bad_files(folder: Path) -> None:
    (folder / "cut.pt").write_bytes(voice()[:-7])
    (folder / "dim.pt").write_bytes(zipped(entries(pickled([9, DIM + 1]), values(9))))
    (folder / "bad.json").write_text("{")
    (folder / "bad.pte").write_bytes(b"not a program")


def _bad_request(state: _State, runner: Runner, chance: random.Random) -> str:
    """Asks for what cannot be; returns the class that has to come of it."""
    kind = chance.randrange(7)
    files = {**state.good.files, "num_threads": 1}
    folder = state.folder
    if kind == 0:
        runner.synthesize(chance.choice(["", " \n"]))
    elif kind == 1:
        raw = chance.choice(malformed_sequences())
        runner.synthesize("a" + raw.decode("utf-8", "surrogateescape"))
    elif kind == 2:
        runner.synthesize(TEXT, voice=folder / chance.choice(["cut.pt", "dim.pt"]))
    elif kind == 3:
        runner.synthesize(TEXT, voice="nobody")
    elif kind == 4:
        runner.synthesize(TEXT, **chance.choice([{"seed": -1}, {"temperature": -1.0}]))  # type: ignore[arg-type]
    elif kind == 5:
        Runner(**{**files, "tokenizer": folder / "bad.json"})  # type: ignore[arg-type]
    else:
        Runner(**{**files, "model": folder / "bad.pte"})  # type: ignore[arg-type]
    return ("Text", "Text", "Voice", "Voice", "Usage", "Tokenizer", "ModelLoad")[kind]


_EXPECTED = {"Text", "Voice", "Usage", "Tokenizer", "ModelLoad"}


def _one(state: _State, runner: Runner, chance: random.Random, may_be_busy: bool) -> None:
    what = chance.random()
    try:
        if what < 0.6:
            number = chance.randrange(len(_GOOD))
            arguments = {"text": TEXT, "max_frames": FRAMES, **_GOOD[number]}
            same = runner.synthesize(**arguments).samples.tobytes() == state.samples[number]
            state.count("good" if same else "failed", "" if same else f"other samples: {number}")
        elif what < 0.7:  # an utterance given up on the way
            with runner.stream(TEXT, max_frames=FRAMES) as stream:
                next(stream)
            state.count("cancelled")
        else:
            _bad_request(state, runner, chance)
            state.count("failed", "a bad request succeeds")
    except errors.BusyError as error:
        state.count("busy" if may_be_busy else "failed", "" if may_be_busy else str(error))
        time.sleep(_BUSY_S)
    except errors.VoxtralTTSError as error:
        name = class_name(error)
        refused = what >= 0.7 and name in _EXPECTED
        state.count("refused" if refused else "failed", "" if refused else f"{name}: {error}")
    except Exception as error:
        state.count("failed", repr(error))


def _own(state: _State, number: int) -> None:
    """A runner of its own, made anew every 200 requests."""
    chance = random.Random(f"{number} {time.time_ns()}")
    while not state.stop.is_set():
        with Runner(**state.good.files, num_threads=1) as runner:  # type: ignore[arg-type]
            for _ in range(200):
                _one(state, runner, chance, may_be_busy=False)
                if state.stop.is_set():
                    break


def _sharing(state: _State, runner: Runner, number: int) -> None:
    chance = random.Random(f"shared {number} {time.time_ns()}")
    while not state.stop.is_set():
        _one(state, runner, chance, may_be_busy=True)


def rows(folder: Path) -> list[record.Row]:
    counts = record.load(folder, PART)
    seconds, failed = counts.get("seconds", 0.0), counts.get("failed", 0)
    names = ("good", "refused", "cancelled", "busy")
    parts = ", ".join(f"{counts.get(name, 0):,} {name}" for name in names)
    wrong = failed or counts.get("wrong_count", 0)
    measured = f"{seconds / 60:.1f} min; {parts}; {failed} failed"
    return [
        (
            f"good and bad requests on {_OWN_RUNNERS + 1} runners in {_OWN_RUNNERS + 2} threads",
            f"{ASKED_S / 60:.0f} min, 0 failed",
            measured,
            seconds >= ASKED_S and not wrong,
        )
    ]
