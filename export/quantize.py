"""Weight quantisation, written as the operators that XNNPACK's partitioner recognises.

Linear weights become symmetric integers: 4 bits with one scale per group of inputs, or 8 bits
with one per output channel. Activations are quantised per row at run time. Embedding tables
become 8-bit rows with one scale each, read by plain gathers.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# Fractions of a group's largest magnitude tried as the end of the 4-bit range: clipping the
# largest weight a little often costs less than a coarser grid for all the others.
_CLIPS = (1.0, 0.96, 0.92, 0.88, 0.84, 0.8)
_ROWS_AT_ONCE = 1024


@dataclass(frozen=True)
class LinearScheme:
    bits: int
    group_size: int | None  # inputs per scale; None: one scale per output channel

    def fits(self, weight: Tensor) -> bool:
        return self.group_size is None or weight.shape[1] % self.group_size == 0


CHANNEL_8BIT = LinearScheme(8, None)


def quantize_weight(weight: Tensor, scheme: LinearScheme) -> tuple[Tensor, Tensor]:
    """weight [out, in] -> int8 values [out, in], fp32 scales [out, groups].

    Group scales are rounded to bf16 before they are used: XNNPACK stores them so.
    """
    chunks = [_quantize_rows(rows.float(), scheme) for rows in weight.split(_ROWS_AT_ONCE)]
    return torch.cat([q for q, _ in chunks]), torch.cat([scale for _, scale in chunks])


def _quantize_rows(rows: Tensor, scheme: LinearScheme) -> tuple[Tensor, Tensor]:
    limit = 2 ** (scheme.bits - 1) - 1
    groups = rows.view(rows.shape[0], -1, scheme.group_size or rows.shape[1])
    largest = groups.abs().amax(-1, keepdim=True).clamp(min=1e-30)
    best_scale = best_q = best_error = None
    for clip in _CLIPS if scheme.bits == 4 else _CLIPS[:1]:
        scale = largest * (clip / limit)
        if scheme.group_size is not None:
            scale = scale.to(torch.bfloat16).float()
        q = (groups / scale).round_().clamp_(-limit - 1, limit)
        error = (q * scale).sub_(groups).square_().sum(-1, keepdim=True)
        if best_error is None or best_scale is None or best_q is None:
            best_scale, best_q, best_error = scale, q, error
        else:
            better = error < best_error
            best_scale = torch.where(better, scale, best_scale)
            best_q = torch.where(better, q, best_q)
            best_error = torch.where(better, error, best_error)
    assert best_q is not None and best_scale is not None
    return best_q.to(torch.int8).view(rows.shape), best_scale.squeeze(-1)


class QuantizedLinear(nn.Module):
    """y = dequantise(quantise(x)) @ dequantise(w)^T; x is quantised per row, asymmetric, 8 bits."""

    def __init__(self, weight: Tensor, scheme: LinearScheme) -> None:
        super().__init__()
        q, scale = quantize_weight(weight, scheme)
        self.scheme = scheme
        self.limits = (-(2 ** (scheme.bits - 1)), 2 ** (scheme.bits - 1) - 1)
        self.register_buffer("q", q)
        if scheme.group_size is None:
            scale = scale.squeeze(-1)
        zero_dtype = torch.int64 if scheme.group_size is None else torch.int32
        self.register_buffer("scale", scale)
        # Symmetric: one zero, seen everywhere.
        self.register_buffer("zero", torch.zeros(1, dtype=zero_dtype).expand(scale.shape))

    def dequantized(self) -> Tensor:
        """The fp32 weight [out, in] that the product is taken with."""
        ops = torch.ops.quantized_decomposed
        low, high = self.limits
        if self.scheme.group_size is None:
            w: Tensor = ops.dequantize_per_channel(
                self.q, self.scale, self.zero, 0, low, high, torch.int8
            )
        else:
            w = ops.dequantize_per_channel_group(
                self.q,
                self.scale,
                self.zero,
                low,
                high,
                torch.int8,
                self.scheme.group_size,
                torch.float32,
            )
        return w

    def forward(self, x: Tensor) -> Tensor:
        ops = torch.ops.quantized_decomposed
        scale, zero = ops.choose_qparams_per_token_asymmetric(x, torch.int8)
        q = ops.quantize_per_token(x, scale, zero, -128, 127, torch.int8)
        x = ops.dequantize_per_token(q, scale, zero, -128, 127, torch.int8, torch.float32)
        return F.linear(x, self.dequantized())


class QuantizedEmbedding(nn.Module):
    """8-bit rows, one scale each: row gather times scale."""

    q: Tensor  # [rows, dim] int8
    scale: Tensor  # [rows, 1] fp32

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        q, scale = quantize_weight(weight, CHANNEL_8BIT)
        self.register_buffer("q", q)
        self.register_buffer("scale", scale)

    def dequantized(self) -> Tensor:
        table: Tensor = self.q * self.scale
        return table

    def forward(self, ids: Tensor) -> Tensor:
        return F.embedding(ids, self.q).to(torch.float32) * F.embedding(ids, self.scale)
