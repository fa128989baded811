"""Spans of an utterance. Oracle: the statistics, and the rules of Chrome's trace format."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from command_line import TEXT, Run, assert_error
from voxtral_tts import Runner

FRAMES = 20
Span = tuple[str, float, float, int]


class Collector:
    def __init__(self) -> None:
        self.spans: list[Span] = []

    def add_span(
        self,
        name: str,
        category: str,
        start_us: float,
        duration_us: float,
        thread: str = "main",
        args: Mapping[str, object] | None = None,
    ) -> None:
        assert (category, thread) == ("speech", "main")
        assert args is not None and isinstance(args["index"], int)
        self.spans.append((name, start_us, duration_us, args["index"]))


@pytest.fixture
def runner(exported: Path) -> Iterator[Runner]:
    files = exported / "model.pte", exported / "codec_decoder.pte"
    with Runner(*files, voice_cache="memory") as runner:
        yield runner


def check_spans(spans: list[Span], stats: Mapping[str, Any]) -> None:
    """Counts are the statistics' and times are theirs within what the clock rounds."""
    counts = Counter(name for name, *_ in spans)
    assert counts["voice"] == counts["tokenise"] == counts["embed"] == 1
    assert counts["prefix"] == counts["prefill"] == 1
    computed = 1 if stats["prefix_source"] == "computed" else 0
    assert counts["step"] + counts["prefill"] + computed == stats["step_executes"]
    assert counts["codec"] == stats["codec_executes"]
    assert [index for name, *_, index in spans if name == "step"] == [*range(1, 1 + counts["step"])]
    for total, names in (("generate_ms", ("prefix", "prefill", "step")), ("codec_ms", ("codec",))):
        durations = [duration for name, _, duration, _ in spans if name in names]
        spent_ms = sum(durations) / 1000
        # Both ends of a span are cut to whole microseconds: each may be one too long.
        assert spent_ms <= stats[total] + 0.001 * len(durations)
        assert spent_ms == pytest.approx(stats[total], rel=0.05, abs=2)
    ordered = sorted(spans, key=lambda span: span[1:3])
    for (_, start, duration, _), (_, following, _, _) in pairwise(ordered):
        assert start + duration <= following + 1  # both ends are cut to whole microseconds


def test_spans_are_what_the_statistics_count(runner: Runner) -> None:
    before_us = time.monotonic_ns() / 1000
    for computed in (True, False):
        trace = Collector()
        audio = runner.synthesize(TEXT, max_frames=FRAMES, trace=trace)
        assert (audio.stats.prefix_source == "computed") == computed
        check_spans(trace.spans, {f: getattr(audio.stats, f) for f in audio.stats.__slots__})
    after_us = time.monotonic_ns() / 1000
    assert all(before_us <= start <= after_us for _, start, _, _ in trace.spans)


def test_nothing_is_kept_unless_asked_for(runner: Runner) -> None:
    stream = runner.stream(TEXT, max_frames=4)
    list(stream)
    assert stream._stream.spans() == []


def test_spans_of_a_closed_stream_and_of_a_speech(runner: Runner) -> None:
    trace = Collector()
    with runner.stream(TEXT, max_frames=FRAMES, trace=trace) as stream:
        next(stream)
        assert trace.spans == []
    assert {"prefill", "codec"} <= {name for name, *_ in trace.spans}
    count = len(trace.spans)
    stream.close()
    assert len(trace.spans) == count
    speech_trace = Collector()
    with pytest.warns(), runner.speak(f"{TEXT} {TEXT}", trace=speech_trace) as speech:
        for _ in speech:
            pass
    counts = Counter(name for name, *_ in speech_trace.spans)
    assert counts["prefill"] == speech.stats.segments + speech.stats.retries >= 1


def read_trace(file: Path) -> list[dict[str, Any]]:
    """Complete events of one thread, or an AssertionError: the format's rules."""
    content = json.loads(file.read_text())
    assert content["displayTimeUnit"] in ("ms", "ns")
    events: list[dict[str, Any]] = []
    for event in content["traceEvents"]:
        assert isinstance(event["name"], str) and event["ph"] in ("X", "M")
        assert isinstance(event["pid"], int) and isinstance(event["tid"], int)
        if event["ph"] == "X":
            assert isinstance(event["ts"], int) and isinstance(event["dur"], int)
            assert event["ts"] >= 0 and event["dur"] >= 0
            events.append(event)
    assert len({(event["pid"], event["tid"]) for event in events}) == 1
    starts = [event["ts"] for event in events]
    assert starts == sorted(starts)
    return events


def test_the_command_line_writes_chromes_format(speak: Run, tmp_path: Path) -> None:
    result = speak("--trace", "t.json", "--trace-json", "codes.json", "--stats-json", "s.json")
    assert result.returncode == 0, result.stderr
    names = ["codes.json", "output.wav", "s.json", "t.json"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    stats = json.loads((tmp_path / "s.json").read_text())
    events = read_trace(tmp_path / "t.json")
    spans = [(e["name"], e["ts"], e["dur"], e["args"]["index"]) for e in events]
    counts = Counter(name for name, *_ in spans)
    assert (counts["load"], counts["sink_end"]) == (1, 1)
    assert counts["sink"] == stats["codec_executes"]
    check_spans(spans, stats)
    (load,) = (event for event in events if event["name"] == "load")
    assert load["dur"] / 1000 == pytest.approx(stats["load_ms"], abs=5)
    assert max(start + duration for _, start, duration, _ in spans) / 1000 <= (
        stats["process_wall_ms"] + 1
    )
    sinks = [index for name, *_, index in spans if name == "sink"]
    assert sinks == [index for name, *_, index in spans if name == "codec"]


def test_a_trace_needs_a_file_of_its_own(speak: Run, tmp_path: Path) -> None:
    assert_error(speak("--trace", "-"), 2, "Usage", "--trace")
    assert_error(speak("--trace", "output.wav"), 2, "Usage", "--trace")
    assert_error(speak("--trac", "t.json"), 2, "Usage", "--trac")
    assert_error(speak("--trace", "no/such/t.json"), 8, "OutputIO", "t.json")
    assert list(tmp_path.iterdir()) == []
