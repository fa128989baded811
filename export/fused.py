"""Projections that read the same input, as one matrix product each."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from .modules.layers import Attention, FeedForward, RMSNorm


class FusedAttention(nn.Module):
    """The reference's attention with its three input projections as one matrix product."""

    def __init__(self, attention: Attention) -> None:
        super().__init__()
        self.head_dim, self.core = attention.head_dim, attention.core
        projections = (attention.wq, attention.wk, attention.wv)
        self.widths = [linear.weight.shape[0] for linear in projections]
        self.wqkv = _fused_linear(*projections)
        self.wo = attention.wo
        self.q_norm, self.k_norm = attention.q_norm, attention.k_norm

    def forward(self, x: Tensor, position: Tensor | None = None) -> Tensor:
        return self.attend(self.wqkv(x), position)

    def attend(self, qkv: Tensor, position: Tensor | None = None) -> Tensor:
        """What `wqkv` made of the rows [B, T, dim] -> [B, T, dim]"""
        q, k, v = qkv.split(self.widths, dim=-1)
        if self.q_norm is not None and self.k_norm is not None:
            q, k = self.q_norm(q), self.k_norm(k)
        q, k, v = (t.view(*t.shape[:2], -1, self.head_dim) for t in (q, k, v))
        y: Tensor = self.wo(self.core(q, k, v, position))
        return y


class FirstRowAttention(Attention):
    """Attention of the first row alone to all rows: [B, T, dim] -> [B, 1, dim]; not causal."""


class FusedFirstRowAttention(nn.Module):
    """FirstRowAttention with keys and values as one matrix product."""

    def __init__(self, attention: FirstRowAttention) -> None:
        super().__init__()
        self.head_dim, self.core = attention.head_dim, attention.core
        self.wq, self.wo = attention.wq, attention.wo
        self.wkv = _fused_linear(attention.wk, attention.wv)

    def forward(self, x: Tensor, position: Tensor | None = None) -> Tensor:
        q, (k, v) = self.wq(x[:, :1]), self.wkv(x).chunk(2, -1)
        q, k, v = (t.view(*t.shape[:2], -1, self.head_dim) for t in (q, k, v))
        y: Tensor = self.wo(self.core(q, k, v))
        return y


class FusedFeedForward(nn.Module):
    """SwiGLU with its two input projections as one matrix product."""

    def __init__(self, feed_forward: FeedForward, swiglu: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.w13 = _fused_linear(feed_forward.w1, feed_forward.w3)
        self.w2 = feed_forward.w2
        self.swiglu = swiglu  # [..., 2 * hidden_dim] -> [..., hidden_dim]

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.w2(self.swiglu(self.w13(x)))
        return y


def _fused_linear(*linears: nn.Linear) -> nn.Linear:
    """One projection with the outputs of several."""
    weight = torch.cat([linear.weight for linear in linears])
    with torch.device("meta"):
        fused = nn.Linear(weight.shape[1], weight.shape[0], bias=False)
    fused.weight = nn.Parameter(weight, requires_grad=False)
    return fused


def fuse(
    module: nn.Module,
    norm: Callable[[RMSNorm], nn.Module],
    swiglu: Callable[[Tensor], Tensor],
) -> None:
    """Exchanges projections and feed-forwards below `module` for their fused forms, and norms for
    `norm` of them.
    """
    for name, child in list(module.named_children()):
        fuse(child, norm, swiglu)
        if isinstance(child, RMSNorm):
            setattr(module, name, norm(child))
        elif isinstance(child, FirstRowAttention):
            setattr(module, name, FusedFirstRowAttention(child))
        elif isinstance(child, Attention):
            setattr(module, name, FusedAttention(child))
        elif isinstance(child, FeedForward):
            setattr(module, name, FusedFeedForward(child, swiglu))
