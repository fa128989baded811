"""What a checkpoint's files say twice, compared: the runner would stumble over it much later."""

from __future__ import annotations

from typing import Any

from .config import VoxtralConfig

_AUDIO = "multimodal.audio_model_args"
_ENCODING = f"{_AUDIO}.audio_encoding_args"
_CODEC = "multimodal.audio_tokenizer_args"


def params_problems(params: Any, config: VoxtralConfig) -> list[str]:
    """Values of params.json, parsed to `config`, that contradict others. Absent ones do not."""
    codec, stack = config.codec, config.language_model
    expected: dict[str, tuple[object, str]] = {
        f"{_ENCODING}.frame_rate": (config.frame_rate_hz, "what the codec's strides make"),
        f"{_ENCODING}.num_codebooks": (config.n_codebooks, "one semantic and the acoustic ones"),
        f"{_CODEC}.sampling_rate": (config.sampling_rate_hz, f"{_ENCODING}.sampling_rate"),
        f"{_CODEC}.channels": (1, "the only number supported"),
        f"{_CODEC}.semantic_codebook_size": (
            config.semantic_codebook_size,
            f"that of {_AUDIO}",
        ),
        f"{_CODEC}.acoustic_codebook_size": (
            config.acoustic_codebook_size,
            f"that of {_AUDIO}",
        ),
        f"{_CODEC}.acoustic_dim": (config.n_acoustic, "the number of acoustic codebooks"),
        f"{_CODEC}.n_kv_heads": (codec.n_heads, f"{_CODEC}.n_heads"),
    }
    problems = []
    for key, (value, reason) in expected.items():
        found = _value(params, key)
        if found is not None and found != value:
            problems.append(f"params.json: {key} is {found!r}, expected {value!r}: {reason}")
    if stack.head_dim % 2:
        problems.append(f"params.json: head_dim {stack.head_dim} is odd; rotation takes pairs")
    if stack.vocab_size <= max(config.audio_token_id, config.begin_audio_token_id):
        problems.append(f"params.json: vocab_size {stack.vocab_size} leaves out the audio tokens")
    return problems


def vocabulary_problems(document: Any, config: VoxtralConfig) -> list[str]:
    """What keeps tekken.json from being this model's vocabulary."""
    sizes = document.get("config") if isinstance(document, dict) else None
    if not isinstance(sizes, dict):
        return ["tekken.json: config is missing"]
    problems = []
    if not isinstance(sizes.get("pattern"), str) or not sizes["pattern"]:
        problems.append("tekken.json: config.pattern is missing")
    vocab_size = config.language_model.vocab_size
    if sizes.get("default_vocab_size") != vocab_size:
        problems.append(
            f"tekken.json: config.default_vocab_size is {sizes.get('default_vocab_size')!r}, "
            f"in params.json vocab_size is {vocab_size}"
        )
    special, rows = sizes.get("default_num_special_tokens"), document.get("vocab")
    if type(special) is not int or not 0 < special < vocab_size:
        problems.append(
            f"tekken.json: config.default_num_special_tokens is {special!r}, expected an integer "
            f"from 1 to {vocab_size - 1}"
        )
    elif not isinstance(rows, list) or len(rows) < vocab_size - special:
        found = len(rows) if isinstance(rows, list) else 0
        problems.append(f"tekken.json: vocab has {found} rows, expected {vocab_size - special}")
    else:
        problems += _row_problems(rows)
    rate = _value(document, "audio.sampling_rate")
    if rate is not None and rate != config.sampling_rate_hz:
        problems.append(
            f"tekken.json: audio.sampling_rate is {rate!r}, in params.json it is "
            f"{config.sampling_rate_hz}"
        )
    return problems


def _row_problems(rows: list[Any]) -> list[str]:
    """The first row of the vocabulary that the runner would refuse."""
    for index, row in enumerate(rows):
        if not isinstance(row, dict) or not isinstance(row.get("token_bytes"), str):
            return [f"tekken.json: vocab row {index}: token_bytes is missing"]
        if row.get("rank") != index:
            return [f"tekken.json: vocab row {index}: rank {row.get('rank')!r}, expected {index}"]
    return []


def _value(content: Any, path: str) -> Any:
    """The value at a dotted path; None where there is none."""
    for key in path.split("."):
        if not isinstance(content, dict):
            return None
        content = content.get(key)
    return content
