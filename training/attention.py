"""Attention cores for training: the reference ones without a cache, on whole batches."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from export.modules import LanguageModel
from export.modules.attention import CausalAttention, RotaryTable, repeat_heads, rotate
from export.modules.layers import TransformerLayer


class FusedCausalAttention(nn.Module):
    """As CausalAttention from position 0, by PyTorch's fused operator."""

    def __init__(self, table: RotaryTable) -> None:
        super().__init__()
        self.table = table

    def forward(self, q: Tensor, k: Tensor, v: Tensor, position: Tensor | None = None) -> Tensor:
        length, heads = q.shape[1], q.shape[2]
        cos, sin = self.table.cos[:length].to(q.device), self.table.sin[:length].to(q.device)
        k, v = repeat_heads(rotate(k, cos, sin), heads), repeat_heads(v, heads)
        q = rotate(q, cos, sin)
        q, k, v = (x.transpose(1, 2) for x in (q, k, v))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return y.transpose(1, 2).flatten(2)


def use_fused_attention(language_model: LanguageModel) -> None:
    """Exchanges the cores of a model that is trained."""
    for layer in language_model.layers:
        assert isinstance(layer, TransformerLayer)
        core = layer.attention.core
        if isinstance(core, CausalAttention):
            layer.attention.core = FusedCausalAttention(core.table)


def use_reference_attention(language_model: LanguageModel) -> None:
    """The opposite: cores with a cache, for generation."""
    for layer in language_model.layers:
        assert isinstance(layer, TransformerLayer)
        core = layer.attention.core
        if isinstance(core, FusedCausalAttention):
            layer.attention.core = CausalAttention(core.table)
