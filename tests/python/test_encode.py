"""Streams and files of every format. Oracles: soundfile's reader, soxr on the whole signal."""

from __future__ import annotations

import io
import os
import struct
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from voxtral_tts import NumericError, OutputError, ReaderGoneError, UsageError
from voxtral_tts._native import _core
from voxtral_tts.encode import FORMATS, AudioFile, StreamEncoder, format_of

soundfile = pytest.importorskip("soundfile")
soxr = pytest.importorskip("soxr")

RATE = 24000
CHUNK = 1920
LOSSY = ("mp3", "opus")


def speech_like(seconds: float = 2.0) -> np.ndarray:
    """Noise of a voice's band that swells: no two stretches are the same."""
    count = round(seconds * RATE)
    noise = np.random.default_rng(7).standard_normal(count)
    swell = 0.5 + 0.4 * np.sin(2 * np.pi * 3 * np.arange(count) / RATE)
    return (swell * np.convolve(noise, np.hanning(24) / 30, mode="same")).astype(np.float32)


def stream(format: str, samples: np.ndarray, sample_rate: int | None = None) -> bytes:
    encoder = StreamEncoder(format, sample_rate=sample_rate)
    pieces = [
        encoder.write(samples[start : start + CHUNK]) for start in range(0, len(samples), CHUNK)
    ]
    return b"".join([*pieces, encoder.finish()])


def decode(content: bytes) -> tuple[np.ndarray, int]:
    """The samples that are there, and their rate."""
    if content.startswith(b"fLaC"):
        content = with_length(content)
    with soundfile.SoundFile(io.BytesIO(content)) as file:
        return file.read(dtype="float32"), file.samplerate


def with_length(flac: bytes) -> bytes:
    """soundfile's reader, unlike libFLAC, needs the number of samples: of whole blocks here."""
    known = int.from_bytes(flac[18:26], "big")
    if known & (2**36 - 1):
        return flac
    block = int.from_bytes(flac[10:12], "big")
    last = max(flac.rfind(sync) for sync in (b"\xff\xf8", b"\xff\xf9"))
    count = flac[last + 4] * block  # the number of the last block, complete or not
    return flac[:18] + (known | count).to_bytes(8, "big") + flac[26:]


def write_file(path: Path, *pieces: np.ndarray) -> None:
    with AudioFile(path) as file:
        for piece in pieces:
            file.write(piece)


def delay_of(decoded: np.ndarray, samples: np.ndarray) -> int:
    """Samples by which the decoded signal lags."""
    correlation = np.correlate(decoded[:8000], samples[2000:4000])
    return int(correlation.argmax()) - 2000


@pytest.mark.parametrize("format", FORMATS)
def test_a_stream_has_the_samples(format: str) -> None:
    samples = speech_like()
    content = stream(format, samples)
    if format == "pcm":
        assert content == _core.to_s16le(samples)
        return
    decoded, rate = decode(content)
    assert rate == RATE
    if format not in LOSSY:
        assert len(decoded) >= len(samples) - 4608  # a FLAC block at the end
        levels = np.round(decoded * 32768)
        np.testing.assert_array_equal(levels, pcm(samples)[: len(levels)])
        return
    delay = delay_of(decoded, samples)
    assert -2 <= delay < 0.1 * RATE
    assert len(samples) <= len(decoded) < len(samples) + 0.15 * RATE
    delay = max(delay, 0)
    aligned = decoded[delay : delay + len(samples)]
    error = aligned - samples[: len(aligned)]
    assert np.sqrt(np.mean(error**2)) < 0.3 * np.sqrt(np.mean(samples**2))


def pcm(samples: np.ndarray) -> np.ndarray:
    return np.frombuffer(_core.to_s16le(samples), "<i2")


@pytest.mark.parametrize("format", FORMATS)
def test_a_stream_flows(format: str) -> None:
    """Half a second of audio at most is held back."""
    encoder = StreamEncoder(format)
    content = b"".join(encoder.write(piece) for piece in np.split(speech_like(), 25))
    if format in ("wav", "pcm"):
        assert len(encoder.finish()) == 0
        return
    decoded, _ = decode(content)
    assert len(decoded) > 1.5 * RATE


def test_a_wav_stream_says_unknown_for_its_sizes() -> None:
    content = stream("wav", speech_like(0.2))
    assert content[4:8] == content[40:44] == b"\xff\xff\xff\xff"
    assert content[44:] == _core.to_s16le(speech_like(0.2))


@pytest.mark.parametrize("format", FORMATS)
def test_a_stream_without_samples_can_be_finished(format: str) -> None:
    assert (len(StreamEncoder(format).finish()) == 44) == (format == "wav")


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 48000])
def test_resampled_as_a_stream_is_resampled_whole(rate: int) -> None:
    samples = speech_like()
    whole = soxr.resample(samples, RATE, rate)
    streamed = np.frombuffer(stream("pcm", samples, rate), "<i2")
    assert abs(len(streamed) - len(whole)) <= 1
    shortest = min(len(streamed), len(whole))
    np.testing.assert_allclose(streamed[:shortest] / 32767, whole[:shortest], atol=1e-4)


@pytest.mark.parametrize("format", ["flac", "mp3", "opus", "wav"])
def test_the_rate_is_in_the_stream(format: str) -> None:
    assert decode(stream(format, speech_like(), 48000))[1] == 48000


@pytest.mark.parametrize("format", FORMATS)
def test_not_a_number_is_refused(format: str, tmp_path: Path) -> None:
    with pytest.raises(NumericError):
        StreamEncoder(format).write(np.array([0, np.nan], np.float32))
    with pytest.raises(NumericError), AudioFile(tmp_path / "a", format) as file:
        file.write(np.array([np.inf], np.float32))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "rate", "parts"),
    [
        ("aac", None, ["aac", "wav, pcm, flac, mp3, opus"]),
        ("opus", 44100, ["44100", "opus", "48000"]),
        ("mp3", 96000, ["96000", "mp3"]),
        ("wav", 0, ["0", "1000"]),
    ],
)
def test_what_cannot_be_is_refused(arguments: str, rate: int | None, parts: list[str]) -> None:
    with pytest.raises(UsageError) as caught:
        StreamEncoder(arguments, sample_rate=rate)
    assert all(part in str(caught.value) for part in parts)


def test_two_channels_are_refused() -> None:
    with pytest.raises(UsageError, match="one channel"):
        StreamEncoder("pcm").write(np.zeros((2, 3), np.float32))


def test_a_missing_package_is_named_with_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "soundfile", None)
    monkeypatch.setitem(sys.modules, "soxr", None)
    for arguments in (("flac", None), ("wav", 48000)):
        with pytest.raises(UsageError, match=r"pip install 'voxtral_tts\[audio\]'"):
            StreamEncoder(arguments[0], sample_rate=arguments[1])
    StreamEncoder("wav").write(speech_like(0.1))


@pytest.mark.parametrize("format", FORMATS)
def test_a_file_is_whole(format: str, tmp_path: Path) -> None:
    samples = speech_like()
    path = tmp_path / f"a{FORMATS[format].extension}"
    with AudioFile(path) as file:
        for start in range(0, len(samples), CHUNK):
            file.write(samples[start : start + CHUNK])
        names = [entry.name for entry in tmp_path.iterdir()]
        assert len(names) == 1 and names[0].startswith(".voxtral_tts-")
    assert list(tmp_path.iterdir()) == [path]
    if format == "pcm":
        assert path.read_bytes() == _core.to_s16le(samples)
        return
    assert soundfile.info(path).frames == len(samples)
    if format not in LOSSY:
        np.testing.assert_array_equal(soundfile.read(path, dtype="int16")[0], pcm(samples))
    if format == "wav":
        content = path.read_bytes()
        assert struct.unpack_from("<I", content, 4)[0] == len(content) - 8
        assert struct.unpack_from("<I", content, 40)[0] == len(content) - 44


@pytest.mark.parametrize("format", FORMATS)
def test_after_an_exception_the_audio_so_far_is_kept(format: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{FORMATS[format].extension}"
    samples = speech_like()
    with pytest.raises(NumericError):
        write_file(path, samples[:RATE], np.array([np.nan]))
    assert list(tmp_path.iterdir()) == [path]
    if format == "pcm":
        assert path.stat().st_size == 2 * RATE
    else:
        assert soundfile.info(path).frames == RATE


def test_without_audio_there_is_no_file_and_an_older_one_stays(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), AudioFile(tmp_path / "new.wav"):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
    old = tmp_path / "old.wav"
    old.write_bytes(b"old")
    with AudioFile(old) as file:
        file.write(np.zeros(0, np.float32))
    assert old.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [old]


def test_an_older_file_is_replaced_when_the_new_one_is_complete(tmp_path: Path) -> None:
    old, link = tmp_path / "old.pcm", tmp_path / "link.pcm"
    old.write_bytes(b"old")
    old.chmod(0o640)
    link.symlink_to(old)
    with AudioFile(link) as file:
        file.write(speech_like(0.1))
        assert old.read_bytes() == b"old"
    assert link.is_symlink()
    assert old.read_bytes() == _core.to_s16le(speech_like(0.1))
    assert old.stat().st_mode & 0o777 == 0o640


def test_errors_name_the_path_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"nowhere.*does not exist") as caught:
        AudioFile(tmp_path / "nowhere" / "a.wav").__enter__()
    assert isinstance(caught.value, FileNotFoundError) or caught.value.errno == 2
    folder = tmp_path / "folder.wav"
    folder.mkdir()
    with pytest.raises(OutputError, match=r"folder\.wav.*name a file in it"):
        AudioFile(folder).__enter__()
    with pytest.raises(UsageError, match=r"a\.aac.*\.flac"):
        AudioFile(tmp_path / "a.aac")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux has it")
def test_a_device_that_is_full() -> None:
    with pytest.raises(OutputError, match="/dev/full"), AudioFile("/dev/full", "pcm") as file:
        file.write(speech_like(0.1))


@pytest.mark.parametrize("format", FORMATS)
def test_a_full_disk_leaves_what_fitted(
    format: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk takes a part of a piece and then nothing more."""
    path = tmp_path / f"a{FORMATS[format].extension}"
    write = os.write
    limit = 20000 if format in ("wav", "pcm", "flac") else 6000

    def limited(fd: int, content: memoryview) -> int:
        room = limit - os.lseek(fd, 0, os.SEEK_CUR)
        if room <= 0:
            raise OSError(28, "No space left on device")
        return write(fd, content[:room])

    monkeypatch.setattr(os, "write", limited)
    with pytest.raises(OutputError, match="No space left") as caught:
        write_file(path, *np.split(speech_like(), 25))
    monkeypatch.undo()
    assert caught.value.errno == 28
    assert list(tmp_path.iterdir()) == [path]
    if format != "pcm":
        assert 0 < len(decode(path.read_bytes())[0]) < 2 * RATE


def test_a_fifo_is_written_directly(tmp_path: Path) -> None:
    fifo = tmp_path / "a.wav"
    os.mkfifo(fifo)
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append(fifo.read_bytes()))
    reader.start()
    with AudioFile(fifo) as file:
        file.write(speech_like(0.2))
    reader.join()
    assert received == [stream("wav", speech_like(0.2))]


def test_a_reader_that_goes_away_is_told_apart(tmp_path: Path) -> None:
    fifo = tmp_path / "a.pcm"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    with AudioFile(fifo) as file:
        file.write(speech_like(0.1))
        os.close(reader)
        with pytest.raises(ReaderGoneError, match=r"a\.pcm"):
            file.write(speech_like(0.1))


def test_suffixes() -> None:
    names = ["a.wav", "a.WAV", "a", "a.raw", "a.ogg", "a.opus", "a.f32"]
    formats = [format_of(name).name for name in names]
    assert formats == ["wav", "wav", "wav", "pcm", "opus", "opus", "f32le"]
