"""The benchmark's own arithmetic and messages, with a runner that only answers."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from exporting import ROOT

voxtral_tts = pytest.importorskip("voxtral_tts")


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    """The checkout's file, whichever package is installed."""
    path = ROOT / "python" / "voxtral_tts" / "bench.py"
    spec = importlib.util.spec_from_file_location("bench", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class _Runner:
    """Speaks `frames` frames, or raises what the package raises at END in frame 0."""

    load_ms = 5.0
    frames = 0

    def __init__(self, *files: Path, voice_cache: str) -> None:
        pass

    def __enter__(self) -> _Runner:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def synthesize(self, text: str, max_frames: int) -> SimpleNamespace:
        if self.frames < 0:
            raise voxtral_tts.TextError("the model ended before the first frame")
        figures = ("prefill_ms", "first_audio_ms", "generate_ms", "codec_ms", "rtf")
        stats = dict.fromkeys((*figures, "generation_rtf", "prompt_tokens"), 4.0)
        return SimpleNamespace(stats=SimpleNamespace(**stats, codec_frames=self.frames))


@pytest.mark.parametrize(
    ("spoken", "message"),
    [
        (-1, "before the first frame; choose another --text"),
        (0, "after 0 of 3 frames: give a longer --text or fewer --frames"),
        (2, "after 2 of 3 frames"),
    ],
)
def test_speech_that_ends_early_is_no_measurement(bench, monkeypatch, spoken, message):
    monkeypatch.setattr(voxtral_tts, "Runner", _Runner)
    monkeypatch.setattr(_Runner, "frames", spoken)
    with pytest.raises(SystemExit, match=message):
        bench.measure(Path(), 3, "text")


@pytest.mark.parametrize("frames", [1, 3])
def test_measured_figures(bench, monkeypatch, frames):
    monkeypatch.setattr(voxtral_tts, "Runner", _Runner)
    monkeypatch.setattr(_Runner, "frames", frames)
    first = bench.measure(Path(), frames, "text")["first"]
    assert first["codec_ms_per_frame"] == 4.0 / frames


def test_a_given_checkpoint_has_no_cost(bench):
    run = {"load_ms": 1.0, "peak_resident_mb": 2.0, "first": {"rtf": 3.0}, "second": {"rtf": 3.0}}
    cost = {"seconds": 7, "peak_mb": 8}
    figures = {"export": cost, "file_mb": {}, "runs": [run]}
    report = {"checkpoint": bench.GIVEN, "backends": {"mlx": figures}}
    rows = bench.table(report, "mlx").splitlines()
    assert rows[0] == "| mlx | median | range |"
    assert rows[2:4] == [
        "| checkpoint: time, peak memory | given | |",
        "| export: time, peak memory | 7 s, 8 MB | |",
    ]


def test_the_fingerprint_sees_size_and_time(bench, tmp_path):
    (tmp_path / "params.json").write_text("{}")
    tensors = tmp_path / "consolidated.safetensors"
    seen = set()
    for megabytes, second in ((3, 1), (4, 1), (4, 2)):
        tensors.write_bytes(bytes(megabytes << 20))  # head and tail are the same
        os.utime(tensors, (second, second))
        seen.add(bench._fingerprint(tmp_path))
    assert len(seen) == 3
    tensors.write_bytes(b"small")
    assert bench._fingerprint(tmp_path) not in seen


def test_the_disk_need_is_the_same_everywhere(bench):
    assert "11 GB of disk" in bench.__doc__
    assert "(11 GB of disk)" in (ROOT / "Makefile").read_text()


@pytest.mark.parametrize("package", ["executorch", "torch"])
def test_cached_exports_depend_on_the_lowering_packages(bench, monkeypatch, package):
    pytest.importorskip("voxtral_tts.export")
    before = bench._sources()
    original = bench.version
    newer = lambda name: "0.0" if name == package else original(name)
    monkeypatch.setattr(bench, "version", newer)
    assert bench._sources() != before
