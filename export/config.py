"""Sizes and constants of a checkpoint, parsed from its params.json."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

EMPTY_AUDIO = 0  # semantic code: no audio; never emitted
END_AUDIO = 1  # semantic code: the utterance is over
N_SPECIAL_CODES = 2  # every codebook starts with EMPTY and END; codes below carry this offset
ROW_MULTIPLE = 128  # the semantic head and the audio embedding table are padded to this

_REQUIRED_FLAGS = ("qk_norm", "layer_scale", "conv_weight_norm", "causal")
_LARGEST = 1 << 31
_MOST_DIGITS = 10  # of a number below that


# A key of ours: in params.json of the small voice, and in the manifest of an export of it.
SEGMENT_CHARACTERS = "segment_characters"


class CheckpointError(ValueError):
    """A checkpoint cannot be used; the message names the file and the key or tensor."""


def pad_rows(rows: int) -> int:
    """`rows` rounded up to a multiple of `ROW_MULTIPLE`."""
    return -(-rows // ROW_MULTIPLE) * ROW_MULTIPLE


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformerConfig:
    """One stack of pre-norm layers (RMSNorm, attention, SwiGLU), all without biases."""

    dim: int
    n_layers: int
    n_heads: int
    n_kv_heads: int
    head_dim: int
    hidden_dim: int
    norm_eps: float
    qk_norm_eps: float | None = None  # RMSNorm over the full q and k width; None: no such norm


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageModelConfig(TransformerConfig):
    """The autoregressive decoder: one step per 80 ms frame."""

    vocab_size: int
    rope_theta: float
    max_seq_len: int  # positions the checkpoint was made for; programs are exported with fewer


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowHeadConfig(TransformerConfig):
    """The flow-matching transformer that turns a hidden state into a frame's codes."""

    input_dim: int  # width of the language model's hidden state
    n_decoding_steps: int  # Euler steps from t = 0 to t = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CodecConfig(TransformerConfig):
    """The decoder from codes to samples.

    Stage i upsamples by strides[i] and then has lengths[i] layers; n_layers is their sum.
    """

    semantic_dim: int
    patch_size: int  # samples per position of the last stage
    patch_kernel: int
    lengths: tuple[int, ...]
    kernels: tuple[int, ...]
    strides: tuple[int, ...]
    window: int  # past keys in the last stage
    halve_window: bool  # each upsampling doubles the window on the way to `window`

    @property
    def windows(self) -> tuple[int, ...]:
        """Past keys each stage may attend to, besides the query's own position."""
        if not self.halve_window:
            return (self.window,) * len(self.strides)
        later = [sum(s > 1 for s in self.strides[i + 1 :]) for i in range(len(self.strides))]
        return tuple(self.window >> n for n in later)


@dataclass(frozen=True, slots=True)
class VoxtralConfig:
    """Everything params.json says about the model."""

    language_model: LanguageModelConfig
    flow_head: FlowHeadConfig
    codec: CodecConfig
    semantic_codebook_size: int  # without the special codes
    acoustic_codebook_size: int  # levels of one acoustic code, without the special codes
    n_acoustic: int
    sampling_rate_hz: int
    bos_token_id: int
    audio_token_id: int
    begin_audio_token_id: int
    segment_characters: int | None  # longest text to speak at once, if the model says one

    @property
    def n_codebooks(self) -> int:
        return 1 + self.n_acoustic

    @property
    def codebook_sizes(self) -> tuple[int, ...]:
        """Rows of each codebook in the audio embedding table, special codes included."""
        acoustic = self.acoustic_codebook_size + N_SPECIAL_CODES
        return (self.semantic_codebook_size + N_SPECIAL_CODES, *[acoustic] * self.n_acoustic)

    @property
    def semantic_rows(self) -> int:
        """Rows of the semantic head, padding included."""
        return pad_rows(self.codebook_sizes[0])

    @property
    def audio_embedding_rows(self) -> int:
        """Rows of the audio embedding table, padding included."""
        return pad_rows(sum(self.codebook_sizes))

    @property
    def latent_dim(self) -> int:
        return self.codec.semantic_dim + self.n_acoustic

    @property
    def samples_per_frame(self) -> int:
        return self.codec.patch_size * math.prod(self.codec.strides)

    @property
    def frame_rate_hz(self) -> float:
        return self.sampling_rate_hz / self.samples_per_frame

    @staticmethod
    def from_file(path: Path) -> VoxtralConfig:
        """Parses params.json. Raises CheckpointError naming the file and the key."""
        try:
            params = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise CheckpointError(
                f"{path}: cannot be read: {error.strerror}; name the folder of the whole checkpoint"
            ) from error
        except (ValueError, RecursionError) as error:  # the latter of a thousand brackets
            raise CheckpointError(f"{path}: is not JSON: {error}") from error
        return VoxtralConfig.from_params(params, str(path))

    @staticmethod
    def from_params(params: Any, source: str = "params.json") -> VoxtralConfig:
        """Parses the content of params.json; `source` names it in errors."""
        root = _Section(params, source)
        audio = root.section("multimodal").section("audio_model_args")
        tokenizer = root.section("multimodal").section("audio_tokenizer_args")
        root.refuse_biases()
        semantic, acoustic, n_acoustic = _codebooks(audio)
        encoding = audio.section("audio_encoding_args")
        config = VoxtralConfig(
            language_model=LanguageModelConfig(
                **_stack(root, norm_eps=root.real("norm_eps")),
                vocab_size=root.integer("vocab_size"),
                rope_theta=root.real("rope_theta"),
                max_seq_len=root.integer("max_seq_len"),
            ),
            flow_head=_flow_head(audio.section("acoustic_transformer_args")),
            codec=_codec(tokenizer),
            semantic_codebook_size=semantic,
            acoustic_codebook_size=acoustic,
            n_acoustic=n_acoustic,
            sampling_rate_hz=encoding.integer("sampling_rate"),
            bos_token_id=root.section("multimodal").integer("bos_token_id", least=0),
            audio_token_id=audio.integer("audio_token_id", least=0),
            begin_audio_token_id=audio.integer("begin_audio_token_id", least=0),
            segment_characters=(
                root.integer(SEGMENT_CHARACTERS) if SEGMENT_CHARACTERS in root else None
            ),
        )
        if config.flow_head.input_dim != config.language_model.dim:
            audio.fail("acoustic_transformer_args.input_dim", "differs from dim")
        return config


class _Section:
    """One object of params.json with typed access; every error names the file and the full key."""

    def __init__(self, values: Any, source: str, prefix: str = "") -> None:
        self._source = source
        self._prefix = prefix
        if not isinstance(values, Mapping):
            self.fail("", f"expected an object, found {type(values).__name__}")
        self._values = values

    def __contains__(self, key: str) -> bool:
        return self._values.get(key) is not None  # null is as good as absent

    def fail(self, key: str, problem: str) -> NoReturn:
        raise CheckpointError(f"{self._source}: {(self._prefix + key).strip('.')}: {problem}")

    def get(self, key: str, default: Any = None) -> Any:
        value = self._values.get(key)
        if value is None:
            value = default
        if value is None:
            self.fail(key, "is missing")
        return value

    def section(self, key: str) -> _Section:
        return _Section(self.get(key), self._source, f"{self._prefix}{key}.")

    def integer(self, key: str, default: int | None = None, least: int = 1) -> int:
        value = self.get(key, default)
        if type(value) is not int or not least <= value < _LARGEST:
            self.fail(key, f"expected an integer of at least {least}, found {value!r}")
        return int(value)

    def real(self, key: str, default: float | None = None) -> float:
        value = self.get(key, default)
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        # The largest float, since an integer may be larger.
        if not number or not 0 < value <= sys.float_info.max:
            self.fail(key, f"expected a positive number, found {value!r}")
        return float(value)

    def integers(self, key: str) -> tuple[int, ...]:
        """A list written as one string, such as "1,2,2,2"."""
        value = self.get(key)
        items = str(value).split(",")
        plain = all(i.strip().isdecimal() and len(i) <= _MOST_DIGITS for i in items)
        if not isinstance(value, str) or not plain:
            self.fail(key, f"expected integers separated by commas, found {value!r}")
        numbers = tuple(int(i) for i in items)
        if not all(0 < number < _LARGEST for number in numbers):
            self.fail(key, f"expected positive integers, found {value!r}")
        return numbers

    def require_true(self, key: str) -> None:
        if self.get(key, True) is not True:
            self.fail(key, "only true is supported")

    def refuse_biases(self) -> None:
        if self.get("use_biases", False) is not False:
            self.fail("use_biases", "only false is supported")


def _stack(section: _Section, norm_eps: float, n_layers: int | None = None) -> dict[str, Any]:
    """The fields every TransformerConfig has."""
    n_heads, n_kv_heads = section.integer("n_heads"), section.integer("n_kv_heads")
    if n_heads % n_kv_heads:
        section.fail("n_kv_heads", f"{n_kv_heads} does not divide n_heads {n_heads}")
    return {
        "dim": section.integer("dim"),
        "n_layers": section.integer("n_layers") if n_layers is None else n_layers,
        "n_heads": n_heads,
        "n_kv_heads": n_kv_heads,
        "head_dim": section.integer("head_dim"),
        "hidden_dim": section.integer("hidden_dim"),
        "norm_eps": norm_eps,
    }


def _flow_head(section: _Section) -> FlowHeadConfig:
    section.refuse_biases()
    # The published params.json has neither norm_eps nor n_decoding_steps; the authors' code
    # falls back to these values.
    return FlowHeadConfig(
        **_stack(section, norm_eps=section.real("norm_eps", 1e-5)),
        input_dim=section.integer("input_dim"),
        n_decoding_steps=section.integer("n_decoding_steps", 7),
    )


def _codec(section: _Section) -> CodecConfig:
    section.refuse_biases()
    for flag in _REQUIRED_FLAGS:
        section.require_true(flag)
    lengths = section.integers("decoder_transformer_lengths_str")
    kernels = section.integers("decoder_convs_kernels_str")
    strides = section.integers("decoder_convs_strides_str")
    if not len(lengths) == len(kernels) == len(strides):
        section.fail("decoder_convs_strides_str", "differs in length from the other decoder lists")
    if strides[0] != 1 or any(k < s for k, s in zip(kernels, strides, strict=True)):
        section.fail("decoder_convs_strides_str", "expected 1 first and no stride over its kernel")
    return CodecConfig(
        **_stack(section, norm_eps=section.real("norm_eps"), n_layers=sum(lengths)),
        qk_norm_eps=section.real("qk_norm_eps"),
        semantic_dim=section.integer("semantic_dim"),
        patch_size=section.integer("pretransform_patch_size"),
        patch_kernel=section.integer("patch_proj_kernel_size"),
        lengths=lengths,
        kernels=kernels,
        strides=strides,
        window=section.integer("attn_sliding_window_size"),
        halve_window=bool(section.get("half_attn_window_upon_downsampling", True)),
    )


def _codebooks(audio: _Section) -> tuple[int, int, int]:
    """(semantic size, acoustic levels, number of acoustic codebooks), from either spelling."""
    if "codebook_sizes" not in audio:
        return (
            audio.integer("semantic_codebook_size"),
            audio.integer("acoustic_codebook_size", least=2),
            audio.integer("n_acoustic_codebook"),
        )
    sizes = audio.integers("codebook_sizes")
    if len(sizes) < 2 or len(set(sizes[1:])) != 1:
        audio.fail("codebook_sizes", "expected one semantic and equal acoustic sizes")
    return sizes[0], sizes[1], len(sizes) - 1
