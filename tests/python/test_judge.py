"""The judge's sums, with ears that hear what they are told."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from training import judge as judging
from training.judge import AllWays, Verdict, judge
from training.pictures import plot_spectrograms
from training.settings import CorpusSettings, JudgeSettings


def test_what_makes_the_ways_can_be_sent_to_another_process(tmp_path: Path) -> None:
    configs = Path(__file__).parents[2] / "training/configs/small_voice"
    corpus = CorpusSettings.from_file(configs / "corpus.toml")
    settings = JudgeSettings.from_file(configs / "judge.toml")
    ways = AllWays(tmp_path, corpus, settings, tmp_path / "encoder", tmp_path / "runner")
    assert pickle.loads(pickle.dumps(ways)) == ways


def test_a_verdict_adds_up_what_was_heard() -> None:
    verdict = Verdict()
    verdict.add("Hello, how are you?", np.zeros(24000), True, ["hello", "who", "are"], ["hello"])
    verdict.add("Good night.", np.zeros(12000), False, ["good", "night"], ["good", "night"])
    assert verdict.words == 6 and verdict.errors == 2
    assert verdict.word_error_rate == pytest.approx(1 / 3)
    assert verdict.errors_by_grammar == 3 and "by grammar 0.500" in verdict.summary()
    assert "ended 1 of 2  1.5 s" in verdict.summary()


class FakeEar:
    def __init__(self, grammar: str | None = None) -> None:
        self.expected = grammar

    def hear(self, samples: np.ndarray) -> list[str]:
        if self.expected is not None:
            return ["yes", "indeed"]
        return ["yes"] if samples[0] > 0 else []


def two_ways() -> dict[str, judging.Say]:
    """In the process that judges, which has its own ears: lambdas are not pickled."""
    judging.Ear = FakeEar
    return {
        "loud": lambda text: (np.ones(4800), True),
        "silent": lambda text: (np.zeros(4800), False),
    }


def test_every_way_says_every_text_in_a_process_that_was_not_forked(tmp_path: Path) -> None:
    verdicts = judge(["Yes.", "Yes."], two_ways, tmp_path / "report.json")
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
