"""The reference attention cores.

A core takes q [B, T, H, D], k and v [B, T, K, D] and the position [1] of row 0, and returns
[B, T, H * D]. Scores are scaled by 1 / sqrt(D). Query head h reads key/value head h // (H / K).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .layers import widen


class RotaryTable:
    """cos and sin [max_seq_len, D / 2] of the angles position * theta^(-2i / D)."""

    def __init__(self, head_dim: int, theta: float, max_seq_len: int) -> None:
        # On the CPU even while the parameters are built without storage.
        pairs = torch.arange(0, head_dim, 2, dtype=torch.float32, device="cpu")
        positions = torch.arange(max_seq_len, dtype=torch.float32, device="cpu")
        angles = torch.outer(positions, theta ** (-pairs / head_dim))
        self.cos, self.sin = angles.cos(), angles.sin()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotates the pairs (x[2i], x[2i+1]) of x [B, T, H, D]; cos, sin [T, D / 2]. In fp32."""
    even, odd = widen(x).view(*x.shape[:-1], -1, 2).unbind(-1)
    cos, sin = cos[:, None], sin[:, None]  # [T, 1, D / 2]: the same for every head
    turned: Tensor = torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1)
    return turned.flatten(-2).to(x.dtype)


def attend(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None = None) -> Tensor:
    """Softmax attention of T queries over S keys; bias broadcasts to [B, H, T, S]."""
    n_heads, head_dim = q.shape[2], q.shape[3]
    k, v = repeat_heads(k, n_heads), repeat_heads(v, n_heads)
    q, k, v = (t.transpose(1, 2) for t in (q, k, v))  # [B, H, T or S, D]
    scores = (q * head_dim**-0.5) @ k.transpose(-2, -1)
    if bias is not None:
        scores = scores + bias
    y: Tensor = scores.softmax(-1) @ v
    return y.transpose(1, 2).flatten(2)


def repeat_heads(x: Tensor, n_heads: int) -> Tensor:
    """[B, S, K, D] -> [B, S, n_heads, D], each head repeated n_heads / K times in a row."""
    repeats = n_heads // x.shape[2]
    if repeats == 1:
        return x
    return x.unsqueeze(3).expand(-1, -1, -1, repeats, -1).flatten(2, 3)


def masked_bias(allowed: Tensor) -> Tensor:
    """0 where allowed, -inf elsewhere."""
    return torch.zeros(allowed.shape).masked_fill(~allowed, float("-inf"))


class CausalAttention(nn.Module):
    """Rotary, causal attention over everything so far. Eager only: the cache grows with each call.

    A call at position p keeps the first p cached rows and drops the rest, so that position 0
    starts afresh. Raises ValueError when rows would be skipped or max_seq_len exceeded.
    """

    def __init__(self, table: RotaryTable) -> None:
        super().__init__()
        self.table = table
        self.k: Tensor | None = None  # [B, S, K, D], rotated
        self.v: Tensor | None = None

    def forward(self, q: Tensor, k: Tensor, v: Tensor, position: Tensor) -> Tensor:
        start, end = int(position), int(position) + q.shape[1]
        cached = 0 if self.k is None else self.k.shape[1]
        if start > cached or end > self.table.cos.shape[0]:
            limit = self.table.cos.shape[0]
            raise ValueError(f"rows {start} to {end}: {cached} are cached, at most {limit} fit")
        cos, sin = self.table.cos[start:end], self.table.sin[start:end]
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        if self.k is not None and self.v is not None and start > 0:
            k = torch.cat((self.k[:, :start], k), dim=1)
            v = torch.cat((self.v[:, :start], v), dim=1)
        self.k, self.v = k, v
        allowed = torch.arange(end) <= torch.arange(start, end)[:, None]  # [T, S]
        # In fp32 whatever the model's dtype, as fused kernels accumulate.
        y = attend(widen(q), widen(k), widen(v), masked_bias(allowed))
        return y.to(q.dtype)


class BidirectionalAttention(nn.Module):
    """Every row attends to every row; no positions."""

    def forward(self, q: Tensor, k: Tensor, v: Tensor, position: Tensor | None = None) -> Tensor:
        return attend(q, k, v)


def alibi_slopes(n_heads: int) -> Tensor:
    """r^h with r = 2^(-8 / n_heads), h = 0..n_heads-1: 1, 1/2 .. 1/128 for 8 heads. [H]"""
    return 2.0 ** (-8.0 / n_heads * torch.arange(n_heads, dtype=torch.float32, device="cpu"))


class WindowAttention(nn.Module):
    """Causal attention of a whole sequence over `window` past rows and the row itself.

    Row i scores key j with q.k / sqrt(D) + slope * (j - i) and sees i - window <= j <= i.
    """

    def __init__(self, window: int, slopes: Tensor) -> None:
        super().__init__()
        self.window = window
        self.slopes = slopes  # [H] fp32

    def forward(self, q: Tensor, k: Tensor, v: Tensor, position: Tensor | None = None) -> Tensor:
        rows = torch.arange(q.shape[1])
        offset = rows - rows[:, None]  # [T, T], j - i
        allowed = (offset <= 0) & (offset >= -self.window)
        bias = self.slopes[:, None, None] * offset + masked_bias(allowed)  # [H, T, T]
        return attend(widen(q), widen(k), widen(v), bias).to(q.dtype)
