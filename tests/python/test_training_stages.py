"""Every stage of a training in a row, with settings that take seconds.

Oracles: the shipped checkpoint's reader, and the shipped settings with other sizes and counts.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch

from export.checkpoint import Checkpoint
from export.modules import VoxtralTTS
from small_training import SIZES
from training.__main__ import main
from training.codec import new_codec
from training.flite import speak
from training.settings import SettingsError
from training.sizes import config
from training.workers import average_gradients

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "training" / "configs" / "small_voice"
TRAINING = {"steps": 2, "batch": 2, "evaluate_every": 2, "log_every": 1, "utterances": 6}
CHANGES: dict[str, Mapping[str, object]] = {
    "corpus": {"utterances": 6, "held_out": 2, "shard": 3},
    "analysis": {"utterances": 6, "clusters": SIZES.semantic_codes, "rounds": 2},
    "codec": TRAINING,
    "polish": TRAINING,
    "language": TRAINING,
    "judge": {"sentences": 1, "seeds": 1, "max_frames": 12},
    "sizes": asdict(SIZES) | {"semantic_dim": 40},  # the encoder's 36 and some
}


@pytest.fixture(scope="module")
def configs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("configs")
    for name, changes in CHANGES.items():
        values = tomllib.loads((SHIPPED / f"{name}.toml").read_text()) | changes
        # What TOML and JSON write alike: strings, numbers and booleans.
        text = "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())
        (folder / f"{name}.toml").write_text(text)
    return folder


@pytest.fixture(scope="module")
def work(configs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("work")
    assert main(["--config", str(configs), "--work", str(folder), "--device", "cpu"]) == 0
    return folder


def test_one_command_makes_a_checkpoint_that_is_spoken_and_judged(work: Path) -> None:
    with Checkpoint(work / "checkpoint") as checkpoint:
        model = VoxtralTTS.from_checkpoint(checkpoint, max_seq_len=128)
        assert checkpoint.voice("rms").shape == (8, SIZES.dim)
    codes = torch.full((1, 37, 2), 2)
    assert torch.isfinite(model.codec.decode(codes)).all()
    report = json.loads((work / "judge.json").read_text())
    assert set(report) == {"flite", "corpus", "codec", "model, seed 0"}
    assert report["flite"]["WER by grammar"] < 0.5 <= report["model, seed 0"]["WER"]
    for stage in ("codec", "language", "polish"):
        assert (work / stage / "curves.png").stat().st_size > 1000
    assert (work / "spectrograms.png").exists()


def test_what_is_done_is_not_done_again(work: Path, configs: Path) -> None:
    kept = [*work.glob("corpus/*"), *work.glob("codes/*"), work / "encoder.pt"]
    assert len(kept) == 3 + 3 + 1
    before = {path: path.stat().st_mtime_ns for path in kept}
    weights = _language_weights(work)
    stages = ["--stages", "corpus,analysis,codec,codes,language,polish"]
    assert main(["--config", str(configs), "--work", str(work), *stages]) == 0
    assert before == {path: path.stat().st_mtime_ns for path in kept}
    again = _language_weights(work)
    assert all(torch.equal(weights[name], again[name]) for name in weights)


def test_a_stage_without_the_one_before_says_what_is_missing(
    configs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["--config", str(configs), "--work", str(tmp_path), "--stages", "language"]
    assert main(command) == 1
    missing = tmp_path / "codes" / "shard_0000.pt"
    said = capsys.readouterr().err
    assert f"error: {missing}: is not there; run the stages before language first" in said


def test_a_folder_made_with_other_settings_is_refused(
    work: Path, configs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(stage: str, **changes: object) -> str:
        others = tmp_path / stage
        shutil.copytree(configs, others)
        file = others / f"{stage}.toml"
        values = tomllib.loads(file.read_text()) | changes
        file.write_text("".join(f"{key} = {json.dumps(x)}\n" for key, x in values.items()))
        assert main(["--config", str(others), "--work", str(work), "--stages", stage]) == 1
        return capsys.readouterr().err

    assert "voice was 'rms', is 'slt'" in refused("corpus", voice="slt")
    assert "rounds was 2, is 3" in refused("analysis", rounds=3)
    assert "codec.toml: utterances: 7, but corpus.toml makes 6" in refused("codec", utterances=7)


def test_settings_that_made_nothing_are_forgotten(
    work: Path, configs: Path, tmp_path: Path
) -> None:
    (tmp_path / "corpus").symlink_to(work / "corpus")
    stage = ["--work", str(tmp_path), "--stages", "analysis"]
    others = tmp_path / "others"
    shutil.copytree(configs, others)
    file = others / "analysis.toml"
    file.write_text(file.read_text().replace("utterances = 6", "utterances = 600"))
    assert main(["--config", str(others), *stage]) == 1
    assert main(["--config", str(configs), *stage]) == 0


def test_the_judge_s_programs_are_checked_first(
    work: Path, configs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*flags: object) -> str:
        command = ["--config", configs, "--work", work, "--stages", "judge", *flags]
        assert main([str(part) for part in command]) == 1
        return capsys.readouterr().err

    one, two = tmp_path / "a" / "exported", tmp_path / "b" / "exported"
    for folder in (one, two):
        folder.mkdir(parents=True)
        (folder / "model.pte").touch()
    runner = ("--runner", sys.executable)
    assert "make build" in refused("--program", one, "--runner", tmp_path / "nowhere")
    assert "holds no model.pte" in refused("--program", tmp_path, *runner)
    assert "2 folders are called exported" in refused("--program", one, "--program", two, *runner)


def test_a_codebook_narrower_than_the_encoder_is_refused() -> None:
    with pytest.raises(SettingsError, match="semantic_dim: 8: at least 36"):
        new_codec(config(SIZES), 0, torch.zeros(SIZES.semantic_codes, 36))


def test_without_flite_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RuntimeError, match="flite: is not installed; on Debian: apt install"):
        speak("Hello.", "rms")


def test_two_processes_train_on_halves_of_a_batch(
    work: Path, configs: Path, tmp_path: Path
) -> None:
    (tmp_path / "corpus").symlink_to(work / "corpus")
    # Stages that one of them does alone, and those that both do, take turns.
    stages = ["--stages", "corpus,analysis,codec,codes,language,polish,publish"]
    _torchrun("-m", "training", "--config", str(configs), "--work", str(tmp_path), *stages)
    ours, theirs = (torch.load(folder / "encoder.pt") for folder in (tmp_path, work))
    assert all(torch.equal(torch.as_tensor(ours[x]), torch.as_tensor(theirs[x])) for x in theirs)
    with Checkpoint(tmp_path / "checkpoint") as checkpoint:
        checkpoint.validate()
    two, one = _language_weights(tmp_path), _language_weights(work)
    assert two.keys() == one.keys()
    # Two steps on other utterances than one process draws.
    assert any(not torch.equal(two[name], one[name]) for name in one)
    # One process writes: two steps and the held-out figures.
    assert (tmp_path / "language" / "log.csv").read_text().count("accuracy") == 3


def test_every_process_goes_on_with_the_mean_of_the_gradients(tmp_path: Path) -> None:
    script = tmp_path / "mean.py"
    script.write_text(
        "import torch\n"
        "from training import workers\n"
        "workers.join()\n"
        "x, y = (torch.nn.Parameter(torch.zeros(2, 3)) for _ in range(2))\n"
        "x.grad = torch.full((2, 3), float(workers.rank()))\n"
        "workers.average_gradients([x, y])\n"
        "assert (x.grad == 0.5).all() and (y.grad == 0).all(), (x.grad, y.grad)\n"
        "assert workers.share(7) == 3\n"
    )
    _torchrun(str(script))


def test_processes_that_train_together_have_the_same_weights(tmp_path: Path) -> None:
    script = tmp_path / "together.py"
    script.write_text(
        "import sys\n"
        "from pathlib import Path\n"
        "import torch, torch.distributed as dist\n"
        "from small_training import SIZES, TRAINING, encoder, language_settings, utterances\n"
        "from training import workers\n"
        "from training.language import LanguageTask\n"
        "from training.loop import Trainer\n"
        "from training.sizes import config\n"
        "from training.speech_model import SpeechModel\n"
        "def trained(folder):\n"
        "    items, model = utterances(8), SpeechModel(config(SIZES), 3, seed=0)\n"
        "    settings = language_settings(TRAINING)\n"
        "    task = LanguageTask(model, encoder(), items, items[:4], settings)\n"
        "    Trainer(task, settings, Path(sys.argv[1], folder)).run(until_step=2)\n"
        "    ours = torch.cat([p.detach().flatten() for p in model.parameters()])\n"
        "    theirs = ours.clone()\n"
        "    dist.broadcast(theirs, 0)\n"
        "    same = torch.tensor(float(torch.equal(ours, theirs)))\n"
        "    dist.all_reduce(same, dist.ReduceOp.MIN)\n"
        "    return bool(same)\n"
        "assert trained('together')\n"
        "workers.average_gradients = lambda parameters: None\n"
        "assert not trained('apart'), 'this cannot fail'\n"
    )
    _torchrun(str(script), str(tmp_path))


def test_one_worker_keeps_its_gradients() -> None:
    value = torch.nn.Parameter(torch.zeros(3))
    value.grad = torch.arange(3.0)
    average_gradients([value])
    np.testing.assert_array_equal(value.grad.numpy(), [0, 1, 2])


def _language_weights(work: Path) -> dict[str, torch.Tensor]:
    state = torch.load(work / "language" / "checkpoint.pt", weights_only=True)
    weights: dict[str, torch.Tensor] = state["module"]
    return weights


def _torchrun(*arguments: str) -> None:
    """Two processes."""
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    paths = {
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}:{os.environ.get('PYTHONPATH', '')}",
    }
    done = subprocess.run(
        [*torchrun, "--nproc-per-node", "2", *arguments],
        cwd=ROOT,
        env=os.environ | paths,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr[-2000:]
