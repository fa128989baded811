"""Kinds of faults that listeners reported, language by language: each line of heard.txt."""

from __future__ import annotations

from pathlib import Path

import pytest

from voxtral_tts.text import normalize, prepare

LINES = (Path(__file__).parent / "heard.txt").read_text("utf-8").splitlines()
CASES = [tuple(line.split(" | ", 2)) for line in LINES if not line.startswith("#")]


@pytest.mark.parametrize(("code", "written", "heard"), CASES)
def test_heard(code: str, written: str, heard: str) -> None:
    segments = prepare(written.replace("⏎", "\n"), language=code)
    spoken = [segment.text for segment in segments]
    assert spoken == heard.split(" / ")
    assert [normalize(text, code) for text in spoken] == spoken, "not stable"
