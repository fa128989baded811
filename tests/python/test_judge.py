"""The judge's sums, with ears that hear what they are told."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from training import judge as judging
from training.judge import Verdict, judge
from training.pictures import plot_spectrograms


def test_a_verdict_adds_up_what_was_heard() -> None:
    verdict = Verdict()
    verdict.add("Hello, how are you?", np.zeros(24000), True, ["hello", "who", "are"], ["hello"])
    verdict.add("Good night.", np.zeros(12000), False, ["good", "night"], ["good", "night"])
    assert verdict.words == 6 and verdict.errors == 2
    assert verdict.word_error_rate == pytest.approx(1 / 3)
    assert verdict.errors_by_grammar == 3 and "by grammar 0.500" in verdict.summary()
    assert "ended 1 of 2  1.5 s" in verdict.summary()


def test_every_way_says_every_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Ear:
        def __init__(self, grammar: str | None = None) -> None:
            self.expected = grammar

        def hear(self, samples: np.ndarray) -> list[str]:
            if self.expected is not None:
                return ["yes", "indeed"]
            return ["yes"] if samples[0] > 0 else []

    monkeypatch.setattr(judging, "Ear", Ear)
    ways = {
        "loud": lambda text: (np.ones(4800), True),
        "silent": lambda text: (np.zeros(4800), False),
    }
    verdicts = judge(["Yes.", "Yes."], ways, tmp_path / "report.json")
    assert verdicts["loud"].errors == 0 and verdicts["silent"].errors == 2
    report = json.loads((tmp_path / "report.json").read_text())
    assert (
        report["silent"]["WER"] == 1
        and report["loud"]["heard"] == [["Yes.", "yes", "yes indeed"]] * 2
    )
    assert report["loud"]["WER by grammar"] == 1


def test_spectrograms_are_drawn(tmp_path: Path) -> None:
    ways = {"one": np.zeros(5000, np.float32), "two": np.ones(3840, np.float32)}
    plot_spectrograms(ways, "Hello.", tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes()[:4] == b"\x89PNG"
