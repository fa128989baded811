"""A batch: what is spoken, what is skipped, what is left after every kind of end."""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from batches import WAV_HEADER, FakeSpeaker, assert_whole, results, spoken, write_jobs
from command_line import wav_samples
from voxtral_tts import BusyError, OutputError, UsageError
from voxtral_tts.batch import Job, ModelFiles, OutputFolder, Summary, cli, read_jobs, run_batch
from voxtral_tts.batch import results as results_module
from voxtral_tts.batch.report import ConsoleReporter
from voxtral_tts.batch.results import LOG_NAME

FRAMES = 6
TIMEOUT_S = 120


@pytest.fixture(scope="session")
def files(exported: Path) -> ModelFiles:
    return ModelFiles(
        str(exported / "model.pte"),
        str(exported / "codec_decoder.pte"),
        num_threads=1,
        voice_cache="memory",
    )


@pytest.fixture
def fake_files(tmp_path: Path) -> ModelFiles:
    """Files that are no model: for runs that do not load one."""
    for name in ("model.pte", "codec_decoder.pte", "tekken.json"):
        (tmp_path / name).write_text(name)
    return ModelFiles(str(tmp_path / "model.pte"), str(tmp_path / "codec_decoder.pte"))


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


@pytest.fixture
def batch(fake_files: ModelFiles, tmp_path: Path) -> Batch:
    return Batch(fake_files, tmp_path / "out", job("a"), "{", job("b"), job("c"))


# What is spoken


def arguments(files: ModelFiles, jobs: Path, folder: Path, *more: object) -> list[str]:
    found = [jobs, "--output-dir", folder, "--model", files.model, "--codec", files.codec]
    return [str(part) for part in (*found, "--threads", 1, "--voice-cache", "memory", *more)]


def run_command(*parts: str) -> int:
    parser = argparse.ArgumentParser()
    cli.add_arguments(parser)
    return cli.run(parser.parse_args(parts))


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
    assert run_command(*arguments(files, jobs, folder, "--max-frames", FRAMES)) == 1
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
    assert run_command(*arguments(files, jobs, tmp_path / "out")) == 0
    (result,) = results(tmp_path / "out")
    assert (result["status"], result["exit_code"], result["retries"]) == ("truncated", 10, 1)
    assert "no end of speech" in result["warnings"][0]


def test_a_flag_out_of_its_range_is_no_bad_item(files: ModelFiles, tmp_path: Path) -> None:
    jobs = write_jobs(tmp_path / "jobs.jsonl", [job("a")])
    with pytest.raises(UsageError, match="seed"):
        run_command(*arguments(files, jobs, tmp_path / "out", "--seed", -1))
    with pytest.raises(UsageError, match="No such file"):
        run_command(*arguments(files, tmp_path / "none", tmp_path / "out"))
    assert not (tmp_path / "out").exists()


# What is skipped


def test_a_second_run_speaks_nothing_and_loads_no_model(batch: Batch) -> None:
    done, summary = batch.run()
    assert done == ["a", "b", "c"]
    assert (summary.ok, summary.failed, summary.skipped, summary.exit_code) == (3, 1, 0, 1)
    assert_whole(batch.folder)
    before = results(batch.folder)
    with batch.jobs.open("rb") as file, OutputFolder(batch.folder) as folder:
        again = run_batch(read_jobs(file, {}), folder, batch.files)  # would fail to load
    assert (again.ok, again.failed, again.skipped, again.exit_code) == (3, 1, 4, 1)
    assert results(batch.folder) == before


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda batch: (batch.folder / "b.wav").unlink(), ["b"]),
        (lambda batch: (batch.folder / "b.wav").write_bytes(b"Hello. 43"), ["b"]),
        (lambda batch: (batch.folder / "b.wav").write_bytes(b"Hello"), ["b"]),
        (lambda batch: write_jobs(batch.jobs, [job("a"), job("b", seed=1), job("c")]), ["b"]),
        (lambda batch: write_jobs(batch.jobs, [job("a"), job("d"), job("c")]), ["d"]),
        (lambda batch: Path(batch.files.model).write_text("other"), ["a", "b", "c"]),
        (lambda batch: Path(batch.files.tokenizer_path).write_text("other"), ["a", "b", "c"]),
    ],
    ids=["audio gone", "changed", "shorter", "job changed", "added", "model", "tokenizer"],
)
def test_what_changed_is_spoken_again(batch: Batch, change: Any, expected: list[str]) -> None:
    batch.run()
    change(batch)
    assert batch.run()[0] == expected
    assert_whole_but(batch.folder, "b.wav" if "d" in expected else None)
    assert batch.run()[0] == []


def assert_whole_but(folder: Path, name: str | None) -> None:
    """Whole, and the audio of a job that is no longer in the job file stays."""
    if name is not None:
        assert (folder / name).exists()
    assert_whole(folder)


def test_a_voice_that_changed_is_spoken_again(fake_files: ModelFiles, tmp_path: Path) -> None:
    voices = tmp_path / "voice_embedding"
    voices.mkdir()
    for name in ("neutral_female", "other"):
        (voices / f"{name}.pt").write_text(name)
    jobs = [job("a"), job("b", voice="other"), job("c", voice="neutral_female")]
    batch = Batch(fake_files, tmp_path / "out", *jobs)
    batch.run()
    (voices / "neutral_female.pt").write_text("changed")
    assert batch.run()[0] == ["a", "c"]
    (voices / "other.pt").write_text("changed")
    assert batch.run()[0] == ["b"]


def test_the_manifest_says_what_a_program_is(fake_files: ModelFiles, tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.json"

    def describe(sha256: str) -> None:
        entry = {"bytes": len("model.pte"), "sha256": sha256}
        manifest.write_text(json.dumps({"files": {"model.pte": entry}}))

    batch = Batch(fake_files, tmp_path / "out", job("a"))
    describe("1")
    batch.run()
    assert batch.run()[0] == []
    describe("2")
    assert batch.run()[0] == ["a"]


def test_what_failed_is_tried_again_when_asked(batch: Batch) -> None:
    _, summary = batch.run("b")
    assert (summary.ok, summary.failed) == (2, 2)
    assert batch.run()[0] == []
    assert batch.run()[1].exit_code == 1
    done, summary = batch.run(retry_failed=True)
    assert (done, summary.ok, summary.failed) == (["b"], 3, 1)
    write_jobs(batch.jobs, [job("a"), job("b"), job("c")])
    assert batch.run()[1].exit_code == 0


def test_a_job_that_now_fails_has_no_audio(batch: Batch) -> None:
    batch.run()
    write_jobs(batch.jobs, [job("a", "Other."), job("b", format="pcm"), job("c")])
    assert batch.run("a")[0] == ["a", "b"]
    assert_whole(batch.folder)
    assert {path.name for path in batch.folder.iterdir()} == {LOG_NAME, "b.pcm", "c.wav"}


def test_fail_fast_begins_nothing_after_a_failure(batch: Batch) -> None:
    assert batch.run(fail_fast=True)[0] == []  # the bad line comes first
    write_jobs(batch.jobs, [job("a"), job("b"), job("c")])
    done, summary = batch.run("b", fail_fast=True)
    assert (done, summary.exit_code) == (["a", "b"], 1)
    assert batch.run()[0] == ["c"]


# The folder


def test_two_batches_do_not_share_a_folder(batch: Batch) -> None:
    with OutputFolder(batch.folder) as first:
        with pytest.raises(BusyError, match="another batch"):
            OutputFolder(batch.folder)
        assert first.pending.is_dir()
    batch.run()
    assert_whole(batch.folder)


def test_a_torn_last_line_is_healed(batch: Batch) -> None:
    batch.run()
    log = batch.folder / LOG_NAME
    content = log.read_bytes()
    last = len(content.splitlines(keepends=True)[-1])
    for cut in (1, 5, last // 2, last - 1):
        log.write_bytes(content[:-cut])
        assert batch.run()[0] == ["c"]
        assert len(results(batch.folder)) == 4
        assert_whole(batch.folder)


@pytest.mark.parametrize("line", [b"nonsense\n", b'{"id": "a"}\n', b"[]\n", b"\0\0\n"])
def test_a_log_of_another_program_is_left_alone(batch: Batch, line: bytes) -> None:
    batch.run()
    log = batch.folder / LOG_NAME
    content = line + log.read_bytes()
    log.write_bytes(content)
    with pytest.raises(UsageError, match=r"results\.jsonl, line 1"):
        batch.run()
    assert log.read_bytes() == content


def test_a_log_cannot_name_a_file_elsewhere(batch: Batch) -> None:
    batch.run()
    log = batch.folder / LOG_NAME
    log.write_bytes(log.read_bytes().replace(b'"audio": "a.wav"', b'"audio": "../a.wav"'))
    with pytest.raises(UsageError, match="not a file name"):
        batch.run()


def test_a_folder_that_is_a_file_is_an_output_error(batch: Batch) -> None:
    batch.folder.write_text("")
    with pytest.raises(OutputError):
        batch.run()


class Killed(BaseException):
    """Where a process would have been killed."""


STEPS = ("replace", "unlink", "write", "fsync", "rmdir", "truncate")


@pytest.mark.parametrize("is_done_before", [False, True], ids=["before", "after"])
def test_after_a_kill_at_any_step_nothing_that_was_noted_is_spoken_again(
    fake_files: ModelFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_done_before: bool
) -> None:
    noted: list[str] = []
    original = results_module.make_durable

    def make_durable(pending: Path, result: Any) -> None:
        original(pending, result)
        noted.append(result.id)

    monkeypatch.setattr("batches.make_durable", make_durable)
    step = 0
    while True:
        batch = Batch(fake_files, tmp_path / f"out{step}", job("a"), job("b"))
        noted.clear()
        with monkeypatch.context() as patch:
            left = step

            def killing(function: Any) -> Any:
                def call(*args: Any, **options: Any) -> Any:
                    nonlocal left
                    left -= 1
                    is_last = left < 0
                    if is_last and not is_done_before:
                        raise Killed
                    value = function(*args, **options)
                    if is_last:
                        raise Killed
                    return value

                return call

            for name in STEPS:
                patch.setattr(os, name, killing(getattr(os, name)))
            try:
                batch.run()
            except Killed:
                pass
            else:
                break
        was_noted = list(noted)
        again = batch.run()[0]
        assert not set(again) & set(was_noted), f"step {step}"
        assert len(again) + len(was_noted) <= 3, f"step {step}: one was in work"
        assert_whole(batch.folder)
        assert [result["id"] for result in results(batch.folder)] == ["a", "b"]
        step += 1
    assert step >= 12  # two items, six steps each


# Ends

JOURNALED = """
import sys
from pathlib import Path
import argparse
from voxtral_tts.batch import cli, run

journal = Path(sys.argv[1])
speak_job = run.speak_job

def journaled(runner, job, fingerprint, pending):
    with journal.open("a") as file:
        file.write(f"begin {job.id}\\n")
    result = speak_job(runner, job, fingerprint, pending)
    with journal.open("a") as file:
        file.write(f"end {job.id}\\n")
    return result

run.speak_job = journaled
parser = argparse.ArgumentParser()
cli.add_arguments(parser)
sys.exit(cli.run(parser.parse_args(sys.argv[2:])))
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
    names = [f"item{index}" for index in range(12)]
    batch = Journaled(files, tmp_path, *(job(name, f"This is {name}.", seed=3) for name in names))
    kills = 0
    while True:
        begun = len(batch.noted("begin"))
        process = batch.start()
        target = begun + chance.randint(1, 3)
        while process.poll() is None and len(batch.noted("begin")) < target:
            time.sleep(0.002)
        time.sleep(chance.uniform(0, 0.15))
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
    assert b"interrupted" in messages
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
    assert code == 1  # of this test's script: the command line makes it 8
    assert b"OutputError" in messages
    assert [result["id"] for result in results(batch.folder)] == ["a"]
    assert batch.finish()[0] == 0
    assert batch.noted("end") == ["a", "b", "c"]
    assert_whole(batch.folder)


# What a person sees


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_bar_is_for_terminals(batch: Batch) -> None:
    terminal, plain, output = Terminal(), io.StringIO(), io.StringIO()
    batch.run("b", reporter=ConsoleReporter(output=output, messages=terminal))
    assert len(output.getvalue().splitlines()) == 4
    shown = terminal.getvalue()
    assert "[########                ] 2/4  1 failed" in shown
    assert " left" in shown
    assert "failed: Text: b: no" in shown
    assert shown.rstrip().endswith("RTF 0.00") or "2 ok, 0 truncated, 2 failed" in shown
    batch.run(retry_failed=True, reporter=ConsoleReporter(output=output, messages=plain))
    assert "[" not in plain.getvalue()
    assert "1 items to do, 3 done before" in plain.getvalue()


def test_quiet_tells_failures_only(batch: Batch) -> None:
    terminal, output = Terminal(), io.StringIO()
    batch.run(reporter=ConsoleReporter(quiet=True, output=output, messages=terminal))
    assert terminal.getvalue().startswith("failed: Usage: line 2: not valid JSON")
    assert len(terminal.getvalue().splitlines()) == 1
