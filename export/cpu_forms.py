"""The model's parts in the forms that the CPU backends export.

`export/modules` says what the model computes; here its attention cores and hot spots are
exchanged for operators of ours, which stand between XNNPACK's matrix products.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from . import cpu_operators as cpu_operators  # registers them
from .config import CodecConfig, LanguageModelConfig
from .cpu_quantize import QuantizedEmbedding, QuantizedLinear
from .forms import Forms
from .fused import fuse
from .modules.attention import RotaryTable, alibi_slopes
from .modules.layers import RMSNorm
from .streaming import FrameIndex


class OperatorNorm(nn.Module):
    def __init__(self, norm: RMSNorm) -> None:
        super().__init__()
        self.weight, self.eps = norm.weight, norm.eps

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = torch.ops.voxtral_tts.rms_norm(x, self.weight, self.eps)
        return y


class CachedAttention(nn.Module):
    """Causal attention over a cache [1, max_seq_len, K, D] that stays in the program."""

    def __init__(self, config: LanguageModelConfig, rope: Tensor, dtype: torch.dtype) -> None:
        super().__init__()
        shape = (1, rope.shape[0], config.n_kv_heads, config.head_dim)
        self.register_buffer("rope", rope)
        self.register_buffer("k_cache", torch.zeros(shape, dtype=dtype))
        self.register_buffer("v_cache", torch.zeros(shape, dtype=dtype))

    def forward(self, q: Tensor, k: Tensor, v: Tensor, position: Tensor) -> Tensor:
        y: Tensor = torch.ops.voxtral_tts.attend(
            q, k, v, self.k_cache, self.v_cache, position, self.rope, None, 0
        )
        return y


class FlowAttention(nn.Module):
    def forward(self, q: Tensor, k: Tensor, v: Tensor, position: Tensor | None = None) -> Tensor:
        y: Tensor = torch.ops.voxtral_tts.attend_all(q, k, v)
        return y


class RingAttention(nn.Module):
    """Sliding-window attention over a ring of the last `window` rows."""

    def __init__(
        self, config: CodecConfig, window: int, rows_per_frame: int, index: FrameIndex
    ) -> None:
        super().__init__()
        self.window, self.rows_per_frame, self.index = window, rows_per_frame, index
        shape = (1, window, config.n_heads, config.head_dim)
        self.register_buffer("k_ring", torch.zeros(shape))
        self.register_buffer("v_ring", torch.zeros(shape))
        self.register_buffer("slopes", alibi_slopes(config.n_heads))

    def forward(self, q: Tensor, k: Tensor, v: Tensor, position: Tensor | None = None) -> Tensor:
        row = self.index.row(self.rows_per_frame)
        y: Tensor = torch.ops.voxtral_tts.attend(
            q, k, v, self.k_ring, self.v_ring, row, None, self.slopes, self.window
        )
        return y


def _cached_attention(
    config: LanguageModelConfig, max_seq_len: int, dtype: torch.dtype
) -> list[nn.Module]:
    """One core per layer, each with a cache of max_seq_len rows; all share one RoPE table."""
    table = RotaryTable(config.head_dim, config.rope_theta, max_seq_len)
    rope = torch.cat((table.cos, table.sin), dim=-1)
    return [CachedAttention(config, rope, dtype) for _ in range(config.n_layers)]


def _fuse(module: nn.Module) -> None:
    fuse(module, OperatorNorm, torch.ops.voxtral_tts.swiglu)


def _codec_attention(
    config: CodecConfig, window: int, rows_per_frame: int, index: FrameIndex, dtype: torch.dtype
) -> nn.Module:
    return RingAttention(config, window, rows_per_frame, index)


CPU = Forms(
    fuse=_fuse,
    cached_attention=_cached_attention,
    flow_attention=FlowAttention,
    codec_attention=_codec_attention,
    linear=QuantizedLinear,
    embedding=QuantizedEmbedding,
    read_position=lambda position: position,
)
