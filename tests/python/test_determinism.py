"""Same request, same bytes, whatever else happened. Oracle: the first time it was made."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from exporting import Export
from voxtral_tts import Audio, Runner, VoxtralTTSError

TEXT = "The weather is fine."
FRAMES = 40
OPTIONS = {"voice": "fr_female", "seed": 7, "temperature": 0.5}
BACKENDS = {
    "xnnpack-fp32": ("--backend", "xnnpack"),
    "xnnpack-8da4w": ("--backend", "xnnpack", "--qlinear", "8da4w", "--qembedding", "8w"),
    "mlx-fp32": ("--backend", "mlx"),
}
OTHER_PROCESS = """
import hashlib, json, sys
from voxtral_tts import Runner
model, codec, text, threads, frames, options = sys.argv[1:]
with Runner(model, codec, num_threads=int(threads), voice_cache="off") as runner:
    audio = runner.synthesize(text, max_frames=int(frames), **json.loads(options))
print(hashlib.sha256(audio.samples.tobytes() + audio.codes.tobytes()).hexdigest())
"""


class Model(NamedTuple):
    folder: Path
    runner: Runner
    audio: Audio  # the first utterance of the runner


@pytest.fixture(scope="module", params=BACKENDS)
def model(request: pytest.FixtureRequest, export_tiny: Export) -> Iterator[Model]:
    folder = export_tiny(*BACKENDS[request.param])
    with Runner(folder / "model.pte", folder / "codec_decoder.pte") as runner:
        yield Model(folder, runner, speak(runner))


def speak(runner: Runner, **changed: object) -> Audio:
    arguments = {"max_frames": FRAMES, **OPTIONS, **changed}
    return runner.synthesize(TEXT, **arguments)  # type: ignore[arg-type]


def same(audio: Audio, expected: Audio) -> bool:
    return digest(audio) == digest(expected)


def digest(audio: Audio) -> str:
    return hashlib.sha256(audio.samples.tobytes() + audio.codes.tobytes()).hexdigest()


def pcm(audio: Audio) -> np.ndarray:
    return np.frombuffer(audio.to_wav_bytes()[44:], "<i2").astype(np.int32)


def test_the_same_bytes_again(model: Model) -> None:
    assert all(same(speak(model.runner), model.audio) for _ in range(3))


@pytest.mark.parametrize("threads", [1, 2])
def test_the_same_bytes_in_a_process_with(model: Model, threads: int) -> None:
    files = [str(model.folder / name) for name in ("model.pte", "codec_decoder.pte")]
    arguments = [*files, TEXT, str(threads), str(FRAMES), json.dumps(OPTIONS)]
    command = [sys.executable, "-c", OTHER_PROCESS, *arguments]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert result.stdout.strip() == digest(model.audio), result.stderr


def test_the_same_bytes_after_any_other_request(model: Model) -> None:
    runner = model.runner

    def cancelled(chunks: int, **options: object) -> None:
        with runner.stream("Another text.", **options) as stream:  # type: ignore[arg-type]
            for _ in range(chunks):
                next(stream)

    def failed(**options: object) -> None:
        with pytest.raises(VoxtralTTSError):
            speak(runner, **options)

    speak(runner, voice="casual_male", max_frames=3)
    assert same(speak(runner), model.audio)
    for chunks in (0, 1, 3):
        cancelled(chunks, voice="neutral_female", seed=1)
        assert same(speak(runner), model.audio), chunks
    cancelled(5, chunk_frames=32, temperature=100.0)
    for options in ({"voice": "nobody"}, {"temperature": -1.0}, {"chunk_frames": 33}):
        failed(**options)
        assert same(speak(runner), model.audio), options
    speak(runner, max_frames=100, chunk_frames=1, cfg_alpha=-100.0)
    assert same(speak(runner), model.audio)


def test_chunk_sizes_change_samples_by_rounding_only(model: Model) -> None:
    expected = model.audio
    rms = float(np.sqrt(np.mean(np.square(expected.samples, dtype=np.float64))))
    assert rms > 0
    worst = 0.0
    for chunk_frames in (0, 1, 2, 3, 5, 8, 16, 25, 32):
        audio = speak(model.runner, chunk_frames=chunk_frames)
        np.testing.assert_array_equal(audio.codes, expected.codes)
        assert same(speak(model.runner, chunk_frames=chunk_frames), audio), chunk_frames
        worst = max(worst, float(np.abs(audio.samples - expected.samples).max()) / rms)
        assert np.abs(pcm(audio) - pcm(expected)).max() <= 1, chunk_frames
    assert worst <= 1e-5
