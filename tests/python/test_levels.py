"""Levels and limits, each against its own definition: loud samples, statistics, frame budgets."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from voxtral_tts import AudioChunk, Speech
from voxtral_tts.encode import StreamEncoder
from voxtral_tts.speech import SpeechOptions, frame_budget
from voxtral_tts.text import Segment

RATE = 24000


def encoded(samples: NDArray[np.float32], format: str) -> bytes:
    encoder = StreamEncoder(format)
    return encoder.write(samples) + encoder.finish()


@pytest.mark.parametrize("format", ["mp3", "opus"])
def test_what_is_too_loud_is_encoded_as_full_scale(format: str) -> None:
    """A codec that is handed more than full scale wraps, or scales everything else down."""
    tone = np.sin(2 * np.pi * 300 * np.arange(RATE) / RATE).astype(np.float32)
    assert _audio(encoded(4 * tone, format)) == _audio(encoded((4 * tone).clip(-1, 1), format))
    assert _audio(encoded(4 * tone, format)) != _audio(encoded(tone, format))


def _audio(stream: bytes) -> bytes:
    """What is decoded of it: an Ogg stream has a random serial number."""
    import io

    import soundfile

    return soundfile.read(io.BytesIO(stream), dtype="float32")[0].tobytes()


class _Loud:
    """A runner whose utterances are the samples that it was given."""

    sample_rate = RATE

    def __init__(self, samples: list[float]) -> None:
        self._samples = np.array(samples, np.float32)

    def stream(self, _text: str, **_options: Any) -> Any:
        chunk = AudioChunk(self._samples, RATE, np.zeros((1, 37), np.int64), 0, False, 0)
        chunks = iter([chunk])
        return SimpleNamespace(
            stats=SimpleNamespace(
                finish_reason="end_of_audio",
                codec_frames=1,
                generate_ms=1.0,
                codec_ms=1.0,
                backend="portable",
            ),
            pull=lambda: next(chunks, None),
            close=lambda: None,
        )


@pytest.mark.parametrize(
    ("samples", "peak", "clipped"),
    [([0.25, -0.5], 0.5, 0), ([0.5, -2.0, 1.5, -1.0], 2.0, 2), ([1.0, -1.0, 0.0], 1.0, 0)],
)
def test_statistics_have_the_peak_of_both_signs_and_count_what_saturates(
    samples: list[float], peak: float, clipped: int
) -> None:
    runner: Any = _Loud(samples)
    speech = Speech(runner, iter([Segment("One."), Segment("Two.")]), SpeechOptions())
    for _ in speech:
        pass
    assert (speech.stats.peak, speech.stats.clipped_samples) == (peak, 2 * clipped)


@pytest.mark.parametrize(
    ("characters", "seconds"), [(0, 4.0), (1, 4.2), (10, 6.0), (100, 24.0), (1000, 204.0)]
)
def test_a_segment_has_time_to_be_spoken_and_no_more(characters: int, seconds: float) -> None:
    """Four seconds, and five characters a second: half the speed of unhurried speech."""
    assert frame_budget("x" * characters) == round(seconds / 0.08)
