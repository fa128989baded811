"""Quantised weights in the forms that the CPU operators take.

Activations are quantised per row at run time. Embedding tables are 8-bit rows with one scale
each, read by plain gathers.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from . import cpu_operators as cpu_operators  # registers them
from .packed_weights import PackedWeights, pack, unpack
from .quantize import LinearScheme, quantize_weight


class QuantizedLinear(nn.Module):
    """y = dequantise(quantise(x)) @ dequantise(w)^T; x is quantised per row, asymmetric, 8 bits."""

    values: Tensor
    scales: Tensor
    sums: Tensor

    def __init__(self, weight: Tensor, scheme: LinearScheme) -> None:
        super().__init__()
        self.depth = weight.shape[1]
        packed = pack(weight, scheme)
        self.bits, self.group_size, self.columns = packed.bits, packed.group_size, packed.columns
        for name in ("values", "scales", "sums"):
            self.register_buffer(name, getattr(packed, name))

    def dequantized(self) -> Tensor:
        """The fp32 weight [out, in] that the product is taken with."""
        tensors = (self.values, self.scales, self.sums)
        return unpack(PackedWeights(*tensors, self.bits, self.group_size, self.columns), self.depth)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = torch.ops.voxtral_tts.linear(
            x, self.values, self.scales, self.sums, self.bits, self.group_size, self.columns
        )
        return y


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
