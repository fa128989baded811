"""Makes checkpoints of the true format with random weights, since the real ones cannot be shipped.

    python -m export.synthetic --size tiny --output DIR

The same size and seed give the same files. Weights are scaled so that the model behaves like one:
codes vary, depend on text, voice and seed, and the codec's output has a speech-like level.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import torch

from .checkpoint import AUDIO_EMBEDDING, Checkpoint
from .config import END_AUDIO, CheckpointError, VoxtralConfig
from .synthetic_end import EndPoint, plant_end
from .synthetic_tokenizer import tekken_json
from .synthetic_weights import random_codes, write_tensors

VOICE_ROWS = {
    "casual_female": 214,
    "casual_male": 147,
    "cheerful_female": 132,
    "neutral_female": 218,
    "neutral_male": 169,
    "pt_male": 144,
    "pt_female": 175,
    "nl_male": 138,
    "nl_female": 146,
    "it_male": 168,
    "it_female": 172,
    "fr_male": 97,
    "fr_female": 97,
    "es_male": 208,
    "es_female": 138,
    "de_male": 163,
    "de_female": 147,
    "ar_male": 67,
    "hi_male": 94,
    "hi_female": 86,
}  # name -> rows of the published preset, in the order of their ids
_TINY_VOICE_ROWS = {"neutral_female": 10, "casual_male": 9, "fr_female": 11}

_STACK = {"n_heads": 32, "n_kv_heads": 8, "head_dim": 128, "hidden_dim": 9216}
_TINY_STACK = {"n_heads": 8, "n_kv_heads": 2, "head_dim": 16, "hidden_dim": 192}
_CODEC = {"dim": 1024, "hidden_dim": 4096, "n_heads": 8, "n_kv_heads": 8, "head_dim": 128}
_TINY_CODEC = {"dim": 32, "hidden_dim": 128, "n_heads": 8, "n_kv_heads": 8, "head_dim": 4}
_SIZES: dict[str, dict[str, Any]] = {
    "full": {
        "dim": 3072,
        "n_layers": 26,
        "flow_layers": 3,
        "stack": _STACK,
        "vocab_size": 131072,
        "vocab_rows": 150000,
        "max_seq_len": 65536,
        "semantic": 8192,
        "semantic_dim": 256,
        "codec": _CODEC,
        "voices": VOICE_ROWS,
    },
    "tiny": {
        "dim": 64,
        "n_layers": 2,
        "flow_layers": 2,  # unrolled seven times: each costs seconds of every export
        "stack": _TINY_STACK,
        "vocab_size": 1536,
        "vocab_rows": 600,
        "max_seq_len": 2048,
        "semantic": 512,
        "semantic_dim": 64,
        "codec": _TINY_CODEC,
        "voices": _TINY_VOICE_ROWS,
    },
}
_N_MERGES = 400


def params(size: str) -> dict[str, Any]:
    """The content of params.json, with the published file's nesting and keys."""
    sizes = _SIZES[size]
    return {
        "dim": sizes["dim"],
        "n_layers": sizes["n_layers"],
        **sizes["stack"],
        "rope_theta": 1000000.0,
        "norm_eps": 1e-05,
        "vocab_size": sizes["vocab_size"],
        "max_seq_len": sizes["max_seq_len"],
        "max_position_embeddings": 128000,
        "model_type": "voxtral_tts",
        "use_biases": False,
        "causal": True,
        "tied_embeddings": True,
        "multimodal": {
            "bos_token_id": 1,
            "audio_model_args": _audio_model_args(sizes),
            "audio_tokenizer_args": _audio_tokenizer_args(sizes),
        },
    }


def _audio_model_args(sizes: dict[str, Any]) -> dict[str, Any]:
    dim = sizes["dim"]
    return {
        "semantic_codebook_size": sizes["semantic"],
        "acoustic_codebook_size": 21,
        "n_acoustic_codebook": 36,
        "audio_encoding_args": {
            "codebook_pattern": "parallel",
            "interleave_audio_tokens_per_segment": 8192,
            "interleave_text_tokens_per_segment": 8192,
            "single_trailing_segment": False,
            "num_codebooks": 37,
            "sampling_rate": 24000,
            "frame_rate": 12.5,
        },
        "audio_token_id": 24,
        "begin_audio_token_id": 25,
        "input_embedding_concat_type": "sum",
        "acoustic_transformer_args": {
            "input_dim": dim,
            "dim": dim,
            "n_layers": sizes["flow_layers"],
            **sizes["stack"],
            "use_biases": False,
            "rope_theta": 10000,
            "sigma": 1e-05,
            "sigma_max": 1.0,
        },
        "p_uncond": 0.0,
        "text_feature_bugged": False,
        "condition_dropped_token_id": 42,
    }


def _audio_tokenizer_args(sizes: dict[str, Any]) -> dict[str, Any]:
    return {
        "channels": 1,
        "sampling_rate": 24000,
        "pretransform_patch_size": 240,
        "patch_proj_kernel_size": 7,
        "semantic_codebook_size": sizes["semantic"],
        "semantic_dim": sizes["semantic_dim"],
        "acoustic_codebook_size": 21,
        "acoustic_dim": 36,
        "conv_weight_norm": True,
        "causal": True,
        "attn_sliding_window_size": 16,
        "half_attn_window_upon_downsampling": True,
        **sizes["codec"],
        "qk_norm_eps": 1e-06,
        "qk_norm": True,
        "use_biases": False,
        "norm_eps": 0.01,
        "layer_scale": True,
        "layer_scale_init": 0.01,
        "decoder_transformer_lengths_str": "2,2,2,2",
        "decoder_convs_kernels_str": "3,4,4,4",
        "decoder_convs_strides_str": "1,2,2,2",
        "voice": {name: i for i, name in enumerate(VOICE_ROWS) if name in sizes["voices"]},
    }


def make_checkpoint(size: str, output: Path, seed: int = 0, end: EndPoint | None = None) -> None:
    """Writes a checkpoint folder, and plants an END frame where `end` asks for one.

    Raises CheckpointError when END cannot be planted there.
    """
    output.mkdir(parents=True, exist_ok=True)
    sizes = _SIZES[size]
    content = params(size)
    config = VoxtralConfig.from_params(content)
    (output / "params.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    write_tensors(output / "consolidated.safetensors", config, seed)
    tokenizer = tekken_json(sizes["vocab_size"], sizes["vocab_rows"], _N_MERGES, sizes["voices"])
    with (output / "tekken.json").open("w", encoding="utf-8") as file:
        json.dump(tokenizer, file, ensure_ascii=False)
    _write_voices(output, sizes["voices"], seed)
    if end is not None:
        plant_end(output, end)


def _write_voices(output: Path, voice_rows: dict[str, int], seed: int) -> None:
    """Embedded random codes closed by an END frame, which is how presets are made from audio."""
    folder = output / "voice_embedding"
    folder.mkdir(exist_ok=True)
    with Checkpoint(output) as checkpoint:
        table = checkpoint.tensor(AUDIO_EMBEDDING).float()
        sizes = torch.tensor(checkpoint.config.codebook_sizes)
    offsets = sizes.cumsum(0) - sizes
    for name, rows in voice_rows.items():
        codes = random_codes(sizes, rows, f"voice {name}", seed)
        codes[-1] = 0
        codes[-1, 0] = END_AUDIO
        embedded = table[codes + offsets].sum(dim=1)
        # torch names the archive's root folder after the file; published presets have this one.
        archive = folder / "voice_embed.pt"
        torch.save(embedded.to(torch.bfloat16), archive)
        archive.replace(folder / f"{name}.pt")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m export.synthetic", description=__doc__)
    parser.add_argument("--size", choices=sorted(_SIZES), required=True)
    parser.add_argument("--output", type=Path, required=True, help="folder to write")
    parser.add_argument("--seed", type=int, default=0, help="of the weights (default 0)")
    parser.add_argument("--end-at", type=int, metavar="FRAME", help="plant END at this frame")
    parser.add_argument("--end-text", default="Hello.", help="the text that ends there")
    parser.add_argument("--end-voice", default="neutral_female")
    parser.add_argument("--end-seed", type=int, default=42, help="the runner's --seed")
    options = parser.parse_args(arguments)
    end = None
    if options.end_at is not None:
        end = EndPoint(options.end_at, options.end_text, options.end_voice, options.end_seed)
    try:
        make_checkpoint(options.size, options.output, options.seed, end)
    except (CheckpointError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
