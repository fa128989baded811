"""The command ``batch``."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import FrameType
from typing import Any, BinaryIO

from voxtral_tts.batch.jobs import Job, read_jobs
from voxtral_tts.batch.report import ConsoleReporter
from voxtral_tts.batch.results import OutputFolder
from voxtral_tts.batch.run import SpeakAll, run_batch
from voxtral_tts.batch.speaking import ModelFiles
from voxtral_tts.encode import FORMATS
from voxtral_tts.errors import EXIT_CODES, UsageError, VoxtralTTSError, class_name

# Flags that give a member to every job that has none of its own.
_DEFAULTS = (
    "voice",
    "language",
    "seed",
    "format",
    "sample_rate",
    "normalize",
    "temperature",
    "cfg_alpha",
    "max_frames",
)


class Terminated(KeyboardInterrupt):
    """SIGTERM, raised where SIGINT would be."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the command; ``run`` takes what they are parsed to."""
    parser.add_argument("jobs", metavar="JOBS", help="a JSON object per line; - is standard input")
    parser.add_argument("--output-dir", required=True, metavar="DIR", help="made if not there")
    run = parser.add_argument_group("run")
    run.add_argument(
        "--retry-failed", action="store_true", help="speak again what failed in an earlier run"
    )
    run.add_argument("--fail-fast", action="store_true", help="stop at the first failure")
    run.add_argument("-q", "--quiet", action="store_true", help="print results and failures only")
    add_model_arguments(parser)
    add_job_arguments(parser)


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("files")
    group.add_argument("--model", required=True, metavar="FILE", help="model.pte")
    group.add_argument("--codec", required=True, metavar="FILE", help="codec_decoder.pte")
    group.add_argument("--tokenizer", metavar="FILE", help="default: beside the model")
    group.add_argument("--voices", metavar="DIR", help="default: beside the tokenizer")
    group.add_argument("--threads", type=int, default=0, metavar="N", help="0 is every CPU")
    group.add_argument("--device", choices=("auto", "gpu", "cpu"), default="auto")
    group.add_argument("--voice-cache", choices=("disk", "memory", "off"), default="disk")
    group.add_argument("--cache-dir", metavar="DIR", help="folder of that disk cache")
    group.add_argument("--verify", action="store_true", help="read whole program files")


def add_job_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("for jobs that do not say otherwise")
    group.add_argument("-v", "--voice", metavar="NAME|FILE")
    group.add_argument("--language", metavar="CODE", help="default: the voice's")
    group.add_argument("--seed", type=int, metavar="N")
    group.add_argument("--format", choices=tuple(FORMATS))
    group.add_argument("--sample-rate", type=int, metavar="HZ")
    group.add_argument(
        "--no-normalize", dest="normalize", action="store_const", const=False, help="text as it is"
    )
    group.add_argument("--temperature", type=float, metavar="X")
    group.add_argument("--cfg-alpha", type=float, metavar="X")
    group.add_argument("--max-frames", type=int, metavar="N")


def model_files(args: argparse.Namespace) -> ModelFiles:
    return ModelFiles(
        model=args.model,
        codec=args.codec,
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
    Job(id="defaults", text="", **defaults)  # a flag out of its range is no bad item
    with _raising_at_sigterm():
        try:
            with _open(args.jobs) as file, OutputFolder(args.output_dir) as folder:
                return run_batch(
                    read_jobs(file, defaults),
                    folder,
                    model_files(args),
                    speak_all=speak_all,
                    retry_failed=args.retry_failed,
                    fail_fast=args.fail_fast,
                    reporter=ConsoleReporter(quiet=args.quiet),
                ).exit_code
        except KeyboardInterrupt as interrupt:
            print("\ninterrupted: the same command goes on from here", file=sys.stderr)
            return 128 + (signal.SIGTERM if isinstance(interrupt, Terminated) else signal.SIGINT)


def _open(path: str) -> Any:
    if path == "-":
        return nullcontext[BinaryIO](sys.stdin.buffer)
    try:
        return Path(path).open("rb")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error


def report_error(error: VoxtralTTSError) -> int:
    """Prints it as the command line does, and returns its exit code."""
    name = class_name(error)
    print(f"error: {name}: {error}", file=sys.stderr)
    return EXIT_CODES[name]


@contextmanager
def _raising_at_sigterm() -> Iterator[None]:
    def terminate(number: int, frame: FrameType | None) -> None:
        raise Terminated

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
