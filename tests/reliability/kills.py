"""SIGKILL and SIGINT at random moments of the command line writing a WAV."""

from __future__ import annotations

import json
import os
import random
import signal
import statistics
import struct
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from command_line import FRAME, TEXT, WAV_HEADER, wav_samples

from . import record
from .runs import run as run_command
from .subject import FRAMES, HARD_LIMIT_S, Subject, golden, subject

PART = "kills"
ASKED, ASKED_INSIDE = 200, 150
_LENGTH = 400  # frames: the tiny checkpoint goes on until it is stopped
_FRAME_BYTES = 2 * FRAME
_CHUNKS = (1, 1, 2, 4, 8)  # frames, as in docs/contract.md; the last repeats
LATENCIES = ("exit_ms", "last_write_ms", "bound_ms")
_NAMES = {"SIGKILL": signal.SIGKILL, "SIGINT": signal.SIGINT}


class Undisturbed(NamedTuple):
    """A run to the end: its samples, when its file had a first chunk, and when it was done."""

    pcm: bytes
    first_s: float
    last_s: float


class Ended(NamedTuple):
    """A process after its signal; a file size of -1 means that there was no file yet."""

    code: int
    at_signal: int  # bytes of the temporary file
    exit_ms: float
    last_write_ms: float
    stderr: bytes


def run(folder: Path, seconds: float, full: bool) -> None:
    """One signal of each kind in turn, until 200 of each and 150 inside, or time is over."""
    good = subject()
    until = time.monotonic() + seconds
    counts = record.load(folder, PART)
    reference = _undisturbed(good)
    samples = golden(good)
    for name in _NAMES:
        counts.setdefault(name, {"sent": 0, "inside": 0})
    for name in LATENCIES:
        counts.setdefault(name, [])
    while time.monotonic() < until and not all(_is_done(counts[name]) for name in _NAMES):
        for name, number in _NAMES.items():
            if not _is_done(counts[name]):
                _one(good, reference, samples, name, number, counts)
        record.save(folder, PART, counts)
    record.save(folder, PART, counts)


def _is_done(tally: dict[str, Any]) -> bool:
    return bool(tally["sent"] >= ASKED and tally["inside"] >= ASKED_INSIDE)


def _command(good: Subject) -> list[str]:
    return good.command(max_frames=_LENGTH, output="a.wav", text=TEXT)


def _undisturbed(good: Subject) -> Undisturbed:
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        started = time.monotonic()
        process = subprocess.Popen(_command(good), cwd=place, stderr=subprocess.DEVNULL)
        while _size(place) <= WAV_HEADER and process.poll() is None:
            time.sleep(0.0005)
        first_s = time.monotonic() - started
        if process.wait(HARD_LIMIT_S) != 0:
            raise SystemExit("the undisturbed run fails")
        last_s = time.monotonic() - started
        return Undisturbed(wav_samples(place / "a.wav").tobytes(), first_s, last_s)


def bound_ms(place: Path) -> float:
    """A frame and a chunk, as this very run has measured both."""
    stats = json.loads((place / "s.json").read_text())
    frame_ms = (stats["generate_ms"] - stats["prefill_ms"]) / max(stats["codec_frames"] - 1, 1)
    return float(frame_ms + stats["codec_ms"] / stats["codec_executes"])


def growing_file(place: Path) -> Path | None:
    """The temporary file beside `a.wav`."""
    return next(iter(place.glob(".*.wav.tmp")), None)


def _size(place: Path) -> int:
    path = growing_file(place)
    try:
        return path.stat().st_size if path else -1
    except FileNotFoundError:
        return -1  # renamed meanwhile


def _one(
    good: Subject,
    reference: Undisturbed,
    samples: bytes,
    name: str,
    number: signal.Signals,
    counts: record.Counts,
) -> None:
    tally = counts[name]
    chance = random.Random(f"{name} {tally['sent']}")
    # Some come before the first chunk and some after the last one: a tenth each.
    span = reference.last_s - reference.first_s
    delay = chance.uniform(
        reference.first_s - min(0.1 * span, 0.3 * reference.first_s), reference.last_s
    )
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        ended = _signalled(good, place, delay, number)
        whole = WAV_HEADER + len(reference.pcm)
        inside = WAV_HEADER < ended.at_signal < whole
        check = _check_killed if number == signal.SIGKILL else _check_interrupted
        problem = check(place, ended, reference)
        if inside and ended.code == 130 and not problem:
            latencies = (ended.exit_ms, ended.last_write_ms, bound_ms(place))
            for key, value in zip(LATENCIES, latencies, strict=True):
                counts[key].append(round(value, 3))
        problem = problem or _check_next(good, place, samples)
    tally["sent"] += 1
    tally["inside"] += inside
    if problem:
        tally["failed"] = tally.get("failed", 0) + 1
        record.add_wrong(counts, f"{name} after {delay:.3f} s: {problem}")


def _signalled(good: Subject, place: Path, delay: float, number: signal.Signals) -> Ended:
    # SIGINT lets the statistics be written; what SIGKILL leaves is the audio's alone.
    more = ["--stats-json", "s.json"] if number == signal.SIGINT else []
    process = subprocess.Popen([*_command(good), *more], cwd=place, stderr=subprocess.PIPE)
    time.sleep(delay)
    return interrupted(process, growing_file(place), number)


def interrupted(
    process: subprocess.Popen[bytes], path: Path | None, number: signal.Signals
) -> Ended:
    """Sends the signal and watches the file that the process writes to, until it has ended."""
    try:
        file = os.open(path, os.O_RDONLY) if path else -1
    except FileNotFoundError:
        file = -1
    at_signal = os.fstat(file).st_size if file >= 0 else -1
    process.send_signal(number)
    sent = last = time.monotonic()
    size = at_signal
    # An open descriptor follows the file through its renaming.
    while process.poll() is None and time.monotonic() - sent < HARD_LIMIT_S:
        if file >= 0 and (now := os.fstat(file).st_size) != size:
            size, last = now, time.monotonic()
        time.sleep(0.0001)
    done = time.monotonic()
    if file >= 0:
        os.close(file)
    process.kill()
    _, errors = process.communicate()
    code = process.returncode
    return Ended(code, at_signal, (done - sent) * 1e3, (last - sent) * 1e3, errors)


def _is_prefix(pcm: bytes, reference: Undisturbed) -> bool:
    return reference.pcm.startswith(pcm)


def _chunk_ends() -> set[int]:
    """Bytes of samples after each chunk."""
    ends, frames, index = {0}, 0, 0
    while frames < _LENGTH:
        frames = min(frames + _CHUNKS[min(index, len(_CHUNKS) - 1)], _LENGTH)
        ends.add(frames * _FRAME_BYTES)
        index += 1
    return ends


def _check_killed(place: Path, ended: Ended, reference: Undisturbed) -> str:
    if (place / "a.wav").exists():
        pcm = wav_samples(place / "a.wav").tobytes()
        return "" if pcm == reference.pcm else "a finished file with other samples"
    if ended.code != -signal.SIGKILL:
        return f"exit code {ended.code}"
    path = growing_file(place)
    content = path.read_bytes() if path else b""
    if not content:
        return ""  # not begun
    if len(content) < WAV_HEADER:
        return f"a file of {len(content)} bytes"
    riff, data = struct.unpack_from("<I", content, 4)[0], struct.unpack_from("<I", content, 40)[0]
    present = len(content) - WAV_HEADER
    if content[:4] != b"RIFF" or riff != data + 36 or data > present:
        return f"header says {data} bytes of {present}"
    # Chunks are written as they are made: what the header does not count is the one under way.
    if present - data > max(_CHUNKS) * _FRAME_BYTES:
        return f"{present - data} bytes lost"
    if data not in _chunk_ends():
        return f"{data} bytes are no whole chunks"
    pcm = content[WAV_HEADER : WAV_HEADER + data]
    return "" if _is_prefix(pcm, reference) else "other samples than the undisturbed run's"


def _check_interrupted(place: Path, ended: Ended, reference: Undisturbed) -> str:
    output = place / "a.wav"
    if ended.code == 0:  # the signal came too late
        finished = output.exists() and wav_samples(output).tobytes() == reference.pcm
        return "" if finished else "exit code 0 without the whole file"
    if ended.code != 130 or ended.stderr.count(b"error: Interrupted: ") != 1:
        return f"exit code {ended.code}: {ended.stderr.decode(errors='replace')[-200:]}"
    left = [path.name for path in place.iterdir() if path.name not in ("a.wav", "s.json")]
    if left:
        return f"left behind: {left}"
    if not output.exists():
        return "no file" if ended.at_signal > WAV_HEADER else ""
    pcm = wav_samples(output).tobytes()
    if not pcm or len(pcm) % _FRAME_BYTES != 0:
        return f"{len(pcm)} bytes of samples"
    at_signal = max(ended.at_signal - WAV_HEADER, 0)
    if len(pcm) < at_signal:
        return f"{len(pcm)} bytes kept of {at_signal} written"
    return "" if _is_prefix(pcm, reference) else "other samples than the undisturbed run's"


def _check_next(good: Subject, place: Path, samples: bytes) -> str:
    """The good request in the same folder, beside what was left there."""
    command = [*good.command(max_frames=FRAMES), "-o", "a.wav"]
    outcome = run_command(command, place, TEXT.encode())
    if outcome.code != 0:
        return f"the next request: exit code {outcome.code}"
    return "" if len(wav_samples(place / "a.wav")) * 4 == len(samples) else "the next request"


def percentiles(values: list[float]) -> tuple[float, float]:
    ordered = sorted(values)
    return statistics.median(ordered), ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]


def rows(folder: Path) -> list[record.Row]:
    counts = record.load(folder, PART)
    table: list[record.Row] = []
    for name, promise in (
        ("SIGKILL", "readable WAV, at most a chunk lost"),
        ("SIGINT", "exit code 130, valid WAV of what was made"),
    ):
        tally = counts.get(name, {"sent": 0, "inside": 0})
        failed = tally.get("failed", 0)
        measured = f"{tally['sent']}, {tally['inside']} inside, {failed} failed"
        asked = f"{ASKED}, {ASKED_INSIDE} between first and last chunk, 0 failed"
        table.append((f"{name}: {promise}", asked, measured, _is_done(tally) and failed == 0))
    if len(counts.get("bound_ms", [])) > 1:
        bounds = percentiles(counts["bound_ms"])
        asked = f"one frame + one chunk of the same runs: {percentiles_text(bounds)}"
        for key, what in (("last_write_ms", "last samples"), ("exit_ms", "exit")):
            latencies = percentiles(counts[key])
            met = all(ms <= bound for ms, bound in zip(latencies, bounds, strict=True))
            table.append((f"SIGINT to {what}", asked, percentiles_text(latencies), met))
    return table


def percentiles_text(percentiles: tuple[float, float]) -> str:
    return f"p50 {percentiles[0]:.2f} ms, p99 {percentiles[1]:.2f} ms"
