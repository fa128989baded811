"""The benchmark's own arithmetic and messages, with a runner that only answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from exporting import ROOT, Export

voxtral_tts = pytest.importorskip("voxtral_tts")
from voxtral_tts import UsageError, bench  # noqa: E402
from voxtral_tts._native import _core  # noqa: E402
from voxtral_tts.bench import (  # noqa: E402
    artefacts,
    machine,
    playback,
    plots,
    ratios,
    report,
    roofline,
    rounds,
    speech,
    split,
)


class _Stream:
    """Frame i's step takes i ms; chunks of one frame."""

    sample_rate = 24000

    def __init__(self, frames: int) -> None:
        self.frames, self._stream = frames, self
        figures = ("prefill_ms", "first_audio_ms", "codec_ms", "rtf", "generation_rtf")
        stats = dict.fromkeys(figures, 4.0) | {"prompt_tokens": 4, "codec_executes": 4}
        self.stats = SimpleNamespace(
            **stats, codec_frames=frames, decoded_frames=frames, step_executes=frames
        )

    def __enter__(self) -> _Stream:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def __iter__(self) -> Iterator[SimpleNamespace]:
        if self.frames < 0:
            raise voxtral_tts.TextError("the model ended before the first frame")
        for _ in range(self.frames):
            yield SimpleNamespace(samples=np.zeros(1920), frames=1)

    def _record_step_times(self) -> None:
        pass

    def _step_times_ms(self) -> list[float]:
        return [float(frame) for frame in range(self.frames)]


class _Runner:
    """Speaks `frames` frames, or raises what the package raises at END in frame 0."""

    load_ms = 5.0
    frames = 3

    def __init__(self, *files: Path) -> None:
        pass

    def __enter__(self) -> _Runner:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def voices(self) -> list[str]:
        return ["neutral_female"]

    def stream(self, text: str, voice: str | None, max_frames: int) -> _Stream:
        return _Stream(min(self.frames, max_frames))


@pytest.fixture(autouse=True)
def fake_runner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voxtral_tts, "Runner", _Runner)


@pytest.mark.parametrize(
    ("spoken", "message"),
    [
        (-1, "before the first frame; choose another --text"),
        (0, "after 0 of 2 frames: give a longer --text or fewer --frames"),
        (2, "after 2 of 3 frames"),
    ],
)
def test_speech_that_ends_early_is_no_measurement(monkeypatch, spoken, message):
    monkeypatch.setattr(_Runner, "frames", spoken)
    with pytest.raises(SystemExit, match=message):
        speech.measure(Path(), 3, "text", 1 << 20)


def run() -> dict[str, Any]:
    """What one round gives."""
    parts = {"step": [10.0], "language_model": [4.0], "flow": [4.0], "semantic_head": [0.5]}
    return {
        "cache_dropped": True,
        "load": speech.load(Path()),
        "speech": speech.measure(Path(), 3, "text", 1 << 20),
        "parts": parts | {"embed_codes": [0.5]},
        "growth": [],
        "codec": {str(size): [1.0] for size in split.CHUNK_SIZES},
    }


def figures(**more: Any) -> dict[str, Any]:
    return {"options": "o", "export": {"seconds": 7, "peak_mb": 8}, "file_mb": {}} | more


def rows_of(backend: dict[str, Any]) -> dict[str, report.Row]:
    return {row.label: row for row in report.rows(backend)}


def test_measured_figures():
    rows = rows_of(figures(runs=[run(), run()]))
    assert rows["step, p50"].values == [1.0, 1.0]  # of 1 and 2; the prefill is left out
    assert rows["step, p95"].values == [2.0, 2.0]
    assert rows["codec per frame"].values == [4.0 / 3, 4.0 / 3]
    assert rows["prefill rate, cold voice"].values == [1000.0, 1000.0]
    assert "TTFA, voice from disk" not in rows
    assert rows["executes of step per frame"].values == [1.0, 1.0]
    assert rows["frames decoded per frame emitted"].values == [1.0, 1.0]
    assert rows["read bandwidth"].values[0] > 0
    assert rows["resident, peak"].values[0] > 0
    assert rows["bytes per frame"].remark == "the backend does not tell"
    assert rows["allocations per frame"].remark.startswith("not counted")


@pytest.mark.parametrize(("flow", "remark"), [(4.0, ""), (2.5, "BEYOND 10%"), (6.5, "BEYOND 10%")])
def test_the_split_is_checked_against_the_fused_step(flow: float, remark: str) -> None:
    one = run()
    one["parts"]["flow"] = [flow]
    rows = rows_of(figures(runs=[one]))
    assert rows["split: sum"].values == [flow + 5.0]
    assert rows["split: rest"].values == [5.0 - flow]
    assert rows["split: sum against step"].remark == remark


def test_growth_is_the_ratio_within_a_turn() -> None:
    """A turn in which both were slow says as much as a quiet one."""
    one = run()
    assert not any("growth" in label for label in rows_of(figures(runs=[one])))
    one["growth"] = [[10.0, 30.0, 10.0], [11.0, 33.0, 40.0]]
    rows = rows_of(figures(runs=[one]))
    assert rows["growth of a step, median of the turns"].values == pytest.approx([1.1])
    assert rows["step at frame 1500, in turn"].values == [33.0]


def test_without_bench_pte_there_is_no_split() -> None:
    one = run()
    one["parts"] = {"step": [10.0]}
    assert "--export-target bench" in rows_of(figures(runs=[one]))["split: parts"].remark


def test_the_fraction_counts_the_codec() -> None:
    """3 GB at 30 GB/s are 100 ms; the frame takes 1.5 + 4/3 ms here."""
    needed = {"weights": 2.9e9, "kv_cache": 5e7, "codec": 5e7, "total": 3e9}
    one = run()
    one["speech"]["bandwidth"]["best_gb_s"] = 30.0
    (percent,) = rows_of(figures(runs=[one], frame_bytes=needed))[
        "fraction of the roofline, codec included"
    ].values
    assert percent == pytest.approx(100 * 100 / (1.5 + 4 / 3))
    assert roofline.fraction(3e9, 30.0, 200.0) == pytest.approx(0.5)


def whole_report(**more: Any) -> dict[str, Any]:
    operators = [{"operator": "aten::add", "kind": "ExecuTorch's", "calls": 2.0, "ms": 0.5}]
    backend = figures(runs=[run()], operators=operators, **more)
    result = {"machine": machine.facts(), "runs": 1, "checkpoint": artefacts.GIVEN}
    return result | {"backends": {"mlx": backend}}


def test_a_given_checkpoint_has_no_cost() -> None:
    rows = report.table(whole_report(), "mlx").splitlines()
    assert rows[0] == "| mlx | median | range |"
    assert rows[2:4] == [
        "| checkpoint: time, peak memory | given | |",
        "| export: time, peak memory | 7 s, 8 MB | |",
    ]
    assert rows[-1] == "| aten::add | ExecuTorch's | 2 | 0.500 |"


def test_kept_voices_are_named() -> None:
    one = run()
    kept = {"prefix_source": "disk", "prefix_rows": 3}
    one["again"] = one["speech"]["same_voice"] | kept
    assert rows_of(figures(runs=[one]))["TTFA, voice from disk"].remark == "4 rows, 3 from disk"


def test_long_runs_show_growth() -> None:
    spoken = run()["speech"]["speech"] | {"resident": {"anon_mb": 5.0}, "cut": False}
    spoken["step_ms"] = [10.0] * 100 + [20.0] * 1500
    rows = rows_of(figures(runs=[run()], long={"5 min": spoken}))
    assert rows["step near frame 50, mean"].values == [10.0]
    assert rows["step near frame 1500, p50"].values == [20.0]
    assert rows["after 5 min: resident, own"].values == [5.0]


def test_the_report_goes_between_the_page_s_markers(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
    report.write_docs(page, "new")
    assert page.read_text() == f"before\n{report.BEGIN}\n\nnew\n\n{report.END}\nafter\n"
    page.write_text("no block")
    with pytest.raises(SystemExit, match="has no block"):
        report.write_docs(page, "new")


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        ([], (0, 0, 0)),
        ([(100, 80)], (0, 0, 0)),
        ([(100, 80), (150, 80), (260, 80)], (0, 0, 0)),  # each before it is due
        ([(100, 80), (200, 80), (260, 80)], (1, 20, 20)),
        ([(0, 80), (100, 80), (280, 80)], (2, 120, 120)),
        ([(0, 80), (100, 800), (890, 80)], (1, 20, 20)),
    ],
)
def test_simulated_playback(chunks, expected) -> None:
    assert playback.simulate(chunks) == expected


def test_plots_are_left_out_without_matplotlib(monkeypatch, capsys, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert plots.draw(whole_report(), tmp_path) == []
    assert "matplotlib is missing" in capsys.readouterr().err


def test_plots(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    for path in plots.draw(whole_report(), tmp_path):
        assert path.read_bytes().startswith(b"\x89PNG")
    assert len(list(tmp_path.iterdir())) == 2


def test_peers_are_compared_stage_by_stage(monkeypatch, capsys, tmp_path: Path) -> None:
    result = whole_report()
    peer = SimpleNamespace(run=lambda *paths: {"lm": {"median": 8.0}, "flow": {"median": 2}})
    monkeypatch.setitem(sys.modules, "voxtral_tts.bench.peer_torch", peer)
    table = ratios.compare("torch", result, tmp_path, tmp_path).splitlines()
    assert table[2:] == [
        "| lm | 8.00 ms | 4.00 ms | 2.00 |",
        "| flow | 2.00 ms | 4.00 ms | 0.50 |",
    ]
    monkeypatch.setattr(ratios, "__package__", "voxtral_tts.nowhere")
    with pytest.raises(ModuleNotFoundError):
        ratios.compare("torch", result, tmp_path, tmp_path)
    monkeypatch.setattr(ratios, "__package__", "voxtral_tts")
    assert ratios.compare("torch", result, tmp_path, tmp_path) == ""
    assert "no peer torch" in capsys.readouterr().err


def test_read_bandwidth() -> None:
    found = machine.read_bandwidth(1 << 22)
    assert found["best_gb_s"] >= found["median_gb_s"] > 0
    for size, threads in ((1, 1), (1 << 20, -1), (1 << 20, 1 << 20)):
        with pytest.raises(UsageError, match="read_bandwidth"):
            _core._read_bandwidth(size, threads)


def test_methods_and_their_instructions_can_be_timed(exported: Path) -> None:
    file = str(exported / "model.pte")
    load_ms, calls, timed = _core._time_method(file, "step", 1, 40, 3, True)
    assert load_ms > 0 and len(calls) == 3 and min(calls) > 0
    names = roofline.instructions(Path(file), "step")
    assert all(runs == 3 and names[index] for index, runs, _ in timed)
    assert len(timed) == len(names)
    assert sum(ms for *_, ms in timed) < sum(calls)
    assert _core._time_method(file, "embed_text", 0, 0, 1, False)[2] == []


@pytest.mark.parametrize(
    ("method", "rows", "repeats", "kind", "message"),
    [
        ("nothing", 1, 1, "ModelMismatchError", "has no method 'nothing'"),
        ("step", 1000000, 1, "UsageError", "takes at most"),
        ("step", 1, 0, "UsageError", "repeats"),
    ],
)
def test_what_cannot_be_timed_is_refused(exported, method, rows, repeats, kind, message) -> None:
    with pytest.raises(getattr(voxtral_tts, kind), match=message):
        _core._time_method(str(exported / "model.pte"), method, rows, 0, repeats, False)


def test_parts_and_codec_are_timed(export_tiny: Export, exported: Path) -> None:
    folder = export_tiny("--backend", "xnnpack", "--export-target", "bench")
    for method, rows in split.PART_METHODS.items():
        assert split._times(folder / artefacts.PARTS, method, rows, 30, 2)
    assert list(split.parts(exported, 30, 1)) == ["step"]
    assert list(split.codec(exported, 1)) == [str(size) for size in split.CHUNK_SIZES]
    kinds = {row["kind"] for row in split.operators(exported, 30, 1)}
    assert kinds == {"ours", "ExecuTorch's", "delegate", "runtime"}


def test_bytes_per_frame_come_from_the_programs(exported: Path) -> None:
    manifest = json.loads((exported / "manifest.json").read_text())
    rows = manifest["files"]["model.pte"]["options"]["max_seq_len"]
    near, far = (roofline.frame_bytes(exported, at, rows, 8) for at in (100, 200))
    assert near is not None and far is not None
    assert far.kv_cache == 2 * near.kv_cache > 0
    assert far.weights == near.weights > 8 * far.codec > 0


def test_the_fingerprint_sees_size_and_time(tmp_path: Path) -> None:
    (tmp_path / "params.json").write_text("{}")
    tensors = tmp_path / "consolidated.safetensors"
    seen = set()
    for megabytes, second in ((3, 1), (4, 1), (4, 2)):
        tensors.write_bytes(bytes(megabytes << 20))  # head and tail are the same
        os.utime(tensors, (second, second))
        seen.add(artefacts.fingerprint(tmp_path))
    assert len(seen) == 3
    tensors.write_bytes(b"small")
    assert artefacts.fingerprint(tmp_path) not in seen


def test_the_disk_need_is_the_same_everywhere() -> None:
    assert "14 GB of disk" in str(bench.__doc__)
    assert "(14 GB of disk)" in (ROOT / "Makefile").read_text()


@pytest.mark.parametrize("package", ["executorch", "torch"])
def test_cached_exports_depend_on_the_lowering_packages(monkeypatch, package: str) -> None:
    pytest.importorskip("voxtral_tts.export")
    before = artefacts.sources()
    original = artefacts.version
    newer = lambda name: "0.0" if name == package else original(name)
    monkeypatch.setattr(artefacts, "version", newer)
    assert artefacts.sources() != before


def test_rounds_take_the_backends_in_turn(monkeypatch, tmp_path: Path) -> None:
    seen: list[str] = []
    monkeypatch.setattr(rounds, "drop_cache", lambda files: True)

    def answer(task: str, folder: Path, *_: object) -> dict[str, Any]:
        seen.append(f"{folder.name} {task}")
        return {"prefix_source": "disk" if folder.name == "b" else "computed"}

    monkeypatch.setattr(rounds, "in_process", answer)
    results = rounds.run({"a": tmp_path / "a", "b": tmp_path / "b"}, 2, {})
    assert [len(runs) for runs in results.values()] == [2, 2]
    tasks = (*rounds._PER_ROUND, "again")
    assert seen == [f"{name} {task}" for name in "abab" for task in tasks]
    # Only where the library keeps voices on disk is it a figure.
    assert ["again" in results[name][0] for name in "ab"] == [False, True]


def test_the_whole_of_it(exported: Path, tmp_path: Path) -> None:
    """`python -m voxtral_tts.bench` on an export that is there, in processes of its own."""
    page, result = tmp_path / "page.md", tmp_path / "new" / "report.json"
    page.write_text(f"{report.BEGIN}\n{report.END}\n")
    flags = ("--runs", "1", "--repeats", "1", "--frames", "4", "--bandwidth-mb", "16")
    paths = ("--exported", exported, "--json", result, "--docs", page)
    command = [sys.executable, "-m", "voxtral_tts.bench", *flags, *map(str, paths)]
    process = subprocess.run(command, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr[-2000:]
    assert "round 1 of 1: xnnpack" in process.stderr
    assert process.stdout.strip() in page.read_text()
    backend = json.loads(result.read_text())["backends"]["xnnpack"]
    assert backend["figures"]["executes of step per frame []"]["median"] == 1
    assert backend["figures"]["fraction of the roofline, codec included [%]"]["median"] > 0
    assert backend["operators"][0]["ms"] > 0
