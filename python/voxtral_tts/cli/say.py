"""Speaks a text of any length into a file, a pipe or the loudspeaker.

The text is made speakable (numbers, dates and signs become words), cut at
sentence ends, and spoken piece by piece. Text that comes through a pipe is
spoken while it comes.
"""

from __future__ import annotations

import argparse
import json
import logging
import time
from contextlib import ExitStack
from typing import Any

import numpy as np

from voxtral_tts.cli.arguments import check_voice, load_runner
from voxtral_tts.cli.console import (
    Progress,
    print_line,
    signal_exit,
    signals_raised,
    warnings_as_lines,
)
from voxtral_tts.cli.say_arguments import add_arguments, check
from voxtral_tts.cli.sinks import Outputs
from voxtral_tts.cli.text_input import read_text
from voxtral_tts.cli.voices import run as list_voices
from voxtral_tts.errors import EXIT_TRUNCATED
from voxtral_tts.files import Replacement
from voxtral_tts.locate import SMALL_VOICE, model_file
from voxtral_tts.runner import Runner
from voxtral_tts.speech import Speech, SpeechStats
from voxtral_tts.trace import Trace, now_us
from voxtral_tts.voices import default_voice, refuse_cloning

__all__ = ["add_arguments", "run"]

log = logging.getLogger("voxtral_tts")


def run(args: argparse.Namespace) -> int:
    """Speaks and returns the exit code. Raises ``VoxtralTTSError``."""
    if args.clone is not None:
        refuse_cloning()
    if args.list_voices:
        return list_voices(argparse.Namespace(**{**vars(args), "json": False}))
    check(args)
    started = time.perf_counter()
    with ExitStack() as stack:
        stack.enter_context(signals_raised())
        text = read_text(args)
        Outputs.check(args)
        check_voice(args)
        # Made before the work: a path that cannot be written is said early.
        reports = {
            name: stack.enter_context(Replacement(path))
            for name in ("stats_json", "trace", "trace_json", "spectrogram")
            if (path := getattr(args, name)) is not None
        }
        trace = Trace() if args.trace is not None else None
        runner = stack.enter_context(_load(args, trace))
        outputs = Outputs(args, runner.sample_rate, trace)
        speech = runner.speak(
            text, hold_segments=outputs.holds_segments, trace=trace, **_options(args)
        )
        codes: list[list[int]] | None = [] if args.trace_json is not None else None
        characters = len(text) if isinstance(text, str) else None
        progress = Progress(enabled=not args.quiet, characters=characters)
        code = _speak(args, speech, outputs, progress, trace, codes)
        if args.stats_json is not None:
            content = _report(args, speech.stats, runner, outputs, started)
            reports["stats_json"].replace(_json(content))
        if codes is not None:
            reports["trace_json"].replace(_json({"codes": codes}))
        if trace is not None:
            reports["trace"].replace(trace.to_json().encode())
        if outputs.picture is not None:
            reports["spectrogram"].replace(outputs.picture.png())
    return code


def _load(args: argparse.Namespace, trace: Trace | None) -> Runner:
    for flag in ("data_path", "codec_data_path"):
        if getattr(args, flag) is not None and not args.quiet:
            name = flag.replace("_", "-")
            print_line(f"note: --{name} is accepted and ignored: weights are inside the .pte file")
    start = now_us()
    runner = load_runner(args)
    if trace is not None:
        trace.add_span("load", "load", start, now_us() - start)
    if not args.quiet:
        small = model_file(args.model).parent == SMALL_VOICE
        model = "the small voice of the package (--model names another)" if small else "the model"
        print_line(f"loaded {model} in {runner.load_ms:.0f} ms")
    return runner


def _options(args: argparse.Namespace) -> dict[str, Any]:
    """The arguments of ``Runner.speak``."""
    names = (
        "voice",
        "language",
        "normalize",
        "seed",
        "temperature",
        "cfg_alpha",
        "flow_steps",
        "max_frames",
        "chunk_frames",
    )
    options = {name: getattr(args, name) for name in names}
    log.debug("options: %s", options)
    return options


def _speak(
    args: argparse.Namespace,
    speech: Speech,
    outputs: Outputs,
    progress: Progress,
    trace: Trace | None,
    codes: list[list[int]] | None,
) -> int:
    """Runs the speech into the outputs; the exit code."""
    try:
        with warnings_as_lines(before_line=progress.CLEAR if progress.is_enabled else ""):
            try:
                with speech, outputs:
                    _pump(speech, outputs, progress, trace, codes)
            finally:
                progress.clear()
    except KeyboardInterrupt as interrupt:
        name, code = signal_exit(interrupt)
        frames = speech.stats.codec_frames
        kept = ", which were kept" if frames and outputs.keeps else ""
        print_line(f"error: Interrupted: {name} after {frames} frames{kept}")
        return code
    stats = speech.stats
    if not args.quiet:
        where = "" if outputs.file is None else f", in '{outputs.file}'"
        print_line(summary(stats) + where)
    return EXIT_TRUNCATED if stats.missed_ends else 0


def _pump(
    speech: Speech,
    outputs: Outputs,
    progress: Progress,
    trace: Trace | None,
    codes: list[list[int]] | None,
) -> None:
    segments, segment_start = 0, now_us()
    while True:
        start = now_us()
        chunk = next(speech, None)
        if trace is not None:
            trace.add_span("chunk", "speech", start, now_us() - start)
            if (done := speech.stats.segments) > segments:
                duration = start - segment_start
                trace.add_span(f"segment {done}", "segment", segment_start, duration, "segments")
                segments, segment_start = done, start
        if chunk is None:
            return
        outputs.write(chunk.samples)
        progress.update(speech)
        if codes is not None:
            codes += np.asarray(chunk.codes).tolist()


def summary(stats: SpeechStats) -> str:
    """The line at the end."""
    return (
        f"audio {stats.audio_seconds:.2f} s, wall {stats.wall_ms / 1000:.2f} s, "
        f"RTF {stats.rtf:.2f}, TTFA {stats.first_audio_ms:.0f} ms, frames {stats.codec_frames}, "
        f"segments {stats.segments}, peak {stats.peak:.2f}, clipped {stats.clipped_samples}, "
        f"finish {stats.finish_reason}, backend {stats.backend}"
    )


def _report(
    args: argparse.Namespace,
    stats: SpeechStats,
    runner: Runner,
    outputs: Outputs,
    started: float,
) -> dict[str, Any]:
    return {
        **stats.to_dict(),
        "load_ms": runner.load_ms,
        "process_wall_ms": (time.perf_counter() - started) * 1000,
        "voice": args.voice or default_voice(runner.voices()),
        "seed": args.seed,
        "output": outputs.name,
    }


def _json(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, indent=2) + "\n").encode()
