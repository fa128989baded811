"""Finds the exported files that a command was not told."""

from __future__ import annotations

import json
import os
from pathlib import Path

MODEL_NAME = "model.pte"
CODEC_NAME = "codec_decoder.pte"
MODEL_VARIABLE = "VOXTRAL_TTS_MODEL"
# The export of assets/small_voice that the package brings.
SMALL_VOICE = Path(__file__).parent / "assets"


def default_model() -> Path:
    """``model.pte`` of ``$VOXTRAL_TTS_MODEL``, of the current folder, or of the package."""
    if named := os.environ.get(MODEL_VARIABLE):
        return model_file(named)
    here = Path(MODEL_NAME)
    return here if here.exists() else SMALL_VOICE / MODEL_NAME


def model_file(given: str | os.PathLike[str] | None) -> Path:
    """The program file; ``given`` may be its folder, or None for the default."""
    if given is None:
        return default_model()
    path = Path(given)
    # Not Path.is_dir, which raises for a name that is too long: that is the runner's to refuse.
    return path / MODEL_NAME if os.path.isdir(path) else path


def segment_characters(model: Path) -> int | None:
    """How long a text the model speaks at once, if ``manifest.json`` beside it says so.

    Models that know single sentences alone do. A manifest that cannot be read is the runner's
    to refuse.
    """
    try:
        stated = json.loads((model.parent / "manifest.json").read_bytes())["segment_characters"]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None
    return stated if type(stated) is int and stated > 0 else None


def codec_file(model: Path, given: str | os.PathLike[str] | None) -> Path:
    """The codec's program file: ``given``, else the one beside the model."""
    return model.parent / CODEC_NAME if given is None else Path(given)


def tokenizer_file(model: Path, given: str | os.PathLike[str] | None) -> Path:
    """``given``, else ``tekken.json`` beside the model, as the runner has it."""
    return model.parent / "tekken.json" if given is None else Path(given)


def voices_folder(tokenizer: Path, given: str | os.PathLike[str] | None) -> Path:
    """``given``, else ``voice_embedding`` beside the tokenizer, as the runner has it: ``voices``
    where there is only that."""
    if given is not None:
        return Path(given)
    preferred, other = tokenizer.parent / "voice_embedding", tokenizer.parent / "voices"
    return other if not os.path.isdir(preferred) and os.path.isdir(other) else preferred
