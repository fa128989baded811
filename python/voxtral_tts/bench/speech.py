"""One fresh process: load the programs and speak."""

from __future__ import annotations

import time
from pathlib import Path

from .artefacts import CODEC, MODEL, Figures
from .machine import BANDWIDTH_BYTES, read_bandwidth, resident
from .playback import simulate

TEXT = "It took me quite a long time to develop a voice."
SHORT_TEXT = "It took me quite a long time to speak."  # ten tokens
VOICE = "neutral_female"  # 218 rows
_FIRST_FRAMES = 2  # of an utterance of which only the first sound is of interest
_NEAR = 10  # frames on either side of one whose time is a mean


def load(folder: Path) -> Figures:
    """Loads alone; of interest when the files are not in memory."""
    from voxtral_tts import Runner

    with Runner(folder / MODEL, folder / CODEC) as runner:
        return {"load_ms": runner.load_ms}


def measure_again(folder: Path, frames: int) -> Figures:
    """The first sound in a process that finds the voice on disk."""
    from voxtral_tts import Runner

    with Runner(folder / MODEL, folder / CODEC) as runner:
        voice = VOICE if VOICE in runner.voices() else None
        return speak(runner, SHORT_TEXT, min(_FIRST_FRAMES, frames), voice)


def measure(folder: Path, frames: int, text: str, bandwidth: int = BANDWIDTH_BYTES) -> Figures:
    """Load, the first sound with a cold and a warm voice, an utterance of `frames` frames.

    The folder in which the library keeps voices is the caller's: an empty one makes a cold voice.

    Exits with a message when the speech ends earlier: figures of another length would be compared
    with those of this one.
    """
    from voxtral_tts import Runner

    with Runner(folder / MODEL, folder / CODEC) as runner:
        voice = VOICE if VOICE in runner.voices() else None
        figures: Figures = {"load_ms": runner.load_ms}
        for name in ("cold_voice", "same_voice"):
            figures[name] = speak(runner, SHORT_TEXT, min(_FIRST_FRAMES, frames), voice)
        figures["speech"] = speak(runner, text, frames, voice)
        figures["resident"] = resident()
    # In this process, so that it meets the same neighbours; last, as it takes memory itself.
    figures["bandwidth"] = read_bandwidth(bandwidth)
    return figures


def speak(runner: object, text: str, frames: int, voice: str | None) -> Figures:
    """An utterance of `frames` frames, as its stats and its chunks' times tell it."""
    from voxtral_tts import TextError

    started = time.perf_counter()
    arrivals: list[tuple[float, float]] = []
    sizes: list[int] = []
    stream = runner.stream(text, voice=voice, max_frames=frames)  # type: ignore[attr-defined]
    with stream:
        stream._stream._record_step_times()
        try:
            for chunk in stream:
                now = (time.perf_counter() - started) * 1e3
                if chunk.frames:  # the final chunk may hold none
                    arrivals.append((now, len(chunk.samples) / stream.sample_rate * 1e3))
                    sizes.append(chunk.frames)
        except TextError as error:  # also END before the first frame
            raise SystemExit(f"{error}; choose another --text") from error
        stats = stream.stats
        steps = stream._stream._step_times_ms()
    if stats.codec_frames < frames:
        raise SystemExit(
            f"the speech ended after {stats.codec_frames} of {frames} frames: "
            "give a longer --text or fewer --frames"
        )
    playback = simulate(arrivals)
    rows = stats.prompt_tokens - getattr(stats, "prefix_rows", 0)
    return {
        "prompt_rows": stats.prompt_tokens,
        "prefix_rows": getattr(stats, "prefix_rows", 0),
        "prefix_source": getattr(stats, "prefix_source", None),
        "frames": stats.codec_frames,
        "decoded_frames": stats.decoded_frames,
        "step_executes": stats.step_executes,
        "codec_executes": stats.codec_executes,
        "prefill_ms": stats.prefill_ms,
        "prefill_rows_per_s": rows / stats.prefill_ms * 1e3,
        "ttfa_ms": stats.first_audio_ms,
        "step_ms": [round(step, 4) for step in steps[1:]],  # the first is the prefill
        "codec_ms_per_frame": stats.codec_ms / stats.codec_frames,
        "rtf": stats.rtf,
        "generation_rtf": stats.generation_rtf,
        "chunks": sizes,
        "underruns": playback.underruns,
        "gap_ms": playback.gap_ms,
        "prebuffer_ms": playback.prebuffer_ms,
    }


def measure_long(folder: Path, text: str, room: int) -> Figures:
    """5 s, 2 minutes and 5 minutes of speech, as far as `room` frames allow: step times, memory."""
    from voxtral_tts import Runner

    figures: Figures = {}
    with Runner(folder / MODEL, folder / CODEC) as runner:
        voice = VOICE if VOICE in runner.voices() else None
        for name, wanted in (("5 s", 63), ("frame 1500", 1500 + _NEAR), ("5 min", 3750)):
            spoken = speak(runner, text, min(wanted, room), voice)
            figures[name] = spoken | {"resident": resident(), "cut": wanted > room}
    return figures


def near(steps: list[float], frame: int) -> list[float]:
    """The step times around a frame; none when the utterance is shorter."""
    return steps[max(0, frame - _NEAR) : frame + _NEAR] if len(steps) >= frame else []
