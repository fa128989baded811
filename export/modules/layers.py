"""The layer shared by the language model, the flow head and the codec.

Shapes: B batch, T positions, D head_dim, H query heads, K key/value heads (H is a multiple of K).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..config import TransformerConfig


def widen(x: Tensor) -> Tensor:
    """At least fp32: what sums and roots are taken in, whatever the model's dtype."""
    return x if x.dtype == torch.float64 else x.float()


class RMSNorm(nn.Module):
    """x / sqrt(mean(x^2) + eps) * weight over the last axis, the root taken in fp32."""

    def __init__(self, dim: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        wide = widen(x)
        scale = torch.rsqrt(wide.square().mean(-1, keepdim=True) + self.eps)
        return (wide * scale).to(x.dtype) * self.weight


class FeedForward(nn.Module):
    """SwiGLU: w2(silu(w1 x) * w3 x)."""

    def __init__(self, dim: int, hidden_dim: int) -> None:
        super().__init__()
        self.w1 = nn.Linear(dim, hidden_dim, bias=False)
        self.w2 = nn.Linear(hidden_dim, dim, bias=False)
        self.w3 = nn.Linear(dim, hidden_dim, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.w2(F.silu(self.w1(x)) * self.w3(x))
        return y


class Attention(nn.Module):
    """Projections around a core, which is all that differs between the three transformers.

    core(q [B, T, H, D], k [B, T, K, D], v [B, T, K, D], position [1] or None) -> [B, T, H * D].
    The exporter exchanges it for operators; `attention.py` has the reference ones.
    """

    def __init__(self, config: TransformerConfig, core: nn.Module) -> None:
        super().__init__()
        self.head_dim = config.head_dim
        q_dim, kv_dim = config.n_heads * config.head_dim, config.n_kv_heads * config.head_dim
        self.wq = nn.Linear(config.dim, q_dim, bias=False)
        self.wk = nn.Linear(config.dim, kv_dim, bias=False)
        self.wv = nn.Linear(config.dim, kv_dim, bias=False)
        self.wo = nn.Linear(q_dim, config.dim, bias=False)
        self.q_norm: RMSNorm | None = None
        self.k_norm: RMSNorm | None = None
        if config.qk_norm_eps is not None:  # over the full width, before the split into heads
            self.q_norm = RMSNorm(q_dim, config.qk_norm_eps)
            self.k_norm = RMSNorm(kv_dim, config.qk_norm_eps)
        self.core = core

    def forward(self, x: Tensor, position: Tensor | None = None) -> Tensor:
        """x [B, T, dim] -> [B, T, dim]; position is that of row 0."""
        q, k, v = self.wq(x), self.wk(x), self.wv(x)
        if self.q_norm is not None and self.k_norm is not None:
            q, k = self.q_norm(q), self.k_norm(k)
        q, k, v = (t.view(*t.shape[:2], -1, self.head_dim) for t in (q, k, v))
        y: Tensor = self.wo(self.core(q, k, v, position))
        return y


class TransformerLayer(nn.Module):
    """x + attention(norm(x)), then x + feed_forward(norm(x)). [B, T, dim] -> [B, T, dim]"""

    def __init__(self, config: TransformerConfig, core: nn.Module) -> None:
        super().__init__()
        self.attention_norm = RMSNorm(config.dim, config.norm_eps)
        self.attention = Attention(config, core)
        self.ffn_norm = RMSNorm(config.dim, config.norm_eps)
        self.feed_forward = FeedForward(config.dim, config.hidden_dim)

    def forward(self, x: Tensor, position: Tensor | None = None) -> Tensor:
        y: Tensor = x + self.attention(self.attention_norm(x), position)
        z: Tensor = y + self.feed_forward(self.ffn_norm(y))
        return z
