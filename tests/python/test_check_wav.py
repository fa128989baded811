"""scripts/check_wav.py finds what is wrong with a recording. Oracle: recordings made to be so."""

from __future__ import annotations

import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from exporting import ROOT

SCRIPT = ROOT / "scripts" / "check_wav.py"
RATE = 24000
TONE = 0.5 * np.sin(np.arange(RATE) * 0.1).astype(np.float32)


def check(path: Path, samples: np.ndarray) -> subprocess.CompletedProcess[str]:
    if path.suffix == ".f32":
        path.write_bytes(samples.astype("<f4").tobytes())
    else:
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    command = [sys.executable, str(SCRIPT), str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", ["a.wav", "a.f32"])
def test_a_sound_one_passes_with_its_figures(tmp_path: Path, name: str) -> None:
    samples = np.concatenate([TONE, np.zeros(RATE // 2), TONE])
    result = check(tmp_path / name, samples)
    assert result.returncode == 0, result.stderr
    assert "2.50 s, peak 0.500, 0 clipped, 20." in result.stdout
    assert "longest 0.50 s), 0 NaN" in result.stdout


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (np.zeros(0), "no samples"),
        (np.zeros(RATE), "nothing but silence"),
        (4 * TONE, "clipped"),
        (np.where(np.arange(RATE) == 7, np.nan, TONE), "NaN"),
    ],
)
def test_a_broken_one_fails(tmp_path: Path, samples: np.ndarray, message: str) -> None:
    result = check(tmp_path / "a.f32", samples)
    assert result.returncode == 1
    assert message in result.stderr
