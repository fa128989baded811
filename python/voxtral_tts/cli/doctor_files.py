"""Checks of the exported files: whole by manifest.json, loadable, with voices."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from voxtral_tts.cli.doctor_check import Check, failed, passed, warned
from voxtral_tts.errors import ModelMismatchError, VoxtralTTSError
from voxtral_tts.files import sha256_of
from voxtral_tts.locate import codec_file, model_file, tokenizer_file, voices_folder
from voxtral_tts.runner import Runner
from voxtral_tts.voices import voices_in

_SEE = "see docs/troubleshooting.md"
_REMEDIES: dict[type[VoxtralTTSError], str] = {
    ModelMismatchError: "copy the folder of one export of this version whole, or export again",
}
_EXPORT = "export it again, or copy it again from where it was exported"


def checks(args: argparse.Namespace) -> Iterator[Check]:
    """The model, the codec, the tokenizer and the voices."""
    model = model_file(args.model)
    if not os.path.exists(model):  # which refuses no name, however long
        remedy = "give --model FOLDER; 'voxtral-tts export' makes such a folder"
        yield failed("model", f"'{model}' is missing", remedy)
        return
    codec = codec_file(model, args.codec)
    tokenizer = tokenizer_file(model, args.tokenizer)
    voices = voices_folder(tokenizer, args.voices)
    manifest = _manifest(model.parent)
    if manifest is None:
        yield warned(
            "manifest.json",
            f"not beside '{model}': damaged files would not be noticed",
            "copy it from the exported folder",
        )
    for name, path in (("model", model), ("codec", codec), ("tokenizer", tokenizer)):
        beside = manifest if path.parent == model.parent else _manifest(path.parent)
        yield _file(name, path, (beside or {}).get(path.name))
    yield _voices(voices)
    yield from _damaged_voices(voices, manifest or {})
    yield _loading(model, codec, tokenizer, voices)


def _manifest(folder: Path) -> dict[str, Any] | None:
    try:
        files = json.loads((folder / "manifest.json").read_text())["files"]
        return dict(files)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _file(name: str, path: Path, entry: dict[str, Any] | None) -> Check:
    if not path.exists():
        return failed(name, f"'{path}' is missing", _EXPORT)
    size = path.stat().st_size
    found = f"'{path}', {size / 1e6:.1f} MB"
    if entry is None:
        return passed(name, f"{found}, not in manifest.json")
    if size != entry["bytes"]:
        return failed(name, f"{found}, but manifest.json says {entry['bytes'] / 1e6:.1f}", _EXPORT)
    if sha256_of(path)[0] != entry["sha256"]:
        return failed(name, f"{found}: its SHA-256 is not the one in manifest.json", _EXPORT)
    return passed(name, f"{found}, SHA-256 as in manifest.json")


def _voices(folder: Path) -> Check:
    try:
        voices = voices_in(folder)
    except VoxtralTTSError as error:
        return failed("voices", str(error), f"copy voice_embedding to '{folder}'")
    languages = sorted({voice.language for voice in voices})
    return passed("voices", f"{len(voices)} in '{folder}' ({', '.join(languages)})")


def _damaged_voices(folder: Path, manifest: dict[str, Any]) -> Iterator[Check]:
    for name, entry in manifest.items():
        path = folder / Path(name).name
        if name.startswith("voice_embedding/") and path.exists():
            check = _file(f"voice {path.stem}", path, entry)
            if check.status != "ok":
                yield check


def _loading(model: Path, codec: Path, tokenizer: Path, voices: Path) -> Check:
    try:
        with Runner(model, codec, tokenizer=tokenizer, voices=voices) as runner:
            with runner.stream("Hello.", max_frames=1, voice=runner.voices()[0]) as stream:
                samples = sum(len(chunk.samples) for chunk in stream)
                backend = stream.stats.backend
            took = f"loaded in {runner.load_ms:.0f} ms"
    except VoxtralTTSError as error:
        return failed(
            "speech", f"{type(error).__name__}: {error}", _REMEDIES.get(type(error), _SEE)
        )
    return passed("speech", f"{took}, backend {backend}, {samples} samples made")
