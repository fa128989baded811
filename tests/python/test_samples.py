"""What is taken for samples, and calls out of their order. Oracle: the samples that were given."""

from __future__ import annotations

import copy
import pickle
import wave
from pathlib import Path

import numpy as np
import pytest

from voxtral_tts import (
    ModelNotFoundError,
    OutputError,
    ReaderGoneError,
    TokenizerNotFoundError,
    UsageError,
)
from voxtral_tts.encode import AudioFile, StreamEncoder
from voxtral_tts.errors import make_error
from voxtral_tts.samples import as_samples
from voxtral_tts.spectrogram import Spectrogram

LEVELS = np.array([-32767, -12345, -1, 0, 1, 20000, 32767], np.int16)
FLOATS = LEVELS / 32767


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int16, np.int32])
def test_every_type_of_samples_is_the_same_sound(dtype: type) -> None:
    scale = np.iinfo(dtype).max if np.issubdtype(dtype, np.integer) else 1
    made = as_samples((FLOATS * scale).astype(dtype))
    # Half of float16's step at 1, and of int16's.
    tolerance = {np.float16: 2**-12, np.int16: 0.5 / 32767}.get(dtype, 1e-7)
    assert made.dtype == np.float32
    np.testing.assert_allclose(made, FLOATS, atol=tolerance)


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(3, np.int64),
        [0, 1],  # which NumPy makes int64: 1 of what?
        np.zeros(3, np.uint8),
        np.zeros(3, bool),
        np.zeros(3, complex),
        ["a"],
        np.zeros((2, 3), np.int16),
        np.float32(0),
    ],
)
def test_what_is_no_samples_is_refused_everywhere(samples: object, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"samples of (type|shape)"):
        StreamEncoder("wav").write(samples)  # type: ignore[arg-type]
    with pytest.raises(UsageError), AudioFile(tmp_path / "a.wav") as file:
        file.write(samples)  # type: ignore[arg-type]
    with pytest.raises(UsageError):
        Spectrogram().write(samples)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_integers_come_back_from_a_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    with AudioFile(path) as file:
        file.write(LEVELS)
    if suffix == "wav":
        with wave.open(str(path)) as content:
            read = np.frombuffer(content.readframes(100), "<i2")
    else:
        read = pytest.importorskip("soundfile").read(path, dtype="int16")[0]
    np.testing.assert_array_equal(read, LEVELS)
    lowest = StreamEncoder("pcm").write(np.array([-32768], np.int16))
    assert np.frombuffer(lowest, "<i2") == [-32767]


def test_a_picture_of_integers_is_that_of_floats() -> None:
    floats = np.sin(np.arange(5000) / 3).astype(np.float32)
    pictures = [Spectrogram(), Spectrogram()]
    pictures[0].write(floats)
    pictures[1].write(np.round(floats * (2**31 - 1)).astype(np.int32))
    np.testing.assert_allclose(pictures[0].image(), pictures[1].image(), atol=1e-2)  # dB


@pytest.mark.parametrize("format", ["wav", "pcm", "flac", "mp3", "opus"])
@pytest.mark.parametrize("call", ["write", "finish"])
def test_nothing_comes_after_the_end_of_a_stream(format: str, call: str) -> None:
    if format not in ("wav", "pcm"):
        pytest.importorskip("soundfile")
    encoder = StreamEncoder(format)
    encoder.write(FLOATS)
    encoder.finish()
    with pytest.raises(UsageError, match="finished"):
        encoder.finish() if call == "finish" else encoder.write(FLOATS)


def test_a_file_is_written_inside_its_block(tmp_path: Path) -> None:
    file = AudioFile(tmp_path / "a.pcm")
    with pytest.raises(UsageError, match="inside its block"):
        file.write(FLOATS)
    with file:
        file.write(FLOATS)
    content = (tmp_path / "a.pcm").read_bytes()
    with pytest.raises(UsageError, match="inside its block"):
        file.write(FLOATS)
    with pytest.raises(UsageError, match="finished"), file:
        pass
    assert (tmp_path / "a.pcm").read_bytes() == content == LEVELS.astype("<i2").tobytes()


@pytest.mark.parametrize(
    ("name", "number", "kind"),
    [
        ("OutputIO", 28, OutputError),
        ("ReaderGone", 32, ReaderGoneError),
        ("ModelLoad", 2, ModelNotFoundError),
        ("Tokenizer", 2, TokenizerNotFoundError),
    ],
)
def test_an_errno_survives_pickling_and_copying(name: str, number: int, kind: type) -> None:
    error = make_error(name, "cannot write 'a.wav'", number)
    error.add_note("a note")
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(other) is kind
        assert (other.errno, str(other)) == (number, str(error))
        assert other.__notes__ == ["a note"]
