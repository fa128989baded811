"""A batch without a model: what is skipped, the folder, what a person sees."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest

from batches import Batch, assert_whole, job, results, write_jobs
from voxtral_tts import BusyError, OutputError, UsageError
from voxtral_tts.batch import ModelFiles, OutputFolder, read_jobs, run_batch
from voxtral_tts.batch import results as results_module
from voxtral_tts.batch.report import ConsoleReporter
from voxtral_tts.batch.results import LOG_NAME


@pytest.fixture
def fake_files(tmp_path: Path) -> ModelFiles:
    """Files that are no model: for runs that do not load one."""
    for name in ("model.pte", "codec_decoder.pte", "tekken.json"):
        (tmp_path / name).write_text(name)
    return ModelFiles(str(tmp_path / "model.pte"), str(tmp_path / "codec_decoder.pte"))


@pytest.fixture
def batch(fake_files: ModelFiles, tmp_path: Path) -> Batch:
    return Batch(fake_files, tmp_path / "out", job("a"), "{", job("b"), job("c"))


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
    mixed = "neutral_female:0.6+other:0.4"
    jobs = [job("a"), job("b", voice="other"), job("c", voice="neutral_female")]
    jobs.append(job("d", voice=mixed))
    batch = Batch(fake_files, tmp_path / "out", *jobs)
    batch.run()
    (voices / "neutral_female.pt").write_text("changed")
    assert batch.run()[0] == ["a", "c", "d"]
    (voices / "other.pt").write_text("changed")
    assert batch.run()[0] == ["b", "d"]


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
