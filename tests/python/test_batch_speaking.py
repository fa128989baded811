"""A batch with a model: what is spoken, and what is left after every kind of end."""

from __future__ import annotations

import json
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from batches import (
    TIMEOUT_S,
    WAV_HEADER,
    arguments,
    assert_whole,
    job,
    results,
    spoken,
    write_jobs,
)
from command_line import wav_samples
from voxtral_tts.batch import Job, ModelFiles
from voxtral_tts.cli.main import main

FRAMES = 6


@pytest.fixture(scope="session")
def files(exported: Path) -> ModelFiles:
    return ModelFiles(
        str(exported / "model.pte"),
        str(exported / "codec_decoder.pte"),
        num_threads=1,
        voice_cache="memory",
    )


# What is spoken


def test_a_batch_is_what_speak_says_item_by_item(
    files: ModelFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    jobs = write_jobs(
        tmp_path / "jobs.jsonl",
        [
            job("one", "The first."),
            job("bad/id"),
            job("two", "Le deuxième. Et la fin.", voice="fr_female", seed=5, max_frames=9),
            job("nobody", voice="nobody"),
            job("empty", "  "),
            job("raw", "The last.", format="pcm", temperature=0.5, cfg_alpha=1.5),
        ],
    )
    folder = tmp_path / "out"
    assert main(arguments(files, jobs, folder, "--max-frames", FRAMES)) == 1
    output = capsys.readouterr()
    found = [json.loads(line) for line in output.out.splitlines()]
    assert found == results(folder)
    assert_whole(folder)
    by_id = {result["id"]: result for result in found}
    failed = {name: result for name, result in by_id.items() if result["status"] == "failed"}
    assert {name: result["error_class"] for name, result in failed.items()} == {
        "bad/id": "Usage",
        "nobody": "Voice",
        "empty": "Text",
    }
    assert {name: result["exit_code"] for name, result in failed.items()} == {
        "bad/id": 2,
        "nobody": 6,
        "empty": 7,
    }
    assert failed["bad/id"]["line"] == 2
    assert output.err.count("failed: ") == 3
    two = Job("two", "Le deuxième. Et la fin.", "fr_female", seed=5, max_frames=9)
    raw = Job("raw", "The last.", temperature=0.5, cfg_alpha=1.5, max_frames=FRAMES)
    assert wav_samples(folder / "two.wav").tobytes() == spoken(files, two)
    assert (folder / "raw.pcm").read_bytes() == spoken(files, raw)
    one = by_id["one"]
    assert (one["status"], one["frames"], one["finish_reason"]) == ("ok", FRAMES, "length")
    assert one["seconds"] == pytest.approx((one["size"] - WAV_HEADER) / 48000, abs=1e-3)
    assert one["rtf"] == pytest.approx(one["wall_s"] / one["seconds"], rel=0.05)


def test_a_segment_that_misses_its_end_is_truncated(files: ModelFiles, tmp_path: Path) -> None:
    """The random model never ends: the segment is spoken twice, then cut at its budget."""
    jobs = write_jobs(tmp_path / "jobs.jsonl", [job("a", "Hi.")])
    assert main(arguments(files, jobs, tmp_path / "out")) == 0
    (result,) = results(tmp_path / "out")
    assert (result["status"], result["exit_code"], result["retries"]) == ("truncated", 10, 1)
    assert "no end of speech" in result["warnings"][0]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--seed", -1), "--seed"),
        (("--format", "mp3", "--sample-rate", 12345), "sample rate 12345: mp3"),
        (("--nonsense",), "--nonsense"),
    ],
)
def test_a_flag_that_cannot_be_is_no_bad_item(
    files: ModelFiles,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    flags: tuple[object, ...],
    message: str,
) -> None:
    jobs = write_jobs(tmp_path / "jobs.jsonl", [job("a")])
    assert main(arguments(files, jobs, tmp_path / "out", *flags)) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_job_file_that_is_not_there(
    files: ModelFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments(files, tmp_path / "none", tmp_path / "out")) == 2
    assert capsys.readouterr().err.startswith("error: Usage: cannot read ")


# Ends

JOURNALED = """
import sys
from pathlib import Path
from voxtral_tts.batch import run
from voxtral_tts.cli.main import main

journal = Path(sys.argv.pop(1))
speak_job = run.speak_job

def journaled(runner, job, fingerprint, pending):
    with journal.open("a") as file:
        file.write(f"begin {job.id}\\n")
    result = speak_job(runner, job, fingerprint, pending)
    with journal.open("a") as file:
        file.write(f"end {job.id}\\n")
    return result

run.speak_job = journaled
sys.exit(main(sys.argv[1:]))
"""


class Journaled:
    """A batch as a process that notes when it begins and ends an item."""

    def __init__(self, files: ModelFiles, folder: Path, *jobs: Any, frames: int = 40) -> None:
        self.folder = folder / "out"
        self.journal = folder / "journal"
        self.journal.touch()
        path = write_jobs(folder / "jobs.jsonl", jobs)
        script = folder / "journaled.py"
        script.write_text(JOURNALED)
        flags = arguments(files, path, self.folder, "--max-frames", frames)
        self._command = [sys.executable, str(script), str(self.journal), *flags]

    def start(self, **options: Any) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self._command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options
        )

    def finish(self, **options: Any) -> tuple[int, bytes]:
        with self.start(**options) as process:
            _, messages = process.communicate(timeout=TIMEOUT_S)
        return process.returncode, messages

    def noted(self, kind: str) -> list[str]:
        lines = self.journal.read_text().splitlines()
        return [line.split()[1] for line in lines if line.startswith(f"{kind} ")]

    def wait_for(self, count: int) -> None:
        """Until `count` items were begun."""
        deadline = time.monotonic() + TIMEOUT_S
        while len(self.noted("begin")) < count:
            assert time.monotonic() < deadline
            time.sleep(0.002)


def test_a_batch_that_is_killed_again_and_again_repeats_nothing(
    files: ModelFiles, tmp_path: Path
) -> None:
    chance = random.Random(7)
    names = [f"item{index}" for index in range(20)]
    batch = Journaled(files, tmp_path, *(job(name, f"This is {name}.", seed=3) for name in names))
    kills = 0
    while True:
        begun = len(batch.noted("begin"))
        process = batch.start()
        target = begun + chance.randint(1, 2)
        while process.poll() is None and len(batch.noted("begin")) < target:
            time.sleep(0.002)
        time.sleep(chance.uniform(0, 0.05))
        process.kill()
        process.communicate()
        if process.returncode != -signal.SIGKILL:
            break
        kills += 1
    assert process.returncode == 0
    assert kills >= 4
    begins, ends = batch.noted("begin"), batch.noted("end")
    lines = batch.journal.read_text().splitlines()
    for name in ends:
        assert f"begin {name}" not in lines[lines.index(f"end {name}") :], "completed, yet repeated"
    assert len(begins) <= len(names) + kills, "only what a kill interrupted was begun again"
    found = results(batch.folder)
    assert sorted(result["id"] for result in found) == sorted(names)
    assert {result["status"] for result in found} == {"ok"}
    assert_whole(batch.folder)
    for name in names[::5]:
        expected = spoken(files, Job(name, f"This is {name}.", seed=3, max_frames=40))
        assert wav_samples(batch.folder / f"{name}.wav").tobytes() == expected


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_item_that_a_signal_cuts_is_not_done(
    files: ModelFiles, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    batch = Journaled(files, tmp_path, job("a"), job("b"), job("c"), frames=200)
    with batch.start() as process:
        batch.wait_for(2)
        time.sleep(0.02)
        process.send_signal(number)
        _, messages = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == code
    assert b"error: Interrupted: SIG" in messages
    assert b"Traceback" not in messages
    assert batch.noted("end") == ["a"]
    assert [result["id"] for result in results(batch.folder)] == ["a"]
    assert_whole(batch.folder)
    assert batch.finish()[0] == 0
    assert batch.noted("end") == ["a", "b", "c"]
    assert_whole(batch.folder)


def test_a_full_disk_stops_the_batch_and_fails_no_item(files: ModelFiles, tmp_path: Path) -> None:
    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    batch = Journaled(files, tmp_path, job("a", max_frames=10), job("b"), job("c"))
    code, messages = batch.finish(preexec_fn=limit)
    assert code == 8
    assert messages.splitlines()[-1].startswith(b"error: OutputIO: cannot write")
    assert [result["id"] for result in results(batch.folder)] == ["a"]
    assert batch.finish()[0] == 0
    assert batch.noted("end") == ["a", "b", "c"]
    assert_whole(batch.folder)
