"""Long texts: pauses, seams, second attempts, limits, memory. Most with a runner made up here."""

from __future__ import annotations

import os
import sys
import tracemalloc
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fault_models import cached_fault_models
from voxtral_tts import AudioChunk, Runner, Speech, SpeechWarning, TextError, UsageError
from voxtral_tts.speech import SpeechOptions, frame_budget
from voxtral_tts.text import Segment

RATE = 24000
FRAME = 1920
Plan = Callable[[str, int], tuple[int, str]]  # text, seed -> frames, finish_reason


class FakeStream:
    """Some frames of a tone that begins and ends off zero, in two chunks."""

    def __init__(self, frames: int, finish: str) -> None:
        self.stats = SimpleNamespace(
            finish_reason=finish,
            codec_frames=frames,
            generate_ms=2.0,
            codec_ms=1.0,
            backend="portable",
        )
        t = np.arange(frames * FRAME) / RATE
        tone = (0.5 * np.cos(2 * np.pi * 200 * t)).astype(np.float32)
        cut = frames // 2
        self._chunks = iter(
            AudioChunk(
                tone[first * FRAME : last * FRAME],
                RATE,
                np.zeros((last - first, 37), np.int64),
                index,
                False,
                first,
            )
            for index, (first, last) in enumerate([(0, cut), (cut, frames)])
            if last > first
        )
        self.is_closed = False

    def pull(self) -> AudioChunk | None:
        if self.stats.codec_frames == 0:
            raise TextError("nothing to say")
        return None if self.is_closed else next(self._chunks, None)

    def close(self) -> None:
        self.is_closed = True


class FakeRunner:
    """Each utterance as the plan says; the limit it is given cuts it."""

    sample_rate = RATE

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.calls: list[dict[str, Any]] = []

    def stream(self, text: str, **options: Any) -> FakeStream:
        self.calls.append({"text": text, **options})
        frames, finish = self.plan(text, options["seed"])
        if frames > options["max_frames"]:
            frames, finish = options["max_frames"], "length"
        return FakeStream(frames, finish)


def ends(_text: str, _seed: int) -> tuple[int, str]:
    return 10, "end_of_audio"


def speech_of(runner: FakeRunner, *segments: Segment, **options: Any) -> Speech:
    fake: Any = runner
    return Speech(fake, iter(segments), SpeechOptions(voice="v", seed=7), **options)


def test_statistics_and_codes_add_up() -> None:
    speech = speech_of(FakeRunner(ends), Segment("One.", 0.5, 9), Segment("Two.", 0.25, 14))
    chunks = list(speech)
    stats = speech.stats
    samples = sum(len(chunk.samples) for chunk in chunks)
    assert [chunk.index for chunk in chunks] == list(range(len(chunks)))
    assert [chunk.is_final for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
    assert sum(chunk.frames for chunk in chunks) == stats.codec_frames == 20
    assert stats.audio_seconds == pytest.approx(samples / RATE)
    assert stats.pause_seconds == pytest.approx(0.75 + 3 * 0.005)
    assert stats.audio_seconds == pytest.approx(20 * 0.08 + stats.pause_seconds)
    assert (stats.segments, stats.retries, stats.missed_ends) == (2, 0, 0)
    assert (stats.generate_ms, stats.codec_ms) == (4.0, 2.0)
    assert (stats.finish_reason, stats.backend) == ("end_of_audio", "portable")
    assert stats.peak == pytest.approx(0.5)
    assert 0 < stats.first_audio_ms <= stats.wall_ms
    assert speech.spoken_characters == 14
    assert stats.to_dict()["rtf"] == stats.rtf


def test_what_is_over_has_nothing_left(tmp_path: Path) -> None:
    speech = speech_of(FakeRunner(ends), Segment("One."))
    assert len(speech.samples()) == 10 * FRAME
    closed = speech_of(FakeRunner(ends), Segment("One."))
    closed.close()
    for over in (speech, closed):
        with pytest.raises(UsageError, match="nothing is left"):
            over.samples()
        with pytest.raises(UsageError, match="nothing is left"):
            over.save(tmp_path / "a.wav")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("take", ["samples", "save", "next", "for"])
def test_a_warning_points_at_the_caller(tmp_path: Path, take: str) -> None:
    def plan(_text: str, _seed: int) -> tuple[int, str]:
        return 10**6, ""

    speech = speech_of(FakeRunner(plan), Segment("Long."), hold_segments=True)
    ways: dict[str, Callable[[], object]] = {
        "samples": lambda: speech.samples(),
        "save": lambda: speech.save(tmp_path / "a.wav"),
        "next": lambda: [next(speech) for _ in range(3)],
        "for": lambda: [chunk for chunk in speech],
    }
    with pytest.warns(SpeechWarning) as caught:
        ways[take]()
    assert [warning.filename for warning in caught] == [__file__]


def test_pauses_are_silence_of_their_length() -> None:
    samples = speech_of(
        FakeRunner(ends), Segment("One.", 0.3), Segment("", 1.0), Segment("Two.")
    ).samples()
    tone, ramp = 10 * FRAME, 120
    silence = samples[tone + ramp : -tone - ramp]
    # The pause of one, a ramp's length, and the pause without speech.
    assert abs(len(silence) - 1.3 * RATE) <= 2 * ramp
    assert not silence.any()


def test_a_pause_before_the_first_word_stays_there() -> None:
    samples = speech_of(FakeRunner(ends), Segment("", 1.0), Segment("Good morning.")).samples()
    assert not samples[:RATE].any()
    assert np.abs(samples[RATE + 240 :]).max() == pytest.approx(0.5)
    assert len(samples) == pytest.approx(RATE + 10 * FRAME, abs=240)
    assert samples[-1] != 0  # nothing follows it


def test_joins_do_not_jump() -> None:
    """Utterances begin and end at 0.5 here; the largest step between samples stays a tone's."""
    within = np.abs(np.diff(FakeStream(10, "end_of_audio").pull().samples)).max()
    pauses = (0.2, 0.0, 0.01)
    samples = speech_of(
        FakeRunner(ends), *(Segment(f"Sentence {pause}.", pause) for pause in pauses)
    ).samples()
    assert np.abs(np.diff(samples)).max() <= within
    assert abs(samples[-1]) <= 0.5


def test_a_missed_end_is_spoken_again_under_another_seed() -> None:
    def plan(text: str, seed: int) -> tuple[int, str]:
        return (10**6, "") if text == "Long." and seed == 7 else (10, "end_of_audio")

    runner = FakeRunner(plan)
    speech = speech_of(runner, Segment("One."), Segment("Long."), hold_segments=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        frames = sum(chunk.frames for chunk in speech)
    assert [call["seed"] for call in runner.calls] == [7, 7, 8]
    assert frames == speech.stats.codec_frames == 20
    assert (speech.stats.retries, speech.stats.missed_ends) == (1, 0)


@pytest.mark.parametrize("hold", [True, False])
def test_an_end_that_is_always_missed_is_a_warning(hold: bool) -> None:
    runner = FakeRunner(lambda text, seed: (10**6, ""))
    speech = speech_of(runner, Segment("Never ends."), hold_segments=hold)
    with pytest.warns(SpeechWarning, match="no end of speech.*Never ends"):
        frames = sum(chunk.frames for chunk in speech)
    assert frames == frame_budget("Never ends.")
    assert speech.stats.retries == (1 if hold else 0)
    assert speech.stats.missed_ends == 1
    assert speech.stats.finish_reason == "end_of_audio"


def test_a_limit_of_ones_own_is_no_missed_end() -> None:
    runner = FakeRunner(ends)
    speech = speech_of(runner, Segment("One."), Segment("Two."), Segment("Three."), max_frames=14)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert sum(chunk.frames for chunk in speech) == 14
    assert [call["text"] for call in runner.calls] == ["One.", "Two."]
    assert speech.stats.finish_reason == "length"
    assert speech.stats.missed_ends == 0


def test_a_text_that_ends_at_the_limit_is_complete() -> None:
    speech = speech_of(FakeRunner(ends), Segment("One."), Segment("Two.", 0.1), max_frames=20)
    assert sum(chunk.frames for chunk in speech) == 20
    assert speech.stats.finish_reason == "end_of_audio"
    cut = speech_of(FakeRunner(ends), Segment("One."), Segment("Two."), max_frames=10)
    assert sum(chunk.frames for chunk in cut) == 10
    assert cut.stats.finish_reason == "length"


def test_an_empty_segment_is_a_warning_and_an_empty_text_an_error() -> None:
    def plan(text: str, _seed: int) -> tuple[int, str]:
        return (0 if text == "Hm." else 4), "end_of_audio"

    speech = speech_of(FakeRunner(plan), Segment("Hm."), Segment("Yes."))
    with pytest.warns(SpeechWarning, match="nothing to say in 'Hm.'"):
        list(speech)
    assert (speech.stats.empty_segments, speech.stats.segments) == (1, 2)
    silent = speech_of(FakeRunner(plan), Segment("Hm."))
    with pytest.warns(SpeechWarning), pytest.raises(TextError):
        list(silent)


def test_closing_ends_it_after_the_chunk() -> None:
    speech = speech_of(FakeRunner(ends), Segment("One."), Segment("Two."))
    next(speech)
    speech.close()
    assert len(list(speech)) <= 1
    assert speech.stats.finish_reason == "cancelled"


def test_text_is_taken_as_it_is_spoken() -> None:
    taken: list[str] = []

    def segments() -> Iterator[Segment]:
        for name in ("One.", "Two.", "Three."):
            taken.append(name)
            yield Segment(name)

    fake: Any = FakeRunner(ends)
    speech = Speech(fake, segments(), SpeechOptions())
    next(speech)
    assert taken == ["One."]


def test_memory_does_not_grow_with_the_text() -> None:
    """20,000 words, some three hours: what is held is a chunk's size, not the speech's."""
    words = 20_000

    def segments() -> Iterator[Segment]:
        for number in range(words // 10):
            yield Segment(f"Sentence {number} has ten words of no meaning at all.", 0.2)

    def speak(plan: Plan, hold: bool) -> int:
        fake: Any = FakeRunner(plan)
        fake.calls = SimpleNamespace(append=lambda call: None)
        peak = 0
        for chunk in Speech(fake, segments(), SpeechOptions(), hold_segments=hold):
            if chunk.index % 1000 == 0:
                peak = max(peak, tracemalloc.get_traced_memory()[0])
        return peak

    tracemalloc.start()
    try:
        for hold in (False, True):
            before = tracemalloc.get_traced_memory()[0]
            assert speak(lambda text, seed: (3, "end_of_audio"), hold) - before < 4e6
    finally:
        tracemalloc.stop()


def test_saved_as_it_is_spoken(tmp_path: Path) -> None:
    segments = [Segment("One.", 0.1), Segment("Two.")]
    speech_of(FakeRunner(ends), *segments).save(tmp_path / "a.wav")
    expected = speech_of(FakeRunner(ends), *segments).samples()
    assert (tmp_path / "a.wav").stat().st_size == 44 + 2 * len(expected)


def test_with_a_model(exported: Path) -> None:
    """The chunks of a speech are those of its utterances."""
    text = "The weather is fine."
    with Runner(exported / "model.pte", exported / "codec_decoder.pte") as runner:
        alone = runner.synthesize(text, max_frames=6)
        spoken = runner.speak(text, max_frames=6, hold_segments=True)
        samples = spoken.samples()
    assert spoken.stats.codec_frames == 6
    np.testing.assert_array_equal(samples[: len(alone.samples)], alone.samples)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_long_text_on_a_model_takes_no_more_memory() -> None:
    """20,000 words on a small program that ends by itself, after 6 frames."""
    good = next(fault for fault in cached_fault_models("ending") if fault.name == "ending/good")
    text = "Ten words are said in this sentence, as in each. " * 2000
    with Runner(good.model, good.codec) as runner:
        speech = runner.speak(text, normalize=False, hold_segments=True)
        for _ in speech:
            if speech.spoken_characters > len(text) / 10:
                break
        early = resident_bytes()
        for _ in speech:
            pass
    assert speech.spoken_characters > 0.9 * len(text)
    assert resident_bytes() - early < 30e6


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
