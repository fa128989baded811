"""The forms in which a backend exports the parts of the model."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from .config import CodecConfig, LanguageModelConfig
from .quantize import LinearScheme
from .streaming import FrameIndex


class Forms(NamedTuple):
    """What `export/modules` computes, exchanged part by part for what a backend runs well."""

    fuse: Callable[[nn.Module], None]
    """Exchanges norms, projections and feed-forwards below a module."""
    cached_attention: Callable[[LanguageModelConfig, int, torch.dtype], list[nn.Module]]
    """(sizes, max_seq_len, dtype of the cache) -> a core per layer"""
    flow_attention: Callable[[], nn.Module]
    codec_attention: Callable[[CodecConfig, int, int, FrameIndex, torch.dtype], nn.Module]
    """(sizes, window, rows per frame, index, dtype of the state) -> a core"""
    linear: Callable[[Tensor, LinearScheme], nn.Module]
    embedding: Callable[[Tensor, LinearScheme], nn.Module]
    read_position: Callable[[Tensor], Tensor]
    """The position [1] as the cores of `cached_attention` take it"""


def forms_of(backend: str) -> Forms:
    """Raises MlxSchemaError when the installed ExecuTorch cannot lower for MLX."""
    if backend == "mlx":
        from .mlx_schema import ensure_mlx_schema

        ensure_mlx_schema()
        from .mlx_forms import MLX

        # It sets its level to INFO when it is imported; the partitioner's tables are no news here.
        logging.getLogger("executorch.backends.mlx").setLevel(logging.ERROR)

        return MLX
    from .cpu_forms import CPU

    return CPU
