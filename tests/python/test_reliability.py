"""The harness of docs/reliability.md: its inputs are bad, and it notices what is wrong."""

from __future__ import annotations

import io
import json
from collections import Counter
from pathlib import Path

import pytest
import torch

from reliability import (
    bad_flags,
    bad_inputs,
    bad_outputs,
    bad_texts,
    bad_tokenizers,
    bad_voices,
    kills,
    leaks,
    mutated_programs,
    pt_files,
    record,
)
from reliability.__main__ import table
from reliability.case import Case, problems_of
from reliability.runs import Outcome, run
from reliability.subject import Subject


@pytest.fixture(scope="module")
def good(exported: Path, runner_binary: Path) -> Subject:
    return Subject(runner_binary, exported)


@pytest.mark.parametrize("kind", ["FloatStorage", "HalfStorage", "BFloat16Storage"])
def test_the_voice_maker_makes_what_pytorch_reads(kind: str) -> None:
    """Its bad files are bad for the one thing that was changed. Oracle: torch.load."""
    tensor = torch.load(io.BytesIO(pt_files.voice(9, kind)), weights_only=True)
    expected = [((7 * i) % 31 - 15) / 256 for i in range(9 * pt_files.DIM)]
    assert tensor.shape == (9, pt_files.DIM)
    assert tensor.flatten().tolist() == expected


def test_no_malformed_sequence_is_utf_8() -> None:
    sequences = bad_texts.malformed_sequences()
    assert len(set(sequences)) > 80
    for sequence in sequences:
        with pytest.raises(UnicodeDecodeError):
            sequence.decode()


def test_broken_json_is_broken(good: Subject) -> None:
    """Oracle: Python's json, for the files whose fault is that they are no JSON."""
    kinds = ("tokenizer: truncated", "tokenizer: a quote", "tokenizer: a control")
    cases = [c for c in bad_tokenizers.cases(good) if c.kind.startswith(kinds)]
    assert len(cases) > 200
    for case in cases:
        content = case.files["t.json"]
        assert callable(content)
        with pytest.raises(json.JSONDecodeError):
            json.loads(content())


def test_every_class_has_its_fifty_inputs(good: Subject) -> None:
    makers = (
        bad_voices.cases,
        bad_tokenizers.cases,
        bad_texts.cases,
        bad_flags.cases,
        bad_flags.busy_cases,
        bad_outputs.cases,
        bad_outputs.reader_cases,
    )
    counts = Counter(case.error for make in makers for case in make(good))
    # ModelLoad and Numeric come from bad_programs, which needs the fault models.
    for name in set(bad_inputs._CLASSES) - {"ModelLoad", "Numeric"}:
        assert counts[name] >= bad_inputs.ASKED_PER_CLASS, name


def test_inputs_are_the_same_in_every_run(good: Subject) -> None:
    """Otherwise a run that resumes would leave some out."""

    def seen() -> list[tuple[str, str]]:
        return [(case.kind, case.error) for case in bad_voices.cases(good)]

    assert seen() == seen()
    content = bytes(16) + (1000).to_bytes(8, "little") + bytes(range(256)) * 8
    assert mutated_programs.mutated(content, 5) == mutated_programs.mutated(content, 5)
    assert mutated_programs.mutated(content, 5) != mutated_programs.mutated(content, 6)


@pytest.mark.parametrize(
    ("code", "stderr", "stdout", "left", "part"),
    [
        (7, b"error: Text: empty\n", b"", "", ""),
        (3, b"error: Text: empty\n", b"", "", "exit code 3"),
        (-11, b"", b"", "", "exit code -11"),
        (7, b"", b"", "", "0 error lines"),
        (7, b"error: Text: a\nerror: Text: b\n", b"", "", "2 error lines"),
        (7, b"error: Voice: a\n", b"", "", "class: error: Voice"),
        (7, b"error: Text: a\n", b"123", "", "3 bytes on standard output"),
        (7, b"error: Text: a\n", b"", "a.tmp", "left behind: a.tmp"),
        (7, b"error: Text: a\n", b"", "out.wav", "half a WAV"),
    ],
)
def test_a_broken_promise_is_noticed(
    tmp_path: Path, code: int, stderr: bytes, stdout: bytes, left: str, part: str
) -> None:
    if left:
        (tmp_path / left).write_bytes(b"RIFF")
    found = problems_of(Case("blank", "Text"), Outcome(code, stdout, stderr, 0.1), tmp_path, {})
    assert (found == []) if part == "" else any(part in problem for problem in found), found


def test_a_reader_that_ends_is_seen_by_the_writer(tmp_path: Path) -> None:
    """Oracle: what a shell's `yes` does, dying of SIGPIPE."""
    assert run(["yes"], tmp_path, b"", "reads 5").code == -13


def test_counts_of_another_build_are_not_added_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "fingerprint", lambda part: "one")
    counts = record.load(tmp_path, "kills")
    counts["done"] = 7
    record.save(tmp_path, "kills", counts)
    assert record.load(tmp_path, "kills")["done"] == 7
    monkeypatch.setattr(record, "fingerprint", lambda part: "another")
    assert "done" not in record.load(tmp_path, "kills")
    assert [path.name for path in tmp_path.iterdir()] == ["kills.json"]


def test_what_is_not_reached_is_not_met(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "fingerprint", lambda part: "one")
    for part in (bad_inputs, kills, leaks, mutated_programs):
        rows = part.rows(tmp_path)
        assert rows
        assert not any(met for *_, met in rows if met and "rate" not in _[1])
    assert "**no**" in table([("a", "b", "c", False)])
    assert leaks.slope([0.0] * 50 + [2.0 * i for i in range(100)]) == pytest.approx(2)
