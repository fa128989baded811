"""Mutated program files in our process and in that of ExecuTorch's wheel: how often they crash.

Each file is loaded, and run when it loads, in a child of its own. The children are forked from a
process that has imported everything and has no thread of the runtime yet.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import random
import shutil
import signal
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from command_line import TEXT

from . import record
from .subject import HARD_LIMIT_S, Subject, subject

PART = "mutated_programs"
ASKED = 5000
_CASE_LIMIT_S = 10
_SAVE_EVERY = 50
_WORDS = (0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_HEADER_BYTES = 64
_LOADERS = {
    "manifest": "our process, its manifest beside the file",
    "ours": "our process, no manifest (InternalConsistency)",
    "wheel": "executorch.runtime, its default (InternalConsistency)",
    "minimal": "executorch.runtime, Verification.Minimal (Module::load's default)",
}
_OUTCOMES = ("refused", "ran", "hung", "crashed")


def mutated(content: bytes, index: int) -> bytes:
    """1 to 3 bytes or words changed, in the header and the tables mostly; or cut short."""
    chance = random.Random(f"mutated {index}")
    if chance.random() < 0.05:
        return content[: chance.randrange(len(content))]
    tables = int.from_bytes(content[16:24], "little")  # program_size of the extended header
    changed = bytearray(content)
    for _ in range(chance.randint(1, 3)):
        spans = [(0, _HEADER_BYTES), (_HEADER_BYTES, tables), (0, len(content) - 4)]
        begin, end = chance.choices(spans, (30, 55, 15))[0]
        at = chance.randrange(begin, end)
        kind = chance.randrange(3)
        if kind == 0:
            changed[at] = chance.randrange(256)
        elif kind == 1:
            changed[at] ^= 1 << chance.randrange(8)
        else:
            word = chance.choice((*_WORDS, chance.randrange(1 << 32)))
            changed[at : at + 4] = word.to_bytes(4, "little")
    return bytes(changed)


def run(folder: Path, seconds: float, full: bool) -> None:
    """Goes on behind the last file of earlier runs, until 5,000 are done or time is over."""
    good = subject()
    until = time.monotonic() + seconds
    counts = record.load(folder, PART)
    content = Path(good.files["model"]).read_bytes()
    for loader in _LOADERS:
        counts.setdefault(loader, dict.fromkeys(_OUTCOMES, 0))
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        place = Path(name)
        with_manifest, without = place / "manifest", place / "none"
        with_manifest.mkdir()
        without.mkdir()
        shutil.copyfile(good.exported / "manifest.json", with_manifest / "manifest.json")
        servers = {loader: stack.enter_context(_Server(loader, good)) for loader in _LOADERS}
        while _tried(counts) < ASKED and time.monotonic() < until:
            index = counts.setdefault("next", 0)
            counts["next"] += 1
            changed = mutated(content, index)
            if changed == content:  # a word that was there before
                continue
            for file in (with_manifest / "model.pte", without / "model.pte"):
                file.write_bytes(changed)
            for loader, server in servers.items():
                place = with_manifest if loader == "manifest" else without
                outcome = server.ask(place / "model.pte")
                counts[loader][outcome] += 1
                if loader == "manifest" and outcome in ("hung", "crashed"):
                    record.add_wrong(counts, f"file {index} {outcome} with its manifest")
            if index % _SAVE_EVERY == 0:
                record.save(folder, PART, counts)
    record.save(folder, PART, counts)


def _tried(counts: record.Counts) -> int:
    """Files that differed from the good one; every loader had each."""
    return sum(counts.get("manifest", {}).values())


class _Server:
    """A process that forks a child per file."""

    def __init__(self, loader: str, good: Subject) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        # NumPy's own threads would not survive a fork.
        os.environ["OPENBLAS_NUM_THREADS"] = "1"
        arguments = (theirs, loader, good)
        self._process = context.Process(target=_serve, args=arguments, daemon=True)

    def __enter__(self) -> _Server:
        self._process.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.send(None)
        self._process.join(HARD_LIMIT_S)

    def ask(self, file: Path) -> str:
        self._connection.send(file)
        outcome: str = self._connection.recv()
        return outcome


def _serve(connection: Connection, loader: str, good: Subject) -> None:
    os.environ["VOXTRAL_TTS_CACHE"] = "/nonexistent"
    load = _load_ours if loader in ("manifest", "ours") else _load_in_wheel(loader)
    silence = os.open("/dev/null", os.O_WRONLY)
    while (file := connection.recv()) is not None:
        child = os.fork()
        if child == 0:
            os.dup2(silence, 1)
            os.dup2(silence, 2)
            signal.alarm(_CASE_LIMIT_S)
            try:
                load(good, file)
            except BaseException:
                os._exit(1)
            os._exit(0)
        connection.send(_outcome(os.waitpid(child, 0)[1]))


def _outcome(status: int) -> str:
    if os.WIFSIGNALED(status):
        return "hung" if os.WTERMSIG(status) == signal.SIGALRM else "crashed"
    return {0: "ran", 1: "refused"}.get(os.WEXITSTATUS(status), "crashed")


def _load_ours(good: Subject, file: Path) -> None:
    from voxtral_tts import Runner

    files = {**good.files, "model": str(file)}
    with Runner(**files, num_threads=1, voice_cache="off") as runner:  # type: ignore[arg-type]
        runner.synthesize(TEXT, max_frames=2)


def _load_in_wheel(loader: str) -> Any:
    """Every method loaded, and executed with zeros, through ExecuTorch's own Python runtime."""
    import torch
    from executorch.runtime import Runtime, Verification

    from voxtral_tts import Runner, errors

    # Registers our operators in the process; there is nothing to load.
    with contextlib.suppress(errors.ModelLoadError):
        Runner("nowhere.pte", "nowhere.pte", num_threads=1)
    runtime = Runtime.get()
    chosen = {} if loader == "wheel" else {"verification": Verification.Minimal}

    def load(good: Subject, file: Path) -> None:
        program = runtime.load_program(file, **chosen)
        for name in sorted(program.method_names):
            method = program.load_method(name)
            metadata = method.metadata
            inputs = []
            for i in range(metadata.num_inputs()):
                tensor = metadata.input_tensor_meta(i)
                dtype = {6: torch.float32, 4: torch.int64, 3: torch.int32}[tensor.dtype()]
                inputs.append(torch.zeros(tensor.sizes(), dtype=dtype))
            method.execute(inputs)

    return load


def rows(folder: Path) -> list[record.Row]:
    counts = record.load(folder, PART)
    table = []
    for loader, words in _LOADERS.items():
        tally = counts.get(loader, dict.fromkeys(_OUTCOMES, 0))
        files = sum(tally.values())
        bad = tally["crashed"] + tally["hung"]
        rate = f"{100 * bad / files:.2f} %" if files else "not run"
        measured = (
            f"{bad:,} of {files:,}: {rate} ({tally['crashed']} crashed, {tally['hung']} hung)"
        )
        is_promise = loader == "manifest"
        asked = f"{ASKED:,}, 0 crashes" if is_promise else f"{ASKED:,}, rate published"
        met = files >= ASKED and (bad == 0 or not is_promise)
        table.append((f"mutated .pte: {words}", asked, measured, met))
    return table
