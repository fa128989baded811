"""Writes trained modules as a checkpoint of the published format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from export.checkpoint import CODEC_PREFIX, FLOW_HEAD_PREFIX, WEIGHT_NORM_G, WEIGHT_NORM_V
from export.config import VoxtralConfig
from export.modules import Codec
from export.synthetic_tokenizer import N_SPECIAL_TOKENS, tekken_json

from .sizes import TEXT_TOKENS
from .speech_model import SpeechModel


def publish(
    folder: Path, params: dict[str, Any], model: SpeechModel, codec: Codec, voice: str
) -> None:
    """Writes params.json, consolidated.safetensors (bf16), tekken.json and one voice."""
    folder.mkdir(parents=True, exist_ok=True)
    VoxtralConfig.from_params(params)  # raises CheckpointError
    (folder / "params.json").write_text(json.dumps(params, indent=2) + "\n", encoding="utf-8")
    stored = {name: x.to(torch.bfloat16).contiguous() for name, x in _tensors(model, codec).items()}
    save_file(stored, folder / "consolidated.safetensors")
    rows = {voice: len(model.voice)}
    tokenizer = tekken_json(N_SPECIAL_TOKENS + TEXT_TOKENS, TEXT_TOKENS, 0, rows)
    text = json.dumps(tokenizer, ensure_ascii=False, indent=None, separators=(",", ":"))
    (folder / "tekken.json").write_text(text + "\n", encoding="utf-8")
    _write_voice(folder / "voice_embedding" / f"{voice}.pt", model.voice.detach())


def _tensors(model: SpeechModel, codec: Codec) -> dict[str, Tensor]:
    tensors = {name: x.detach() for name, x in model.language_model.state_dict().items()}
    for name, x in model.flow_head.state_dict().items():
        tensors[FLOW_HEAD_PREFIX + name] = x.detach()
    for name, x in codec.state_dict().items():
        for stored, value in _codec_tensors(name, x.detach()).items():
            tensors[CODEC_PREFIX + stored] = value
    return tensors


def _codec_tensors(name: str, x: Tensor) -> dict[str, Tensor]:
    """A parameter of `Codec` as the tensors from which `fold_weights` makes it."""
    if name.endswith("conv.weight"):
        stem = name.removesuffix("weight")
        v = x.to(torch.bfloat16).float()  # as it will be read, so that g fits it
        g = v.square().sum(dim=(1, 2), keepdim=True).sqrt()
        return {stem + WEIGHT_NORM_G: g, stem + WEIGHT_NORM_V: v}
    if name.endswith("semantic_codebook.embedding"):
        stem = name.removesuffix("embedding")
        return {stem + "embedding_sum": x, stem + "cluster_usage": torch.ones(len(x))}
    return {name: x}


def _write_voice(path: Path, rows: Tensor) -> None:
    path.parent.mkdir(exist_ok=True)
    # torch names the archive's root folder after the file; published presets have this one.
    archive = path.with_name("voice_embed.pt")
    torch.save(rows.to(torch.bfloat16).clone(), archive)
    archive.replace(path)
