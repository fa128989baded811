"""What a type checker knows of an ``Audio``; read by mypy in ``make lint``, never run."""

from __future__ import annotations

from typing import assert_type

import numpy as np
from numpy.typing import NDArray

from voxtral_tts import Audio, AudioChunk, Runner


def unpacked(audio: Audio) -> None:
    samples, sample_rate = audio
    assert_type(samples, NDArray[np.float32])
    assert_type(sample_rate, int)
    assert_type(np.asarray(audio), NDArray[np.float32])
    assert_type(np.array(audio), NDArray[np.float32])


async def iterated(runner: Runner) -> None:
    async for chunk in runner.speak("Hello."):
        assert_type(chunk, AudioChunk)
    async for chunk in runner.stream("Hello."):
        assert_type(chunk, AudioChunk)
