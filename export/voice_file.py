"""A preset voice as a checkpoint ships it: rows of the embedding space in .pt or .safetensors."""

from __future__ import annotations

import pickle
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from .config import CheckpointError

VOICE_SUFFIXES = (".pt", ".safetensors")  # as the runner looks for them, in this order
_DTYPES = (torch.bfloat16, torch.float16, torch.float32)


def voice_files(folder: Path) -> list[Path]:
    """The files of a folder that are voices, by name; file systems' own dot-files are not."""
    files = [file for suffix in VOICE_SUFFIXES for file in folder.glob(f"*{suffix}")]
    return sorted(file for file in files if not file.name.startswith(".") and file.is_file())


def load_voice(file: Path, dim: int) -> Tensor:
    """The rows [N, dim] of a voice, N > 0, of a float dtype. Raises CheckpointError."""
    try:
        if file.suffix == ".pt":
            rows = torch.load(file, map_location="cpu", weights_only=True)
        else:
            tensors = load_file(file)
            if len(tensors) != 1:
                raise CheckpointError(f"{file}: {len(tensors)} tensors, expected one")
            (rows,) = tensors.values()
    except CheckpointError:
        raise
    except (OSError, RuntimeError, ValueError, EOFError) as error:
        raise CheckpointError(f"{file}: cannot be read: {_first_line(error)}") from error
    except (pickle.UnpicklingError, SafetensorError) as error:
        raise CheckpointError(f"{file}: is no voice: {_first_line(error)}") from error
    if not isinstance(rows, Tensor):
        raise CheckpointError(f"{file}: holds a {type(rows).__name__}, expected a tensor")
    if rows.ndim != 2 or rows.shape[0] == 0 or rows.shape[1] != dim:
        raise CheckpointError(f"{file}: shape {list(rows.shape)}, expected [N, {dim}]")
    if rows.dtype not in _DTYPES:
        raise CheckpointError(f"{file}: dtype {rows.dtype}, expected bfloat16, float16 or float32")
    if not bool(torch.isfinite(rows).all()):
        raise CheckpointError(f"{file}: holds values that are not finite")
    return rows


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
