"""The flags of ``say``: those of voxtral_tts_runner, and more."""

from __future__ import annotations

import argparse
import os

from voxtral_tts.cli.arguments import add_model_arguments, integer, non_empty, real
from voxtral_tts.errors import UsageError
from voxtral_tts.formats import FORMATS
from voxtral_tts.voices import LANGUAGES

_FORMATS = (*FORMATS, "s16le", "f32le")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "voxtral-tts say [TEXT] [flags]"
    _add_text(parser)
    _add_speech(parser)
    _add_output(parser)
    _add_reports(parser)
    add_model_arguments(parser)
    _add_ignored(parser)


def check(args: argparse.Namespace) -> None:
    """Raises ``UsageError`` for flags that exclude each other."""
    pairs = (
        ("speaker", "output"),
        ("speaker", "format"),
        ("speaker", "sample_rate"),
        ("quiet", "verbose"),
    )
    for one, other in pairs:
        if getattr(args, one) and getattr(args, other):
            flags = [f"--{name.replace('_', '-')}" for name in (one, other)]
            raise UsageError(f"{flags[0]} and {flags[1]} exclude each other; leave one out")
    reports = [args.stats_json, args.trace_json, args.trace, args.spectrogram]
    named = [os.path.realpath(path) for path in (*reports, args.output) if path is not None]
    if len(set(named)) < len(named) or "-" in reports:
        raise UsageError(
            "--stats-json, --trace-json, --trace, --spectrogram and --output need a file each"
        )
    read = os.path.realpath(args.text_file or "-")
    if args.text_file != "-" and read in named and os.path.isfile(read):
        raise UsageError(
            f"'{args.text_file}' is the text that is to be spoken, and an output as well: "
            "it would be lost"
        )
    if args.spectrogram is not None and not args.spectrogram.lower().endswith(".png"):
        raise UsageError(f"--spectrogram: '{args.spectrogram}': the picture is a .png")


def _add_text(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("text (one of these; without: standard input)")
    add = group.add_argument
    add("words", metavar="TEXT", nargs="?", help="the text itself; - reads standard input")
    add("-t", "--text", metavar="TEXT", help="the same as a flag")
    add("-i", "--text-file", metavar="FILE", type=non_empty, help="a file with the text, UTF-8")
    add(
        "--language",
        choices=sorted(LANGUAGES),
        metavar="CODE",
        help=f"of numbers and signs: {', '.join(sorted(LANGUAGES))} (default: the voice's)",
    )
    add(
        "--no-normalize",
        dest="normalize",
        action="store_false",
        help="leave numbers and signs as they are written",
    )


def _add_speech(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("speech")
    add = group.add_argument
    add(
        "-v",
        "--voice",
        metavar="NAME|FILE",
        type=non_empty,
        help="voice by name, a mixture such as a:0.6+b:0.4, or a voice file "
        "(default: neutral_female, else the first by name)",
    )
    add(
        "--seed",
        metavar="N",
        type=integer(0, 2**64 - 1),
        default=42,
        help="same seed, same audio (default: 42)",
    )
    add(
        "--temperature",
        metavar="X",
        type=real(0, 100),
        default=0.0,
        help="semantic code, 0 (greedy) to 100 (default: 0)",
    )
    add(
        "--cfg-alpha",
        metavar="X",
        type=real(-100, 100),
        help="guidance, -100 to 100 (default: the model's)",
    )
    add(
        "--flow-steps",
        metavar="N",
        type=integer(1, 64),
        help="refuse a model exported with another number",
    )
    add(
        "--max-frames",
        "--max-new-tokens",
        metavar="N",
        type=integer(1),
        help="80 ms frames at most, pauses not counted (default: to the end of the text)",
    )
    add(
        "--chunk-frames",
        metavar="N",
        type=integer(0),
        default=0,
        help="frames per chunk; 0 is the codec's own schedule, small first chunks (default: 0)",
    )
    hold = group.add_mutually_exclusive_group()
    hold.add_argument(
        "--hold",
        dest="hold_segments",
        action="store_true",
        default=None,
        help="write a sentence when it is complete, and speak it again if its end was missed "
        "(default for a file)",
    )
    hold.add_argument(
        "--live",
        dest="hold_segments",
        action="store_false",
        help="write each chunk as it is made (default for standard output and --play)",
    )


def _add_output(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("output").add_argument
    add(
        "-o",
        "--output",
        metavar="FILE",
        type=non_empty,
        help="- writes to standard output (default: output with the format's suffix, "
        "output.wav; with --play no file)",
    )
    add(
        "--format",
        choices=_FORMATS,
        metavar="FORMAT",
        help=f"{', '.join(_FORMATS)} (default: by the file's suffix, else wav)",
    )
    add(
        "--sample-rate",
        metavar="HZ",
        type=integer(1000, 384000),
        help="of the file or the stream (default: the model's, 24000)",
    )
    add("--play", action="store_true", help="play it while it is being made")
    add("--speaker", action="store_true", help="raw f32le samples on standard output, no file")


def _add_reports(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("reports").add_argument
    add("--stats-json", metavar="FILE", type=non_empty, help="what the speech cost, as JSON")
    add(
        "--trace",
        metavar="FILE",
        type=non_empty,
        help="what was done when, for Perfetto or chrome://tracing",
    )
    add("--trace-json", metavar="FILE", type=non_empty, help="the codes of every frame as JSON")
    add("--spectrogram", metavar="FILE", type=non_empty, help="a picture, PNG")
    add("--list-voices", action="store_true", help="the same as voxtral-tts voices")
    add(
        "-q",
        "--quiet",
        action="store_true",
        help="print errors, and warnings of audio that is not complete",
    )
    add("--verbose", action="store_true", help="print the library's messages")


def _add_ignored(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("accepted, without effect or refused").add_argument
    add("--streaming", action="store_true", help="audio is always written as it is made")
    add("--data-path", metavar="FILE", help="the weights are inside model.pte")
    add("--codec-data-path", metavar="FILE", help="the weights are inside codec_decoder.pte")
    add("--clone", "--ref-audio", metavar="FILE", help="refused: says why it is not possible")
