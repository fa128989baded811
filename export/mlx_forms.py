"""The model's parts in the forms that the MLX backend exports.

Norm, rotation, cache update and attention are one node each of MLX's graph; everything else is
plain PyTorch. Positions are integers of the graph here, read from their tensor once per call.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from executorch.backends.mlx import custom_ops as custom_ops  # registers torch.ops.mlx
from torch import Tensor, nn

from .config import CodecConfig, LanguageModelConfig
from .forms import Forms
from .fused import fuse
from .mlx_quantize import PackedEmbedding, PackedLinear
from .modules.attention import alibi_slopes
from .modules.layers import RMSNorm
from .streaming import FrameIndex


class FusedNorm(nn.Module):
    def __init__(self, norm: RMSNorm) -> None:
        super().__init__()
        self.weight, self.eps = norm.weight, norm.eps

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, self.weight.shape, self.weight, self.eps)


def _swiglu(x: Tensor) -> Tensor:
    gate, up = x.chunk(2, -1)
    return F.silu(gate) * up


class CachedAttention(nn.Module):
    """Causal attention over a cache [1, K, max_seq_len, D] that stays in the program."""

    def __init__(self, config: LanguageModelConfig, max_seq_len: int, dtype: torch.dtype) -> None:
        super().__init__()
        self.base, self.max_seq_len = config.rope_theta, max_seq_len
        shape = (1, config.n_kv_heads, max_seq_len, config.head_dim)
        self.register_buffer("k_cache", torch.zeros(shape, dtype=dtype))
        self.register_buffer("v_cache", torch.zeros(shape, dtype=dtype))

    def forward(self, q: Tensor, k: Tensor, v: Tensor, position: int) -> Tensor:
        q, k, v = (t.transpose(1, 2) for t in (q, k, v))  # [1, H or K, T, D]
        width = q.shape[-1]
        q, k = (torch.ops.mlx.rope(t, width, position, True, self.base) for t in (q, k))
        torch.ops.mlx.kv_cache_update(self.k_cache, k, position)
        torch.ops.mlx.kv_cache_update(self.v_cache, v, position)
        y: Tensor = torch.ops.mlx.custom_sdpa(
            q, self.k_cache, self.v_cache, position, is_causal=True
        )
        return y.transpose(1, 2).flatten(2)


class FlowAttention(nn.Module):
    def forward(self, q: Tensor, k: Tensor, v: Tensor, position: Tensor | None = None) -> Tensor:
        q, k, v = (t.transpose(1, 2) for t in (q, k, v))
        y = F.scaled_dot_product_attention(q, k, v, enable_gqa=True)
        return y.transpose(1, 2).flatten(2)


class CarriedAttention(nn.Module):
    """Sliding-window attention over the chunk and the `window` rows before it."""

    k_carried: Tensor  # [1, H, window, D]
    v_carried: Tensor

    def __init__(
        self,
        config: CodecConfig,
        window: int,
        rows_per_frame: int,
        index: FrameIndex,
        dtype: torch.dtype,
    ) -> None:
        super().__init__()
        self.window, self.rows_per_frame, self.index = window, rows_per_frame, index
        shape = (1, config.n_heads, window, config.head_dim)
        self.register_buffer("k_carried", torch.zeros(shape, dtype=dtype))
        self.register_buffer("v_carried", torch.zeros(shape, dtype=dtype))
        # Not a buffer: of the layers that share a bias only one reads it.
        self.slopes = alibi_slopes(config.n_heads)[:, None, None].to(dtype)

    def forward(self, q: Tensor, k: Tensor, v: Tensor, position: Tensor | None = None) -> Tensor:
        q, k, v = (t.transpose(1, 2) for t in (q, k, v))
        k, v = torch.cat((self.k_carried, k), dim=2), torch.cat((self.v_carried, v), dim=2)
        bias = self.index.once((self.window, self.rows_per_frame), lambda: self._bias(q.shape[2]))
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=bias)
        self.k_carried.copy_(k[:, :, -self.window :])
        self.v_carried.copy_(v[:, :, -self.window :])
        return y.transpose(1, 2).flatten(2)

    def _bias(self, rows: int) -> Tensor:
        """slope * (j - i) [1, H, rows, window + rows], -inf outside the window and before row 0.

        Exact in bf16: slopes are powers of two, distances at most `window`.
        """
        key = torch.arange(self.window + rows) - self.window  # 0 is the chunk's first row
        distance = key - torch.arange(rows)[:, None]
        exists = key + self.index.row(self.rows_per_frame) >= 0
        allowed = (distance <= 0) & (distance >= -self.window) & exists
        bias = self.slopes * distance.to(self.slopes.dtype)
        return torch.where(allowed, bias, torch.full_like(bias, float("-inf")))[None]


def _cached_attention(
    config: LanguageModelConfig, max_seq_len: int, dtype: torch.dtype
) -> list[nn.Module]:
    """One core per layer, each with a cache of max_seq_len rows."""
    return [CachedAttention(config, max_seq_len, dtype) for _ in range(config.n_layers)]


def _fuse(module: nn.Module) -> None:
    fuse(module, FusedNorm, _swiglu)


def _read_position(position: Tensor) -> Any:
    start = position.item()  # a symbolic integer while it is traced
    torch._check(start >= 0)
    return start


MLX = Forms(
    fuse=_fuse,
    cached_attention=_cached_attention,
    flow_attention=FlowAttention,
    codec_attention=CarriedAttention,
    linear=PackedLinear,
    embedding=PackedEmbedding,
    read_position=_read_position,
)
