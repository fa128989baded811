"""Timelines and pictures of sounds."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from voxtral_tts import OutputError, UsageError
from voxtral_tts.spectrogram import Spectrogram
from voxtral_tts.trace import Trace

RATE = 24000


def test_a_trace_is_what_chrome_reads(tmp_path: Path) -> None:
    trace = Trace()
    trace.add_span("second", "sink", 1500.0, 20.0, thread="writer", args={"bytes": 3})
    with trace.span("third", "model", frame=1):
        pass
    trace.add_span("first", "model", 1000.0, 600.0)
    trace.save(tmp_path / "t.json")
    content = json.loads((tmp_path / "t.json").read_text())
    named = {event["name"]: event for event in content["traceEvents"] if event["ph"] == "X"}
    assert (named["first"]["ts"], named["first"]["dur"]) == (0, 600)
    assert (named["second"]["ts"], named["second"]["args"]) == (500, {"bytes": 3})
    assert named["third"]["args"] == {"frame": 1}
    threads = {
        event["args"]["name"]: event["tid"]
        for event in content["traceEvents"]
        if event["ph"] == "M"
    }
    assert threads["writer"] == named["second"]["tid"] != named["first"]["tid"] == threads["main"]
    with pytest.raises(OutputError, match="nowhere"):
        trace.save(tmp_path / "nowhere" / "t.json")


def test_a_spectrogram_shows_a_tone_where_it_is() -> None:
    picture = Spectrogram(RATE)
    t = np.arange(2 * RATE) / RATE
    tone = np.where(t < 1, np.sin(2 * np.pi * 1500 * t), 0).astype(np.float32)
    for piece in np.array_split(tone, 37):
        picture.write(piece)
    image = picture.image()
    columns = image.shape[1]
    loudest = np.argmax(image[:, columns // 4])
    assert loudest * RATE / 1024 == pytest.approx(1500, abs=RATE / 1024)
    assert image[:, columns // 4].max() == pytest.approx(0, abs=1)
    assert (image[:, -columns // 4 :] == -80).all()


def test_pieces_make_no_difference_and_length_none_to_memory() -> None:
    rng = np.random.default_rng(3)
    noise = rng.standard_normal(20 * RATE).astype(np.float32)
    whole, pieces = Spectrogram(RATE), Spectrogram(RATE)
    whole.write(noise)
    for piece in np.array_split(noise, 91):
        pieces.write(piece)
    np.testing.assert_array_equal(whole.image(), pieces.image())
    long = Spectrogram(RATE)
    for _ in range(12):
        long.write(noise)
    assert long.image().shape[1] <= 4096


def test_a_spectrogram_is_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib")
    Spectrogram(RATE).save(tmp_path / "empty.png")
    picture = Spectrogram(RATE)
    picture.write(np.ones(5000, np.float32))
    picture.save(tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert len(list(tmp_path.iterdir())) == 2
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(UsageError, match=r"voxtral_tts\[plot\]"):
        Spectrogram(RATE)
