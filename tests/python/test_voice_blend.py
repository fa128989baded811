"""Voices made of others. Oracle: the rule of docs/voices.md, in NumPy."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from command_line import TEXT, Run, assert_error
from voxtral_tts import Audio, Runner, VoiceError

Rows = NDArray[np.float64]
NAMES = ("neutral_female", "casual_male", "fr_female")


@pytest.fixture(scope="module")
def runner(exported: Path) -> Iterator[Runner]:
    with Runner(exported / "model.pte", exported / "codec_decoder.pte") as runner:
        yield runner


def say(runner: Runner, voice: str | Path) -> Audio:
    return runner.synthesize(TEXT, voice=voice, max_frames=8)


def rows_of(exported: Path, name: str) -> Rows:
    file = exported / "voice_embedding" / f"{name}.pt"
    rows: Rows = torch.load(file, weights_only=True).double().numpy()
    return rows


def rms(rows: Rows) -> Rows:
    result: Rows = np.sqrt((rows**2).mean(1))
    return result


def oracle(parts: list[tuple[Rows, float]]) -> NDArray[np.float32]:
    parts = sorted(parts, key=lambda part: (-part[1], -len(part[0])))
    total, count = sum(weight for _, weight in parts), len(parts[0][0])
    mix, target = np.zeros_like(parts[0][0]), np.zeros(count)
    for rows, weight in parts:
        at = np.linspace(0, len(rows) - 1, count)
        places = np.arange(len(rows))
        resampled = np.stack([np.interp(at, places, column) for column in rows.T], 1)
        mix += weight / total * resampled
        target += weight / total * np.interp(at, places, rms(rows))
    gain = np.minimum(target / rms(mix), 4)
    return (mix * gain[:, None]).astype(np.float32)


@pytest.mark.parametrize(
    ("blend", "weights"),
    [
        ("neutral_female:0.6+fr_female:0.4", {"neutral_female": 0.6, "fr_female": 0.4}),
        ("fr_female:3+casual_male:1.5", {"fr_female": 3, "casual_male": 1.5}),
        ("casual_male:1+neutral_female:1+fr_female:1", dict.fromkeys(NAMES, 1)),
    ],
)
def test_a_blend_is_the_voice_that_numpy_makes(
    runner: Runner, exported: Path, tmp_path: Path, blend: str, weights: dict[str, float]
) -> None:
    rows = oracle([(rows_of(exported, name), weight) for name, weight in weights.items()])
    file = tmp_path / "made.pt"
    torch.save(torch.from_numpy(rows), file)
    expected, audio = say(runner, file), say(runner, blend)
    np.testing.assert_allclose(audio.samples, expected.samples, atol=1e-4)
    assert audio.stats.voice_rows == len(rows)
    assert not np.allclose(audio.samples, say(runner, "neutral_female").samples, atol=1e-4)


def test_the_order_does_not_count_and_the_blend_is_kept(runner: Runner) -> None:
    first = say(runner, "neutral_female:0.6+fr_female:0.4")
    second = say(runner, "fr_female:0.40+neutral_female:.6")
    third = say(runner, "fr_female:0.5+neutral_female:0.5")
    assert second.samples.tobytes() == first.samples.tobytes()
    assert second.stats.prefix_source == "kept"
    assert third.stats.prefix_source != "kept"


def test_a_tiny_weight_leaves_the_voice(runner: Runner) -> None:
    alone = say(runner, "fr_female")
    mixed = say(runner, "fr_female:1000000+casual_male:0.000001")
    np.testing.assert_allclose(mixed.samples, alone.samples, atol=1e-3)


def test_files_are_parts_and_a_file_of_that_name_wins(
    runner: Runner, exported: Path, tmp_path: Path
) -> None:
    voices = exported / "voice_embedding"
    named = tmp_path / "a:1+b:1.pt"
    shutil.copy(voices / "fr_female.pt", named)
    fr_female = say(runner, "fr_female").samples.tobytes()
    assert say(runner, named).samples.tobytes() == fr_female
    by_name = say(runner, "neutral_female:2+fr_female:1").samples.tobytes()
    part = shutil.copy(named, tmp_path / "a+b:1.pt")  # a '+' that follows no weight
    assert say(runner, f"neutral_female:2+{part}:1").samples.tobytes() == by_name


@pytest.mark.parametrize(
    ("blend", "named"),
    [
        ("neutral_female:0.6+nobody:0.4", "'nobody'"),
        ("neutral_female:0.6+fr_female", "'fr_female' has no weight"),
        ("neutral_female:0.6+fr_female:-1", "'fr_female:-1' has no weight"),
        ("neutral_female:0.6+fr_female:0", "'fr_female:0' is not above 0"),
        ("neutral_female:1+neutral_female:2", "twice"),
        ("+".join(f"v{i}:1" for i in range(9)), "more than 8"),
    ],
)
def test_errors_name_the_part(runner: Runner, run: Run, files: list[str], blend: str, named: str):
    with pytest.raises(VoiceError, match=named):
        say(runner, blend)
    assert_error(run(*files, "-t", TEXT, "--voice", blend), 6, "Voice", named)


def test_command_line_and_package_speak_the_same(
    runner: Runner, run: Run, files: list[str]
) -> None:
    blend = "neutral_female:0.6+fr_female:0.4"
    result = run(*files, "-t", TEXT, "-v", blend, "--max-frames", 8, "--speaker")
    assert result.stdout == say(runner, blend).samples.tobytes()
