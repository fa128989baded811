"""What the tests of the command line share."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np

from exporting import ROOT

SAMPLE_RATE = 24000
FRAME = 1920  # samples
WAV_HEADER = 44  # bytes
TIMEOUT_S = 120
TEXT = "The weather is fine."

Result = subprocess.CompletedProcess[bytes]
Run = Callable[..., Result]


def runner_binary() -> Path:
    """voxtral_tts_runner, from the tests' build unless VOXTRAL_TTS_RUNNER names another."""
    preset = os.environ.get("VOXTRAL_TTS_BUILD", "tests")
    default = ROOT / "build" / preset / "voxtral_tts_runner"
    binary = Path(os.environ.get("VOXTRAL_TTS_RUNNER", default))
    assert binary.exists(), f"{binary} is missing: run 'make build'"
    return binary


def assert_error(result: Result, code: int, name: str, *parts: str) -> None:
    """One `error: <Class>:` line, its exit code, and nothing on stdout."""
    errors = [line for line in result.stderr.decode().splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, result.stderr
    assert errors[0].startswith(f"error: {name}: ")
    assert result.returncode == code
    assert result.stdout == b""
    for part in parts:
        assert part in errors[0]


def wav_samples(path: Path) -> np.ndarray:
    """The samples; the header has to describe the file exactly."""
    content = path.read_bytes()
    riff, data = struct.unpack_from("<I", content, 4)[0], struct.unpack_from("<I", content, 40)[0]
    assert riff == len(content) - 8
    assert data == len(content) - WAV_HEADER
    with wave.open(io.BytesIO(content)) as file:
        assert file.getparams()[:3] == (1, 2, SAMPLE_RATE)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")
