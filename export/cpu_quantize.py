"""Quantised weights as the operators that XNNPACK's partitioner recognises.

Activations are quantised per row at run time. Embedding tables are 8-bit rows with one scale
each, read by plain gathers.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .quantize import LinearScheme, quantize_weight


class QuantizedLinear(nn.Module):
    """y = dequantise(quantise(x)) @ dequantise(w)^T; x is quantised per row, asymmetric, 8 bits."""

    def __init__(self, weight: Tensor, scheme: LinearScheme) -> None:
        super().__init__()
        # XNNPACK stores the scales of groups in bf16, those of channels in fp32.
        stored = torch.float32 if scheme.group_size is None else torch.bfloat16
        q, scale = quantize_weight(weight, scheme, stored)
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

    def __init__(self, weight: Tensor, scheme: LinearScheme) -> None:
        super().__init__()
        q, scale = quantize_weight(weight, scheme)
        self.register_buffer("q", q)
        self.register_buffer("scale", scale)

    def dequantized(self) -> Tensor:
        table: Tensor = self.q * self.scale
        return table

    def forward(self, ids: Tensor) -> Tensor:
        return F.embedding(ids, self.q).to(torch.float32) * F.embedding(ids, self.scale)
