"""Lists the voices, shipped ones and your own, with what their names say."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from voxtral_tts.cli.arguments import add_voice_folder_arguments, non_empty
from voxtral_tts.errors import ModelNotFoundError
from voxtral_tts.locate import model_file, tokenizer_file, voices_folder
from voxtral_tts.voices import LANGUAGES, Voice, voices_in


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "voxtral-tts voices [flags]"
    parser.add_argument(
        "--model", metavar="FILE|DIR", type=non_empty, help="model.pte or its folder"
    )
    add_voice_folder_arguments(parser)
    parser.add_argument("--json", action="store_true", help="a JSON list, with paths")


def run(args: argparse.Namespace) -> int:
    """Prints the list. Raises ``VoiceError``, ``UsageError``."""
    voices = voices_in(_folder(args))
    print(_json(voices) if args.json else _table(voices))
    return 0


def _folder(args: argparse.Namespace) -> Path:
    if args.voices is not None:
        return Path(args.voices)
    if args.tokenizer is not None:
        return voices_folder(Path(args.tokenizer), None)
    model = model_file(args.model)
    folder = voices_folder(tokenizer_file(model, None), None)
    if not folder.exists() and not model.exists():
        raise ModelNotFoundError(f"'{args.model or model}': there is no such file or folder")
    return folder


def _table(voices: list[Voice]) -> str:
    width = max((len(voice.name) for voice in voices), default=0)
    return "\n".join(
        f"{voice.name:{width}}  {LANGUAGES[voice.language]:10}  {voice.gender or ''}".rstrip()
        for voice in voices
    )


def _json(voices: list[Voice]) -> str:
    members = [
        {
            "name": voice.name,
            "language": voice.language,
            "gender": voice.gender,
            "path": str(voice.path),
        }
        for voice in voices
    ]
    return json.dumps(members, indent=2)
