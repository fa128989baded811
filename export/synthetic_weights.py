"""Random tensors of a checkpoint, streamed to a safetensors file.

A tensor's values depend on its name and the seed alone. Normal values are quantiles looked up with
16 random bits: fast enough for the 8 GB of the full size, and bf16 resolves no more.
"""

from __future__ import annotations

import json
import math
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .checkpoint import CODEC_PREFIX, FLOW_HEAD_PREFIX, SEMANTIC_HEAD, expected_tensors
from .config import END_AUDIO, N_SPECIAL_CODES, VoxtralConfig

Bits = NDArray[np.uint16]  # bf16 bit patterns

_CHUNK = 1 << 23  # elements held at a time
_QUANTILES = torch.special.ndtri((torch.arange(65536, dtype=torch.float64) + 0.5) / 65536)

# Standard deviation of a matrix is gain / sqrt(its inputs), which keeps unit RMS at gain 1.
# Query and key gains make attention prefer few rows, so that a text is not just averaged.
_GAINS = {"wq": 2.0, "wk": 2.0, "llm_projection": 1.5, "semantic_codebook_output": 2.0}
_LM_BRANCH_RMS = 4.0  # all branches together, against embeddings of RMS 1
_FLOW_BRANCH_RMS = 1.2  # of the flow head, against token 0
_FLOW_INPUT_RMS = 1.0  # of token 0 for x of RMS 1
_FLOW_PULL = 1.5  # velocity is about -pull * x + spread * noise(hidden, x, t)
_FLOW_SPREAD = 0.5
_CODEC_OUTPUT_RMS = 0.05
_RARE_ROW = 64  # every so many codebook rows has a usage below the floor of the division


def _generator(name: str, seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.SFC64([zlib.crc32(name.encode()), seed]))


def _bits(values: Tensor) -> Bits:
    bits: Bits = values.to(torch.bfloat16).contiguous().view(torch.uint16).numpy()
    return bits


def _normal(name: str, seed: int, shape: tuple[int, ...]) -> Tensor:
    """Standard normal values in fp32, for tensors that are computed with."""
    index = _generator(name, seed).integers(0, 65536, math.prod(shape))
    values: Tensor = _QUANTILES[torch.from_numpy(index)].float()
    return values.reshape(shape)


def _uniform(name: str, seed: int, shape: tuple[int, ...], low: float, high: float) -> Tensor:
    values = _generator(name, seed).uniform(low, high, shape)
    return torch.from_numpy(values).float()


def random_codes(sizes: Tensor, rows: int, name: str, seed: int) -> Tensor:
    """Codes [rows, codebooks] int64 with their offset of 2; sizes [codebooks] include the 2."""
    generator = _generator(name, seed)
    return torch.from_numpy(generator.integers(N_SPECIAL_CODES, sizes.numpy(), (rows, len(sizes))))


class SyntheticWeights:
    """Values of each tensor of a checkpoint."""

    def __init__(self, config: VoxtralConfig, seed: int) -> None:
        self._config = config
        self._seed = seed

    def chunks(self, name: str, shape: tuple[int, ...]) -> Iterator[Bits]:
        """The tensor in row-major order, in pieces."""
        special = self._special(name, shape)
        if special is not None:
            yield _bits(special).reshape(-1)
            return
        table = _bits(_QUANTILES * self._deviation(name, shape))
        generator = _generator(name, self._seed)
        left = math.prod(shape)
        while left > 0:
            count = min(left, _CHUNK)
            yield table[generator.integers(0, 65536, count, dtype=np.uint16)]
            left -= count

    def _deviation(self, name: str, shape: tuple[int, ...]) -> float:
        """Standard deviation of a tensor of independent normal values."""
        config = self._config
        if "tok_embeddings" in name:
            return 1.0
        if "audio_codebook_embeddings" in name:
            return 1.0 / math.sqrt(config.n_codebooks)  # their sum has RMS 1
        part = name.split(".")[-2]
        gain = _GAINS.get(part, 1.0)
        if part in ("wo", "w2") and name.startswith("layers."):
            gain = _LM_BRANCH_RMS / math.sqrt(2 * config.language_model.n_layers)
        elif part in ("wo", "w2") and name.startswith(FLOW_HEAD_PREFIX):
            gain = _FLOW_BRANCH_RMS / math.sqrt(2 * config.flow_head.n_layers)
        return gain / math.sqrt(shape[-1])

    def _special(self, name: str, shape: tuple[int, ...]) -> Tensor | None:
        """Tensors that are not independent normal values."""
        if name.startswith(CODEC_PREFIX):
            return self._codec(name.removeprefix(CODEC_PREFIX), name, shape)
        if name.endswith("norm.weight"):
            return _uniform(name, self._seed, shape, 0.8, 1.2)
        if name == FLOW_HEAD_PREFIX + "input_projection.weight":
            scale = _FLOW_INPUT_RMS * math.sqrt(shape[0] / shape[1])
            return scale * self._directions()
        if name == FLOW_HEAD_PREFIX + "acoustic_codebook_output.weight":
            return self._velocity_rows(name, shape)
        if name == SEMANTIC_HEAD:
            deviation = self._deviation(name, shape)
            head = deviation * _normal(name, self._seed, shape)
            head[END_AUDIO] = 0  # a logit of 0 never is the largest
            return head
        return None

    def _directions(self) -> Tensor:
        """[dim, 36] orthonormal columns: where token 0 of the flow head carries x."""
        shape = (self._config.flow_head.dim, self._config.n_acoustic)
        columns: Tensor = torch.linalg.qr(_normal("flow directions", self._seed, shape)).Q
        return columns

    def _velocity_rows(self, name: str, shape: tuple[int, ...]) -> Tensor:
        """Reads -x back from token 0, plus random directions that carry everything else."""
        back = self._directions().T * math.sqrt(shape[0] / shape[1])
        other = _normal(name, self._seed, shape) / math.sqrt(shape[1])
        return _FLOW_SPREAD * other - _FLOW_PULL * back

    def _codec(self, local: str, name: str, shape: tuple[int, ...]) -> Tensor | None:
        if local.endswith("norm.weight"):
            return _uniform(name, self._seed, shape, 0.8, 1.2)
        if local.endswith(("attention_scale", "ffn_scale")):
            return _uniform(name, self._seed, shape, 0.3, 0.6)
        if local.endswith("original0"):
            gain = self._convolution_gain(local)
            return gain * _uniform(name, self._seed, shape, 0.9, 1.1)
        if local.endswith("original1"):
            return _normal(name, self._seed, shape)
        if local.endswith("cluster_usage"):
            return self._usage(shape[0])
        if local.endswith("embedding_sum"):
            usage = self._usage(shape[0]).clamp(min=1e-5)
            return _normal(name, self._seed, shape) * usage[:, None]
        return None

    def _convolution_gain(self, local: str) -> float:
        """Norm of a kernel: that of an output channel, or of an input channel if transposed."""
        if local.startswith("output_proj"):
            return _CODEC_OUTPUT_RMS
        block = int(local.split(".")[1])
        return math.sqrt(self._config.codec.strides[block // 2])

    def _usage(self, rows: int) -> Tensor:
        usage = _uniform("usage", self._seed, (rows,), 0.5, 50.0)
        usage[::_RARE_ROW] = 1e-6
        return usage.to(torch.bfloat16).float()


def write_tensors(path: Path, config: VoxtralConfig, seed: int) -> None:
    """Writes all tensors as bf16: 8 bytes of header length, a JSON header, then the data."""
    shapes = expected_tensors(config)
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for name, shape in shapes.items():
        end = offset + 2 * math.prod(shape)
        header[name] = {"dtype": "BF16", "shape": list(shape), "data_offsets": [offset, end]}
        offset = end
    encoded = json.dumps(header).encode()
    encoded += b" " * (-len(encoded) % 8)
    weights = SyntheticWeights(config, seed)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(encoded)) + encoded)
        for name, shape in shapes.items():
            for chunk in weights.chunks(name, shape):
                file.write(chunk.tobytes())


def overwrite_row(path: Path, name: str, row: int, values: Tensor) -> None:
    """Replaces one row of a stored bf16 matrix in place; values [columns]."""
    with path.open("r+b") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        entry = json.loads(file.read(length))[name]
        file.seek(8 + length + entry["data_offsets"][0] + 2 * row * entry["shape"][1])
        file.write(_bits(values).tobytes())
