"""What the tests of batches share."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from exporting import ROOT
from voxtral_tts._native import _core
from voxtral_tts.batch import (
    Job,
    ModelFiles,
    OutputFolder,
    Result,
    Summary,
    read_jobs,
    run_batch,
)
from voxtral_tts.batch.results import LOG_NAME, make_durable
from voxtral_tts.files import sha256_of

WAV_HEADER = 44  # bytes
TIMEOUT_S = 120


def write_jobs(path: Path, jobs: Iterable[Any]) -> Path:
    """A job file: a line per item, a string as it is, anything else as JSON."""
    lines = [job if isinstance(job, str) else json.dumps(job) for job in jobs]
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def results(folder: Path) -> list[dict[str, Any]]:
    """The lines of results.jsonl; each has to be whole."""
    content = (folder / LOG_NAME).read_bytes()
    assert not content or content.endswith(b"\n")
    return [json.loads(line) for line in content.splitlines()]


def assert_whole(folder: Path) -> None:
    """Every result's audio is there as it says, and there is nothing else."""
    last = {result["line"] or result["id"]: result for result in results(folder)}
    for result in last.values():
        if result["audio"] is not None:
            assert sha256_of(folder / result["audio"]) == (result["sha256"], result["size"])
    expected = {LOG_NAME} | {result["audio"] for result in last.values() if result["audio"]}
    assert {path.name for path in folder.iterdir()} == expected


def spoken(files: ModelFiles, job: Job) -> bytes:
    """16-bit samples of a job, by the call that a batch is compared with."""
    with files.open() as runner:
        speech = runner.speak(
            job.text,
            voice=job.voice,
            language=job.language,
            normalize=job.normalize,
            hold_segments=True,
            seed=job.seed,
            temperature=job.temperature,
            cfg_alpha=job.cfg_alpha,
            max_frames=job.max_frames,
        )
        return bytes(_core.to_s16le(speech.samples()))


def examples(language: str) -> list[str]:
    """The blocks of docs/batch.md in a language."""
    page = (ROOT / "docs" / "batch.md").read_text()
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.M | re.S)


def run_shell(script: str, folder: Path, exported: Path) -> subprocess.CompletedProcess[str]:
    """Runs an example in a folder where the exported files are in `voxtral`."""
    if not (folder / "voxtral").exists():
        (folder / "voxtral").symlink_to(exported)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = 'voxtral-tts() { python -m voxtral_tts "$@"; }'
    return subprocess.run(
        ["bash", "-euc", f"{command}\n{script}"],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )


class FakeSpeaker:
    """Speaks without a model; remembers which jobs it was given."""

    def __init__(self, *failing: str) -> None:
        self.spoken: list[str] = []
        self._failing = failing

    def __call__(self, tasks: list[tuple[Job, str]], pending: Path) -> Any:
        for job, fingerprint in tasks:
            self.spoken.append(job.id)
            if job.id in self._failing:
                yield Result(
                    job.id, "failed", fingerprint, error_class="Text", error="no", exit_code=7
                )
                continue
            path = pending / job.audio_name
            path.write_bytes(f"{job.text} {job.seed}".encode())
            digest, size = sha256_of(path)
            result = Result(
                job.id, "ok", fingerprint, audio=path.name, size=size, sha256=digest, seconds=1.0
            )
            make_durable(pending, result)
            yield result


class Batch:
    """One folder and one job file, run again and again without a model."""

    def __init__(self, files: ModelFiles, folder: Path, *jobs: Any) -> None:
        self.files, self.folder = files, folder
        self.jobs = write_jobs(folder.with_suffix(".jsonl"), jobs)

    def run(self, *failing: str, **options: Any) -> tuple[list[str], Summary]:
        """Which jobs were spoken, and the summary."""
        speaker = FakeSpeaker(*failing)
        with self.jobs.open("rb") as file, OutputFolder(self.folder) as folder:
            summary = run_batch(
                read_jobs(file, {}), folder, self.files, speak_all=speaker, **options
            )
        return speaker.spoken, summary


def job(name: str, text: str = "Hello.", **members: Any) -> dict[str, Any]:
    return {"id": name, "text": text, **members}


def arguments(files: ModelFiles, jobs: Path, folder: Path, *more: object) -> list[str]:
    found = ["batch", jobs, "--output-dir", folder, "--model", files.model, "--codec", files.codec]
    return [str(part) for part in (*found, "--threads", 1, "--voice-cache", "memory", *more)]
