"""The `.pte` contract in code: names, bounds and metadata of format version 1.

docs/contract.md is the same page in words; `cpp/runner/src/model/metadata.cpp` is its reader.
"""

from __future__ import annotations

from .config import END_AUDIO, N_SPECIAL_CODES, VoxtralConfig

FORMAT_VERSION = 1
MODEL_FILE = "model.pte"
CODEC_FILE = "codec_decoder.pte"

MAX_STEP_ROWS = 512
"""Rows one `step` accepts: bounds the planned memory; longer prompts come in pieces."""
MAX_CHUNK_FRAMES = 32
"""Codec frames one `decode` accepts."""
CHUNK_SCHEDULE = (1, 1, 2, 4, 8)
"""Frames per emitted chunk, the last value repeats: first sound at once, then fewer calls."""
MAX_FRAMES = 2048
"""Default frame budget, as in vllm-omni's deployment (max_tokens)."""
CFG_ALPHA = 1.2

# Names of the prompt's control tokens in tekken.json; the first three have their id in
# params.json too.
BOS_TOKEN, AUDIO_TOKEN, BEGIN_AUDIO_TOKEN = "<s>", "[AUDIO]", "[BEGIN_AUDIO]"
TEXT_TO_AUDIO_TOKEN, AUDIO_TO_TEXT_TOKEN = "[NEXT_AUDIO_TEXT]", "[REPEAT_AUDIO_TEXT]"

Metadata = dict[str, int | float | list[int]]


def _common(config: VoxtralConfig, codebook_id: int) -> Metadata:
    return {
        "format_version": FORMAT_VERSION,
        "sample_rate": config.sampling_rate_hz,
        "samples_per_frame": config.samples_per_frame,
        "n_codebooks": config.n_codebooks,
        "semantic_codebook_size": config.semantic_codebook_size,
        "acoustic_levels": config.acoustic_codebook_size,
        "n_special_codes": N_SPECIAL_CODES,
        "codebook_id": codebook_id,
    }


def model_metadata(
    config: VoxtralConfig, codebook_id: int, max_seq_len: int, special_ids: dict[str, int]
) -> Metadata:
    """Constant methods of `model.pte`.

    `codebook_id` is `Checkpoint.codebook_id`; `special_ids` are tekken.json's by name, validated.
    """
    return _common(config, codebook_id) | {
        "dim": config.language_model.dim,
        "vocab_size": config.language_model.vocab_size,
        "max_seq_len": max_seq_len,
        "max_step_rows": min(MAX_STEP_ROWS, max_seq_len),
        "max_frames": MAX_FRAMES,
        "semantic_vocab": config.semantic_rows,
        "end_audio_code": END_AUDIO,
        "flow_steps": config.flow_head.n_decoding_steps,
        "cfg_alpha": CFG_ALPHA,
        "bos_id": config.bos_token_id,
        "begin_audio_id": config.begin_audio_token_id,
        "audio_id": config.audio_token_id,
        "text_to_audio_id": special_ids[TEXT_TO_AUDIO_TOKEN],
        "audio_to_text_id": special_ids[AUDIO_TO_TEXT_TOKEN],
    }


def codec_metadata(config: VoxtralConfig, codebook_id: int) -> Metadata:
    """Constant methods of `codec_decoder.pte`; `codebook_id` is `Checkpoint.codebook_id`."""
    return _common(config, codebook_id) | {
        "max_chunk_frames": MAX_CHUNK_FRAMES,
        "chunk_schedule": list(CHUNK_SCHEDULE),
    }
