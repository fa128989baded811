"""The training loop and its settings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from small_training import SIZES, TRAINING, encoder, language_settings, utterances
from training.codec import new_codec
from training.language import LanguageTask
from training.loop import Figures, Trainer, learning_rate, load_average
from training.settings import (
    AnalysisSettings,
    CodecSettings,
    CorpusSettings,
    JudgeSettings,
    LanguageSettings,
    SettingsError,
    SizeSettings,
)
from training.sizes import config
from training.speech_model import SpeechModel
from training.stages import STAGES

CONFIGS = Path(__file__).parents[2] / "training" / "configs" / "small_voice"


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


# The loop


def _language_task() -> LanguageTask:
    settings = language_settings(TRAINING)
    items = utterances(8)
    return LanguageTask(
        SpeechModel(config(SIZES), 3, seed=0), encoder(), items, items[:4], settings
    )


def test_a_resumed_training_is_the_uninterrupted_one(tmp_path: Path) -> None:
    for muon in (False, True):
        settings = replace(TRAINING, muon=muon)
        whole = Trainer(_language_task(), settings, tmp_path / f"whole {muon}")
        whole.run()
        folder = tmp_path / f"parts {muon}"
        Trainer(_language_task(), settings, folder).run(until_step=3)
        rest = Trainer(_language_task(), settings, folder)
        assert rest.step == 3
        rest.run()
        for name, value in whole.task.module.state_dict().items():
            assert torch.equal(value, rest.task.module.state_dict()[name]), name
        assert all(torch.equal(whole.average[n], rest.average[n]) for n in whole.average)
        assert (folder / "log.csv").read_text() == (whole.folder / "log.csv").read_text()
        assert (folder / "curves.png").exists()


def test_the_average_is_what_is_evaluated_and_shipped(tmp_path: Path) -> None:
    class Line(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.value = nn.Parameter(torch.zeros(3, 3))

    class Task:
        def __init__(self) -> None:
            self.module = Line()

        def loss(self, generator: torch.Generator, progress: float) -> tuple[Tensor, Figures]:
            return (self.module.value - 1).square().sum(), {}

        def evaluate(self) -> Figures:
            return {"mean": float(self.module.value.mean())}

    trainer = Trainer(Task(), TRAINING, tmp_path)
    trainer.run()
    mean = trainer.evaluate()["mean"]
    assert mean == float(trainer.average["value"].mean())
    assert mean < float(
        trainer.task.module.value.detach().mean()
    )  # it lags behind, and is put back
    other = Line()
    assert load_average(other, tmp_path / "checkpoint.pt") == TRAINING.steps
    assert float(other.value.detach().mean()) == mean


def test_the_rate_warms_up_and_falls() -> None:
    rates = [learning_rate(step, TRAINING) for step in range(9)]
    assert rates == pytest.approx([0.005, 0.01, 0.01, 0.01, 0.01, 0.00775, 0.0055, 0.00325, 0.001])


# Settings


def test_every_stage_has_its_settings() -> None:
    corpus = CorpusSettings.from_file(CONFIGS / "corpus.toml")
    assert corpus.held_out >= 60
    sizes = SizeSettings.from_file(CONFIGS / "sizes.toml")
    analysis = AnalysisSettings.from_file(CONFIGS / "analysis.toml")
    assert analysis.clusters == sizes.semantic_codes
    for name, kind in (
        ("codec", CodecSettings),
        ("polish", CodecSettings),
        ("language", LanguageSettings),
        ("judge", JudgeSettings),
    ):
        kind.from_file(CONFIGS / f"{name}.toml")
    model = SpeechModel(config(sizes), voice_rows=8, seed=0)
    shipped = [p for n, p in model.named_parameters() if not n.startswith("read_out")]
    shipped += list(new_codec(config(sizes), 0).parameters())
    assert sum(p.numel() for p in shipped) <= 7_500_000
    assert next(iter(STAGES)) == "corpus" and tuple(STAGES)[-1] == "judge"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "seed: is missing"),
        ({"colour": 1}, "colour: unknown key"),
        ({"seed": "one"}, "seed: expected int, found 'one'"),
        ({"seed": True}, "seed: expected int, found True"),
    ],
)
def test_settings_name_the_key_at_fault(values: dict[str, object], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        AnalysisSettings.from_values(values, "analysis.toml")
