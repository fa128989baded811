"""Reads a checkpoint folder: params.json, the tensors, and where tokenizer and voices are."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import torch
from safetensors import SafetensorError, safe_open

from .config import CheckpointError, TransformerConfig, VoxtralConfig
from .contract import (
    AUDIO_TO_TEXT_TOKEN,
    AUDIO_TOKEN,
    BEGIN_AUDIO_TOKEN,
    BOS_TOKEN,
    TEXT_TO_AUDIO_TOKEN,
)
from .contradictions import params_problems, vocabulary_problems
from .voice_file import load_voice, voice_files

Shapes = dict[str, tuple[int, ...]]

FLOW_HEAD_PREFIX = "acoustic_transformer."
CODEC_PREFIX = "audio_tokenizer."
TOKEN_EMBEDDING = "mm_audio_embeddings.tok_embeddings.weight"
AUDIO_EMBEDDING = "mm_audio_embeddings.audio_codebook_embeddings.embeddings.weight"
SEMANTIC_HEAD = FLOW_HEAD_PREFIX + "semantic_codebook_output.weight"
_CODEBOOK = "quantizer.semantic_codebook."
SEMANTIC_CODEBOOK = (_CODEBOOK + "cluster_usage", _CODEBOOK + "embedding_sum")
WEIGHT_NORM_G = "parametrizations.weight.original0"
WEIGHT_NORM_V = "parametrizations.weight.original1"
_DTYPES = ("BF16", "F16", "F32")  # the published one, and what is converted
_NAMES_SHOWN = 3


def expected_tensors(config: VoxtralConfig) -> Shapes:
    """Name -> shape of every tensor the checkpoint must hold: 386 at full size."""
    lm = config.language_model
    shapes: Shapes = {}
    for index in range(lm.n_layers):
        shapes |= _layer(f"layers.{index}.", lm)
    shapes["norm.weight"] = (lm.dim,)
    shapes[TOKEN_EMBEDDING] = (config.language_model.vocab_size, lm.dim)
    shapes[AUDIO_EMBEDDING] = (config.audio_embedding_rows, lm.dim)
    return shapes | _flow_head(config) | _codec(config)


def _layer(prefix: str, config: TransformerConfig) -> Shapes:
    q_dim, kv_dim = config.n_heads * config.head_dim, config.n_kv_heads * config.head_dim
    return {
        f"{prefix}attention.wq.weight": (q_dim, config.dim),
        f"{prefix}attention.wk.weight": (kv_dim, config.dim),
        f"{prefix}attention.wv.weight": (kv_dim, config.dim),
        f"{prefix}attention.wo.weight": (config.dim, q_dim),
        f"{prefix}attention_norm.weight": (config.dim,),
        f"{prefix}feed_forward.w1.weight": (config.hidden_dim, config.dim),
        f"{prefix}feed_forward.w2.weight": (config.dim, config.hidden_dim),
        f"{prefix}feed_forward.w3.weight": (config.hidden_dim, config.dim),
        f"{prefix}ffn_norm.weight": (config.dim,),
    }


def _flow_head(config: VoxtralConfig) -> Shapes:
    flow = config.flow_head
    lm_dim = config.flow_head.input_dim
    shapes = {
        FLOW_HEAD_PREFIX + "input_projection.weight": (flow.dim, config.n_acoustic),
        FLOW_HEAD_PREFIX + "time_projection.weight": (flow.dim, flow.dim),
        FLOW_HEAD_PREFIX + "llm_projection.weight": (flow.dim, lm_dim),
        SEMANTIC_HEAD: (config.semantic_rows, lm_dim),
        FLOW_HEAD_PREFIX + "acoustic_codebook_output.weight": (config.n_acoustic, flow.dim),
        FLOW_HEAD_PREFIX + "norm.weight": (flow.dim,),
    }
    for index in range(flow.n_layers):
        shapes |= _layer(f"{FLOW_HEAD_PREFIX}layers.{index}.", flow)
    return shapes


def _codec(config: VoxtralConfig) -> Shapes:
    codec, dim = config.codec, config.codec.dim
    shapes = _convolution("decoder_blocks.0.conv", (dim, config.latent_dim, codec.kernels[0]))
    for stage, length in enumerate(codec.lengths):
        if stage > 0:
            name = f"decoder_blocks.{2 * stage}.conv"
            shapes |= _convolution(name, (dim, dim, codec.kernels[stage]))
        for index in range(length):
            shapes |= _codec_layer(f"decoder_blocks.{2 * stage + 1}.layers.{index}.", config)
    shapes |= _convolution("output_proj.conv", (codec.patch_size, dim, codec.patch_kernel))
    rows = config.semantic_codebook_size
    usage, embedding_sum = SEMANTIC_CODEBOOK
    shapes |= {usage: (rows,), embedding_sum: (rows, codec.semantic_dim)}
    return {CODEC_PREFIX + name: shape for name, shape in shapes.items()}


def _codec_layer(prefix: str, config: VoxtralConfig) -> Shapes:
    layer = config.codec
    return _layer(prefix, layer) | {
        f"{prefix}attention.q_norm.weight": (layer.n_heads * layer.head_dim,),
        f"{prefix}attention.k_norm.weight": (layer.n_kv_heads * layer.head_dim,),
        f"{prefix}attention_scale": (layer.dim,),
        f"{prefix}ffn_scale": (layer.dim,),
    }


def _convolution(name: str, shape: tuple[int, int, int]) -> Shapes:
    return {
        f"{name}.{WEIGHT_NORM_G}": (shape[0], 1, 1),
        f"{name}.{WEIGHT_NORM_V}": shape,
    }


class Checkpoint:
    """An open checkpoint folder. Tensors are memory-mapped and read one at a time.

    Raises CheckpointError when params.json or consolidated.safetensors cannot be read; call
    `validate` before use. Close it, or use it as a context manager.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.config = VoxtralConfig.from_file(self.path / "params.json")
        self.tensor_file = self.path / "consolidated.safetensors"
        self._mapped: Any = None
        self._tensors()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Unmaps the tensor file until the next read; tensors already read stay valid."""
        self._mapped = None

    def _tensors(self) -> Any:
        """The mapped file. Raises CheckpointError."""
        if self._mapped is None:
            try:
                self._mapped = safe_open(self.tensor_file, framework="pt", device="cpu")
            except (OSError, SafetensorError) as error:
                raise CheckpointError(
                    f"{self.tensor_file}: cannot be opened: {error}; it is absent, cut or no "
                    "safetensors file: download it again"
                ) from error
        return self._mapped

    @property
    def tokenizer_file(self) -> Path:
        return self.path / "tekken.json"

    def special_ids(self) -> dict[str, int]:
        """The ids of tekken.json's special tokens by name. Raises CheckpointError."""
        document = self._tokenizer()
        try:
            return {token["token_str"]: token["rank"] for token in document["special_tokens"]}
        except (KeyError, TypeError) as error:
            raise CheckpointError(f"{self.tokenizer_file}: no special tokens: {error!r}") from error

    def _tokenizer(self) -> Any:
        """The content of tekken.json. Raises CheckpointError."""
        try:
            return json.loads(self.tokenizer_file.read_text(encoding="utf-8"))
        except OSError as error:
            problem = f"cannot be read: {error.strerror}"
        except (ValueError, RecursionError) as error:
            problem = f"is not JSON: {error}"
        raise CheckpointError(f"{self.tokenizer_file}: {problem}")

    @property
    def voice_files(self) -> dict[str, Path]:
        """Voice name -> its .pt or .safetensors file, sorted by name."""
        return {file.stem: file for file in voice_files(self.path / "voice_embedding")}

    def names(self) -> list[str]:
        """Names of the stored tensors."""
        return sorted(self._tensors().keys())

    def tensor(self, name: str) -> torch.Tensor:
        """One tensor as it is stored: bf16, fp16 or fp32. Raises CheckpointError when absent."""
        try:
            tensor: torch.Tensor = self._tensors().get_tensor(name)
        except SafetensorError as error:
            raise CheckpointError(f"{self.tensor_file}: {name}: {error}") from error
        return tensor

    def codebook_id(self) -> int:
        """31 bits of the SHA-256 of the semantic codebook: what codes of this checkpoint mean.

        A model and a codec belong together when they agree in it; a language model trained on
        the codes of an unchanged codec keeps it.
        """
        digest = hashlib.sha256()
        for name in SEMANTIC_CODEBOOK:
            stored = self.tensor(CODEC_PREFIX + name).to(torch.bfloat16)
            digest.update(stored.view(torch.uint8).numpy().tobytes())
        return int.from_bytes(digest.digest()[:4]) >> 1

    def voice(self, name: str) -> torch.Tensor:
        """The rows of a preset voice, [N, dim], in the language model's embedding space."""
        files = self.voice_files
        if name not in files:
            known = ", ".join(files) or "none"
            raise CheckpointError(f"{self.path}: no voice '{name}'; there are: {known}")
        return load_voice(files[name], self.config.language_model.dim)

    def notes(self) -> list[str]:
        """What is unusual about the folder and does no harm."""
        expected = expected_tensors(self.config)
        unknown = [name for name in self.names() if name not in expected]
        converted = [n for n in self._known() if self._dtype(n) in _DTYPES[1:]]
        notes = []
        if unknown:
            notes.append(f"tensors that the model does not have are left out: {_listed(unknown)}")
        if converted:
            notes.append(f"tensors that are not BF16 are converted: {_listed(converted)}")
        return [f"{self.tensor_file.name}: {note}" for note in notes]

    def validate(self) -> None:
        """Raises one CheckpointError that lists every problem of the folder."""
        problems = self._params_problems() + self._tensor_problems()
        problems += self._tokenizer_problems() + self._voice_problems()
        if problems:
            listing = "\n  ".join(problems)
            raise CheckpointError(f"{self.path}: {len(problems)} problems:\n  {listing}")

    def _known(self) -> list[str]:
        """Names of the stored tensors that the model has."""
        return sorted(expected_tensors(self.config).keys() & set(self.names()))

    def _dtype(self, name: str) -> str:
        dtype: str = self._tensors().get_slice(name).get_dtype()
        return dtype

    def _params_problems(self) -> list[str]:
        params = json.loads((self.path / "params.json").read_text(encoding="utf-8"))
        return params_problems(params, self.config)

    def _voice_problems(self) -> list[str]:
        folder = "voice_embedding"
        files = voice_files(self.path / folder)
        if not files:
            return [f"{folder}/*.pt: missing files"]
        problems, seen = [], set()
        for file in files:
            if file.stem in seen:
                problems.append(f"{folder}/{file.name}: a second file of the voice {file.stem}")
            seen.add(file.stem)
            try:
                load_voice(file, self.config.language_model.dim)
            except CheckpointError as error:
                problems.append(self._relative(error))
        return problems

    def _relative(self, error: CheckpointError) -> str:
        """The error's message, as a line of the list for this folder."""
        return str(error).removeprefix(f"{self.path}/")

    def _tensor_problems(self) -> list[str]:
        expected = expected_tensors(self.config)
        found = set(self._tensors().keys())
        problems = [f"{name}: missing tensor" for name in sorted(expected.keys() - found)]
        for name in self._known():
            shape, dtype = list(self._tensors().get_slice(name).get_shape()), self._dtype(name)
            if shape != list(expected[name]):
                problems.append(f"{name}: shape {shape}, expected {list(expected[name])}")
            if dtype not in _DTYPES:
                problems.append(f"{name}: dtype {dtype}, expected {', '.join(_DTYPES)}")
        return problems

    def _tokenizer_problems(self) -> list[str]:
        name = self.tokenizer_file.name
        if not self.tokenizer_file.is_file():
            return [f"{name}: missing file"]
        try:
            problems = vocabulary_problems(self._tokenizer(), self.config)
            ids = self.special_ids()
        except CheckpointError as error:
            return [self._relative(error)]
        expected = {
            BOS_TOKEN: self.config.bos_token_id,
            AUDIO_TOKEN: self.config.audio_token_id,
            BEGIN_AUDIO_TOKEN: self.config.begin_audio_token_id,
            TEXT_TO_AUDIO_TOKEN: None,  # params.json does not mention these two
            AUDIO_TO_TEXT_TOKEN: None,
        }
        for token, value in expected.items():
            if token not in ids:
                problems.append(f"{name}: special token {token} is missing")
            elif type(ids[token]) is not int or ids[token] < 0:
                problems.append(f"{name}: {token} has the id {ids[token]!r}, expected an integer")
            elif value is not None and ids[token] != value:
                problems.append(f"{name}: {token} is {ids[token]}, in params.json it is {value}")
        return problems


def _listed(names: list[str]) -> str:
    """The first of many names."""
    shown = ", ".join(names[:_NAMES_SHOWN])
    left = len(names) - _NAMES_SHOWN
    return f"{shown} and {left} more" if left > 0 else shown
