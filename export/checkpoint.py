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
_STORED_DTYPE = "BF16"


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
                raise CheckpointError(f"{self.tensor_file}: cannot be opened: {error}") from error
        return self._mapped

    @property
    def tokenizer_file(self) -> Path:
        return self.path / "tekken.json"

    def special_ids(self) -> dict[str, int]:
        """The ids of tekken.json's special tokens by name. Raises CheckpointError."""
        try:
            document = json.loads(self.tokenizer_file.read_text(encoding="utf-8"))
            return {token["token_str"]: token["rank"] for token in document["special_tokens"]}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CheckpointError(f"{self.tokenizer_file}: no special tokens: {error!r}") from error

    @property
    def voice_files(self) -> dict[str, Path]:
        """Voice name -> its .pt file, sorted by name."""
        files = sorted((self.path / "voice_embedding").glob("*.pt"))
        return {file.stem: file for file in files}

    def names(self) -> list[str]:
        """Names of the stored tensors."""
        return sorted(self._tensors().keys())

    def tensor(self, name: str) -> torch.Tensor:
        """One stored tensor, bf16. Raises CheckpointError when it is absent."""
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
            digest.update(self.tensor(CODEC_PREFIX + name).view(torch.uint8).numpy().tobytes())
        return int.from_bytes(digest.digest()[:4]) >> 1

    def voice(self, name: str) -> torch.Tensor:
        """The rows of a preset voice, [N, dim] bf16, in the language model's embedding space."""
        files = self.voice_files
        if name not in files:
            known = ", ".join(files) or "none"
            raise CheckpointError(f"{self.path}: no voice '{name}'; there are: {known}")
        rows: torch.Tensor = torch.load(files[name], map_location="cpu", weights_only=True)
        dim = self.config.language_model.dim
        if rows.ndim != 2 or rows.shape[1] != dim:
            raise CheckpointError(f"{files[name]}: expected [N, {dim}], found {list(rows.shape)}")
        return rows

    def validate(self) -> None:
        """Raises one CheckpointError that lists every problem of the folder."""
        problems = self._tensor_problems() + self._tokenizer_problems()
        if not self.voice_files:
            problems.append("voice_embedding/*.pt: missing files")
        if problems:
            listing = "\n  ".join(problems)
            raise CheckpointError(f"{self.path}: {len(problems)} problems:\n  {listing}")

    def _tensor_problems(self) -> list[str]:
        expected = expected_tensors(self.config)
        found = set(self._tensors().keys())
        problems = [f"{name}: missing tensor" for name in sorted(expected.keys() - found)]
        problems += [f"{name}: unexpected tensor" for name in sorted(found - expected.keys())]
        for name in sorted(found & expected.keys()):
            stored = self._tensors().get_slice(name)
            shape, dtype = list(stored.get_shape()), stored.get_dtype()
            if shape != list(expected[name]):
                problems.append(f"{name}: shape {shape}, expected {list(expected[name])}")
            if dtype != _STORED_DTYPE:
                problems.append(f"{name}: dtype {dtype}, expected {_STORED_DTYPE}")
        return problems

    def _tokenizer_problems(self) -> list[str]:
        name = self.tokenizer_file.name
        if not self.tokenizer_file.is_file():
            return [f"{name}: missing file"]
        try:
            ids = self.special_ids()
        except CheckpointError as error:
            return [str(error).removeprefix(f"{self.path}/")]
        expected = {
            BOS_TOKEN: self.config.bos_token_id,
            AUDIO_TOKEN: self.config.audio_token_id,
            BEGIN_AUDIO_TOKEN: self.config.begin_audio_token_id,
            TEXT_TO_AUDIO_TOKEN: None,  # params.json does not mention these two
            AUDIO_TO_TEXT_TOKEN: None,
        }
        problems = []
        for token, value in expected.items():
            if token not in ids:
                problems.append(f"{name}: special token {token} is missing")
            elif type(ids[token]) is not int or ids[token] < 0:
                problems.append(f"{name}: {token} has the id {ids[token]!r}, expected an integer")
            elif value is not None and ids[token] != value:
                problems.append(f"{name}: {token} is {ids[token]}, in params.json it is {value}")
        return problems
