"""Finds the exported files that a command was not told."""

from __future__ import annotations

import os
from pathlib import Path

from voxtral_tts.errors import UsageError

MODEL_NAME = "model.pte"
CODEC_NAME = "codec_decoder.pte"
MODEL_VARIABLE = "VOXTRAL_TTS_MODEL"
_ASSETS = Path(__file__).parent / "assets"  # a small voice, where the package brings one


def default_model() -> Path:
    """``model.pte`` of ``$VOXTRAL_TTS_MODEL``, of the current folder, or of the package.

    Raises ``UsageError`` that says what to do when there is none.
    """
    if named := os.environ.get(MODEL_VARIABLE):
        return model_file(named)
    for folder in (Path(), _ASSETS):
        if (folder / MODEL_NAME).exists():
            return folder / MODEL_NAME
    raise UsageError(
        f"there is no model: give --model FOLDER, set ${MODEL_VARIABLE} to a folder with "
        f"{MODEL_NAME}, or run in one; 'voxtral-tts export' makes such a folder"
    )


def model_file(given: str | os.PathLike[str] | None) -> Path:
    """The program file; ``given`` may be its folder, or None for the default."""
    if given is None:
        return default_model()
    path = Path(given)
    return path / MODEL_NAME if path.is_dir() else path


def codec_file(model: Path, given: str | os.PathLike[str] | None) -> Path:
    """The codec's program file: ``given``, else the one beside the model."""
    return model.parent / CODEC_NAME if given is None else Path(given)


def tokenizer_file(model: Path, given: str | os.PathLike[str] | None) -> Path:
    """``given``, else ``tekken.json`` beside the model, as the runner has it."""
    return model.parent / "tekken.json" if given is None else Path(given)


def voices_folder(tokenizer: Path, given: str | os.PathLike[str] | None) -> Path:
    """``given``, else ``voice_embedding`` beside the tokenizer, as the runner has it."""
    return tokenizer.parent / "voice_embedding" if given is None else Path(given)
