"""The order of work: fresh processes, in turn, so that noise falls on all alike."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from . import split
from .artefacts import CODEC, MODEL, Figures, note
from .machine import drop_cache
from .speech import load, measure, measure_again, measure_long

TASKS = ("load", "speech", "again", "parts", "growth", "codec", "operators", "long")
_PER_ROUND = ("load", "speech", "parts", "growth", "codec")
_VOICES = "VOXTRAL_TTS_CACHE"  # names the folder in which the library keeps voices


def perform(task: str, folder: Path, settings: Figures) -> object:
    """What a child process does; returns what it prints as JSON."""
    if task == "load":
        return load(folder)
    if task == "speech":
        return measure(folder, settings["frames"], settings["text"], settings["bandwidth"])
    if task == "again":
        return measure_again(folder, settings["frames"])
    if task == "parts":
        return split.parts(folder, settings["position"], settings["repeats"])
    if task == "growth":
        return split.growth(folder, settings["growth"], settings["repeats"])
    if task == "codec":
        return split.codec(folder, settings["repeats"])
    if task == "operators":
        return split.operators(folder, settings["position"], settings["repeats"])
    return measure_long(folder, settings["text"], settings["room"])


def in_process(task: str, folder: Path, settings: Figures, voices: Path) -> Figures:
    """`perform` in a process of its own."""
    command = [sys.executable, "-m", "voxtral_tts.bench", "--task", task]
    command += ["--exported", str(folder), "--settings", json.dumps(settings)]
    process = subprocess.run(command, stdout=subprocess.PIPE, env=_environment(voices))
    if process.returncode != 0:  # it has said why on our stderr
        raise SystemExit(f"the run failed: {task}")
    figures: Figures = json.loads(process.stdout)
    return figures


def once(task: str, folder: Path, settings: Figures) -> Figures:
    """`in_process`, with no voice kept from before."""
    with tempfile.TemporaryDirectory() as voices:
        return in_process(task, folder, settings, Path(voices))


def _environment(voices: Path) -> dict[str, str]:
    return {**os.environ, _VOICES: str(voices)}


def run(folders: dict[str, Path], runs: int, settings: Figures) -> dict[str, list[Figures]]:
    """For every backend a list of runs; each has what every task of a round returned."""
    results: dict[str, list[Figures]] = {backend: [] for backend in folders}
    for index in range(runs):
        for backend, folder in folders.items():
            note(f"round {index + 1} of {runs}: {backend}")
            dropped = drop_cache(folder / name for name in (MODEL, CODEC))
            result: Figures = {"cache_dropped": dropped}
            with tempfile.TemporaryDirectory() as voices:
                for task in _PER_ROUND:
                    result[task] = in_process(task, folder, settings, Path(voices))
                again = in_process("again", folder, settings, Path(voices))
                if again.get("prefix_source") == "disk":  # MLX keeps no voices there
                    result["again"] = again
            results[backend].append(result)
    return results


def allocations(counter: Path, folder: Path) -> Figures:
    """Allocations of frames, as the counter that is built with the tests prints them."""
    command = [str(counter), str(folder / MODEL), str(folder / CODEC)]
    with tempfile.TemporaryDirectory() as voices:
        environment = _environment(Path(voices))
        process = subprocess.run(command, stdout=subprocess.PIPE, check=True, env=environment)
    counted: Figures = json.loads(process.stdout)
    return counted
