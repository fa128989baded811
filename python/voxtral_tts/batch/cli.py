"""Speaks the texts of a file of jobs into files.

Each line of the file is a JSON object with an "id", which names the audio file,
and a "text". What is done is skipped, so that the same command goes on after
any interruption. docs/batch.md has the keys and the results.
"""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any, BinaryIO

from voxtral_tts.batch.jobs import Job, read_jobs
from voxtral_tts.batch.report import ConsoleReporter
from voxtral_tts.batch.results import OutputFolder
from voxtral_tts.batch.run import SpeakAll, run_batch
from voxtral_tts.batch.speaking import ModelFiles
from voxtral_tts.cli.arguments import add_model_arguments, check_voice, integer, non_empty, real
from voxtral_tts.cli.console import print_line, signal_exit, signals_raised
from voxtral_tts.errors import UsageError
from voxtral_tts.formats import FORMATS
from voxtral_tts.locate import codec_file, model_file
from voxtral_tts.voices import LANGUAGES

# Flags that give a member to every job that has none of its own.
_DEFAULTS = (
    *("voice", "language", "seed", "format", "sample_rate", "normalize"),
    *("temperature", "cfg_alpha", "max_frames"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the command; ``run`` takes what they are parsed to."""
    add = parser.add_argument_group("batch").add_argument
    add("jobs", metavar="JOBS", help="a JSON object per line; - reads standard input")
    add("--output-dir", required=True, type=non_empty, metavar="DIR", help="made if not there")
    add("--retry-failed", action="store_true", help="try again what failed in an earlier run")
    add("--fail-fast", action="store_true", help="stop at the first failure")
    add("-q", "--quiet", action="store_true", help="print results and failures only")
    add("--verbose", action="store_true", help="print the library's messages")
    _add_defaults(parser)
    add_model_arguments(parser)


def _add_defaults(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("for jobs that do not say otherwise").add_argument
    add("-v", "--voice", metavar="NAME|FILE", type=non_empty, help="voice")
    add("--language", choices=sorted(LANGUAGES), metavar="CODE", help="of numbers and signs")
    add("--seed", metavar="N", type=integer(0, 2**64 - 1), help="default: 42")
    add("--format", choices=tuple(FORMATS), metavar="FORMAT", help=", ".join(FORMATS))
    add("--sample-rate", metavar="HZ", type=integer(1000, 384000), help="default: the model's")
    add(
        "--no-normalize",
        dest="normalize",
        action="store_const",
        const=False,
        help="leave numbers and signs as they are written",
    )
    add("--temperature", metavar="X", type=real(0, 100), help="semantic code (default: 0)")
    add("--cfg-alpha", metavar="X", type=real(-100, 100), help="guidance (default: the model's)")
    add("--max-frames", metavar="N", type=integer(1), help="80 ms frames at most")


def model_files(args: argparse.Namespace) -> ModelFiles:
    """What the flags of ``add_model_arguments`` name. Raises ``UsageError``."""
    model = model_file(args.model)
    return ModelFiles(
        model=str(model),
        codec=str(codec_file(model, args.codec)),
        tokenizer=args.tokenizer,
        voices=args.voices,
        num_threads=args.threads,
        device=args.device,
        voice_cache=args.voice_cache,
        cache_dir=args.cache_dir,
        verify=args.verify,
    )


def run(args: argparse.Namespace, speak_all: SpeakAll | None = None) -> int:
    """Runs the batch and returns its exit code. Raises ``VoxtralTTSError``."""
    defaults = {name: value for name in _DEFAULTS if (value := getattr(args, name)) is not None}
    Job(id="defaults", text="", **defaults)  # flags that do not fit together are no bad items
    files = model_files(args)
    if args.voice is not None:  # jobs have their own, or it is the default
        check_voice(args)
    try:
        with (
            signals_raised(),
            _open(args.jobs) as file,
            OutputFolder(args.output_dir) as folder,
        ):
            return run_batch(
                read_jobs(file, defaults),
                folder,
                files,
                speak_all=speak_all,
                retry_failed=args.retry_failed,
                fail_fast=args.fail_fast,
                reporter=ConsoleReporter(quiet=args.quiet),
            ).exit_code
    except KeyboardInterrupt as interrupt:
        name, code = signal_exit(interrupt)
        if sys.stderr.isatty():
            print(file=sys.stderr)  # the bar stays, as the place where it stopped
        print_line(f"error: Interrupted: {name}; the same command goes on from here")
        return code


def _open(path: str) -> Any:
    try:
        if path == "-":
            os.read(0, 0)  # fails where nothing can be read
            return nullcontext[BinaryIO](sys.stdin.buffer)
        return Path(path).open("rb")
    except OSError as error:
        name = "standard input" if path == "-" else f"'{path}'"
        raise UsageError(f"cannot read {name}: {error.strerror}") from error
