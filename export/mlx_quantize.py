"""Quantised weights as MLX stores them, and the two operators that read them.

A value is scale * (q - 2^(bits - 1)) with unsigned q, packed into uint32 words, lowest bits
first. MLX wants the offset as a bias of its own, -2^(bits - 1) * scale; the graph's init chain
makes the biases from the scales, so the file holds none.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from executorch.backends.mlx.builder.op_helpers import (
    emit_lifted_constant,
    emit_quantized_gather,
)
from executorch.backends.mlx.builder.op_registry import REGISTRY
from executorch.backends.mlx.serialization.mlx_graph_schema import (
    MultiplyNode,
    QuantizedMatmulNode,
)
from torch import Tensor, nn
from torch.library import Library, register_fake

from .quantize import LinearScheme, quantize_weight

_LIBRARY = Library("voxtral_tts_mlx", "DEF")
_LIBRARY.define("linear(Tensor x, Tensor w, Tensor scales, int group_size, int bits) -> Tensor")
_LIBRARY.define(
    "embedding(Tensor ids, Tensor w, Tensor scales, int group_size, int bits) -> Tensor"
)


def pack(q: Tensor, bits: int) -> Tensor:
    """int8 [rows, columns] of 4- or 8-bit values -> uint32 [rows, columns * bits / 32]"""
    unsigned = q.view(torch.uint8) + (1 << (bits - 1))  # wraps
    if bits == 4:
        unsigned = unsigned[:, 0::2] | (unsigned[:, 1::2] << 4)
    return unsigned.contiguous().view(torch.uint32)


def unpack(words: Tensor, scales: Tensor, group_size: int, bits: int) -> Tensor:
    """The values [rows, columns] of packed words, in the dtype of scales [rows, groups]."""
    unsigned = words.view(torch.uint8)
    if bits == 4:
        unsigned = torch.stack((unsigned & 15, unsigned >> 4), dim=-1).flatten(-2)
    q = unsigned.to(scales.dtype) - (1 << (bits - 1))
    values: Tensor = q.unflatten(-1, (-1, group_size)) * scales[..., None]
    return values.flatten(-2)


def _linear(x: Tensor, w: Tensor, scales: Tensor, group_size: int, bits: int) -> Tensor:
    return F.linear(x, unpack(w, scales, group_size, bits).to(x.dtype))


def _embedding(ids: Tensor, w: Tensor, scales: Tensor, group_size: int, bits: int) -> Tensor:
    return F.embedding(ids, unpack(w, scales, group_size, bits))


_LIBRARY.impl("linear", _linear, "CompositeExplicitAutograd")
_LIBRARY.impl("embedding", _embedding, "CompositeExplicitAutograd")


@register_fake("voxtral_tts_mlx::linear", lib=_LIBRARY)
def _(x, w, scales, group_size, bits):  # type: ignore[no-untyped-def]
    return x.new_empty(*x.shape[:-1], w.shape[0])


@register_fake("voxtral_tts_mlx::embedding", lib=_LIBRARY)
def _(ids, w, scales, group_size, bits):  # type: ignore[no-untyped-def]
    return scales.new_empty(*ids.shape, w.shape[1] * 32 // bits)


def _biases(builder: Any, scales_node: Any, scales: Any, bits: int) -> Any:
    """The slot of -2^(bits - 1) * scales, computed once when the program is loaded."""
    name = f"{scales_node.name}_biases"
    made = name in builder.extra_constants
    dtype = scales_node.meta["val"].dtype
    slot = builder.make_or_get_constant(name, torch.tensor(0.0, dtype=dtype))
    if not made:  # the unrolled Euler steps read each weight several times
        offset = emit_lifted_constant(builder, -(1 << (bits - 1)), dtype)
        to_tid = builder.slot_to_tid
        builder.emit_init(MultiplyNode(a=to_tid(scales), b=to_tid(offset), out=to_tid(slot)))
    return slot


def _lower_linear(builder: Any, node: Any) -> Any:
    x, w, scales, group_size, bits = builder.args(node)
    to_tid = builder.slot_to_tid
    biases = _biases(builder, node.args[2], scales, bits)
    out = builder.make_or_get_slot(node)
    builder.emit(
        QuantizedMatmulNode(
            x=to_tid(x),
            w=to_tid(w),
            scales=to_tid(scales),
            out=to_tid(out),
            biases=to_tid(biases),
            group_size=group_size,
            bits=bits,
            mode="affine",
            transpose=True,
        )
    )
    return out


def _lower_embedding(builder: Any, node: Any) -> Any:
    ids, w, scales, group_size, bits = builder.args(node)
    biases = _biases(builder, node.args[2], scales, bits)
    out = builder.make_or_get_slot(node)
    emit_quantized_gather(
        builder,
        out,
        ids,
        w,
        scales,
        biases,
        group_size=group_size,
        bits=bits,
        mode="affine",
        out_dtype=node.meta["val"].dtype,
    )
    return out


REGISTRY.register(target=[torch.ops.voxtral_tts_mlx.linear.default])(_lower_linear)
REGISTRY.register(target=[torch.ops.voxtral_tts_mlx.embedding.default])(_lower_embedding)


class _Packed(nn.Module):
    """A weight [rows, columns] as words and scales; `scheme` has a group size."""

    words: Tensor  # uint32 [rows, columns * bits / 32]
    scales: Tensor  # [rows, groups], in the weight's dtype

    def __init__(self, weight: Tensor, scheme: LinearScheme) -> None:
        super().__init__()
        assert scheme.group_size is not None
        self.group_size, self.bits = scheme.group_size, scheme.bits
        q, scales = quantize_weight(weight, scheme, weight.dtype)
        self.register_buffer("words", pack(q, scheme.bits))
        self.register_buffer("scales", scales.to(weight.dtype))

    def dequantized(self) -> Tensor:
        return unpack(self.words, self.scales, self.group_size, self.bits)


class PackedLinear(_Packed):
    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = torch.ops.voxtral_tts_mlx.linear(
            x, self.words, self.scales, self.group_size, self.bits
        )
        return y


class PackedEmbedding(_Packed):
    def forward(self, ids: Tensor) -> Tensor:
        rows: Tensor = torch.ops.voxtral_tts_mlx.embedding(
            ids, self.words, self.scales, self.group_size, self.bits
        )
        return rows
