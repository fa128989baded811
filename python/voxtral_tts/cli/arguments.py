"""What the commands' parsers share."""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from voxtral_tts._native import _core
from voxtral_tts.errors import UsageError, VoiceError
from voxtral_tts.locate import codec_file, model_file, tokenizer_file, voices_folder
from voxtral_tts.runner import Runner, list_voices

MAX_INTEGER = 2**31 - 1


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """80 columns whatever the terminal, so that the manual can quote it; each flag once."""

    def __init__(self, prog: str, **_: Any) -> None:
        super().__init__(prog, max_help_position=26, width=80)

    def _format_action_invocation(self, action: argparse.Action) -> str:
        if not action.option_strings or action.nargs == 0:
            return super()._format_action_invocation(action)
        return f"{', '.join(action.option_strings)} {self._format_args(action, action.dest)}"


class Parser(argparse.ArgumentParser):
    """Takes ``--text_file`` for ``--text-file``, and raises ``UsageError``."""

    def __init__(self, **options: Any) -> None:
        super().__init__(formatter_class=_Formatter, allow_abbrev=False, **options)
        self.color = False

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        return super().parse_known_args(_with_hyphens(args or []), namespace)

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see {self.prog} --help")


def _with_hyphens(arguments: Sequence[str]) -> list[str]:
    result = list(arguments)
    for position, argument in enumerate(result):
        if argument == "--":
            break
        if argument.startswith("--"):
            name, equals, value = argument.partition("=")
            result[position] = name.replace("_", "-") + equals + value
    return result


def integer(low: int, high: int = MAX_INTEGER) -> Callable[[str], int]:
    """A flag's type: a whole number of that range."""

    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(f"'{text}': must be an integer from {low} to {high}")
        return number

    return parse


def real(low: float, high: float) -> Callable[[str], float]:
    """A flag's type: a number of that range."""

    def parse(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(f"'{text}': must be a number from {low} to {high}")
        return number

    return parse


def non_empty(text: str) -> str:
    """A flag's type: a name or a path."""
    if not text:
        raise argparse.ArgumentTypeError("the value is empty")
    return text


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags that ``load_runner`` reads, those of voxtral_tts_runner."""
    files = parser.add_argument_group("files")
    add = files.add_argument
    add(
        "--model",
        metavar="FILE|DIR",
        type=non_empty,
        help="model.pte or its folder (default: $VOXTRAL_TTS_MODEL, else the current folder, "
        "else the small voice of the package)",
    )
    add(
        "--codec",
        metavar="FILE",
        type=non_empty,
        help="codec program (default: codec_decoder.pte beside the model)",
    )
    add_voice_folder_arguments(files)
    add(
        "--threads",
        metavar="N",
        type=integer(0, 1024),
        default=0,
        help="threads to use; 0 is every CPU (default: 0)",
    )
    add(
        "--device",
        choices=("auto", "gpu", "cpu"),
        default="auto",
        metavar="DEVICE",
        help="auto, gpu or cpu, for a model exported for MLX (default: auto)",
    )
    add(
        "--voice-cache",
        choices=("disk", "memory", "off"),
        default="disk",
        metavar="WHERE",
        help="where a voice's computed part of the prompt is kept: disk, memory or off "
        "(default: disk)",
    )
    add(
        "--cache-dir",
        metavar="DIR",
        type=non_empty,
        help="folder of that disk cache (default: $VOXTRAL_TTS_CACHE, else ~/.cache/voxtral_tts)",
    )
    add(
        "--verify",
        action="store_true",
        help="compare whole program files with manifest.json, not only when they are new",
    )


def add_voice_folder_arguments(parser: Any) -> None:
    """The flags that say where voices are."""
    parser.add_argument(
        "--tokenizer",
        metavar="FILE",
        type=non_empty,
        help="tokenizer (default: tekken.json beside the model)",
    )
    parser.add_argument(
        "--voices",
        metavar="DIR",
        type=non_empty,
        help="folder of voice files, .pt or .safetensors "
        "(default: voice_embedding beside the tokenizer)",
    )


def check_voice(args: argparse.Namespace) -> None:
    """Raises ``VoiceError`` for ``--voice`` and ``--voices`` before the model is loaded.

    A mixture is the runner's to take apart. Files that are missing are its to name.
    """
    model = model_file(args.model)
    tokenizer = tokenizer_file(model, args.tokenizer)
    folder = voices_folder(tokenizer, args.voices)
    if args.voices is None and not (os.path.isfile(model) and os.path.isfile(tokenizer)):
        return
    voice = getattr(args, "voice", None)  # serve has no such flag
    if voice is None:
        if not list_voices(folder):
            raise VoiceError(f"there are no voices in '{folder}'; name another with --voices")
    elif "+" not in voice:
        _core.find_voice(os.fspath(folder), voice)


def load_runner(args: argparse.Namespace) -> Runner:
    """The runner that the flags of ``add_model_arguments`` ask for; raises as it does."""
    model = model_file(args.model)
    return Runner(
        model,
        codec_file(model, args.codec),
        tokenizer=args.tokenizer,
        voices=args.voices,
        num_threads=args.threads,
        device=args.device,
        voice_cache=args.voice_cache,
        cache_dir=args.cache_dir,
        verify=args.verify,
    )
