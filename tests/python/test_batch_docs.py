"""The examples of docs/batch.md do what the page says."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path

from batches import assert_whole, examples, results, run_shell
from command_line import wav_samples
from exporting import ROOT
from voxtral_tts.batch import Job, Result

PAGE = (ROOT / "docs" / "batch.md").read_text()


def test_the_examples_run(exported: Path, tmp_path: Path) -> None:
    speak, several = (script for script in examples("bash") if "voxtral-tts batch" in script)
    first = run_shell(speak, tmp_path, exported)
    assert first.returncode == 0, first.stderr
    assert "3 items to do" in first.stderr
    folder = tmp_path / "out"
    assert_whole(folder)
    assert {path.name for path in folder.iterdir()} == {
        *("greeting.wav", "accueil.flac", "short.wav", "results.jsonl")
    }
    short = results(folder)[-1]
    assert (short["id"], short["status"], short["frames"]) == ("short", "ok", 20)
    again = run_shell(speak, tmp_path, exported)
    assert (again.returncode, again.stdout) == (0, "")
    assert "0 items to do, 3 done before" in again.stderr
    split = run_shell(several, tmp_path, exported)
    assert split.returncode == 0, split.stderr
    lines = [*results(tmp_path / "parts" / "part.0"), *results(tmp_path / "parts" / "part.1")]
    assert {line["id"]: line["sha256"] for line in lines} == {
        line["id"]: line["sha256"] for line in results(folder)
    }
    printed = [(tmp_path / f"part.{part}.results").read_text().splitlines() for part in (0, 1)]
    assert [json.loads(line) for lines in printed for line in lines] == lines
    parts = tmp_path / "parts"
    found = next(parts.rglob("greeting.wav"))
    assert (wav_samples(found) == wav_samples(folder / "greeting.wav")).all()


def section(title: str) -> set[str]:
    """The names in the first column of a section's table."""
    text = PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`.*?) \|", text, re.M)
    return {name for row in rows for name in re.findall(r"`([a-z_0-9]+)`", row)}


def test_the_page_lists_every_member() -> None:
    assert section("Jobs") == {field.name for field in fields(Job)}
    assert section("Results") == {field.name for field in fields(Result)}
