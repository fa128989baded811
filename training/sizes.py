"""params.json of a small checkpoint: the published keys, other numbers, and one key of ours."""

from __future__ import annotations

from typing import Any

from export.config import SEGMENT_CHARACTERS, VoxtralConfig
from export.synthetic import params as synthetic_params
from export.synthetic_tokenizer import N_SPECIAL_TOKENS

from .settings import SizeSettings

TEXT_TOKENS = 256  # one per byte
# Of the text spoken at once: training texts are single sentences of up to eleven words.
LONGEST_TEXT = 60


def params(sizes: SizeSettings, voices: tuple[str, ...]) -> dict[str, Any]:
    """The content of params.json."""
    content = synthetic_params("tiny")
    content |= {
        "dim": sizes.dim,
        "n_layers": sizes.n_layers,
        "n_heads": sizes.n_heads,
        "n_kv_heads": sizes.n_kv_heads,
        "head_dim": sizes.head_dim,
        "hidden_dim": sizes.hidden_dim,
        "vocab_size": N_SPECIAL_TOKENS + TEXT_TOKENS,
        "max_seq_len": sizes.max_seq_len,
        SEGMENT_CHARACTERS: LONGEST_TEXT,
    }
    audio = content["multimodal"]["audio_model_args"]
    audio["semantic_codebook_size"] = sizes.semantic_codes
    audio["acoustic_transformer_args"] |= {
        "input_dim": sizes.dim,
        "dim": sizes.flow_dim,
        "n_layers": sizes.flow_layers,
        "n_heads": sizes.flow_heads,
        "n_kv_heads": sizes.flow_kv_heads,
        "head_dim": sizes.flow_head_dim,
        "hidden_dim": sizes.flow_hidden_dim,
    }
    content["multimodal"]["audio_tokenizer_args"] |= {
        "dim": sizes.codec_dim,
        "n_heads": sizes.codec_heads,
        "n_kv_heads": sizes.codec_heads,
        "head_dim": sizes.codec_head_dim,
        "hidden_dim": sizes.codec_hidden_dim,
        "semantic_codebook_size": sizes.semantic_codes,
        "semantic_dim": sizes.semantic_dim,
        "voice": {name: index for index, name in enumerate(voices)},
    }
    return content


def config(sizes: SizeSettings) -> VoxtralConfig:
    return VoxtralConfig.from_params(params(sizes, ("any",)))
