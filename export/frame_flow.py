"""The flow head with nothing computed twice.

Exact savings: the same velocities as `FlowHead`, from the same weights.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .config import VoxtralConfig
from .fused import FirstRowAttention, FusedAttention
from .modules.attention import BidirectionalAttention
from .modules.flow_head import FlowHead, VelocityField
from .modules.layers import TransformerLayer


class FrameFlowHead(FlowHead):
    """In the first layer the rows of time and condition do not depend on x, and that of x is the
    same with and without condition: one row is projected per step instead of six. In the last one
    only the first row is read, so that two rows go through it instead of six.

    Call `precompute` once the layers are fused and quantised.
    """

    time_qkv: Tensor  # [n_steps, width], the first layer's projections of the time tokens

    def __init__(self, config: VoxtralConfig) -> None:
        super().__init__(config)
        if len(self.layers) > 1:  # the first layer is attended to by rows that were computed before
            last = self.layers[-1]
            assert isinstance(last, TransformerLayer)
            last.attention = FirstRowAttention(config.flow_head, BidirectionalAttention())
        self.register_buffer("time_qkv", None, persistent=False)

    @torch.no_grad()
    def precompute(self) -> None:
        self.time_qkv = self._qkv(self.time_tokens)

    def _qkv(self, tokens: Tensor) -> Tensor:
        """tokens [N, dim] -> their projections in the first layer [N, width]"""
        layer = self.layers[0]
        assert isinstance(layer, TransformerLayer) and isinstance(layer.attention, FusedAttention)
        y: Tensor = layer.attention.wqkv(layer.attention_norm(tokens))
        return y

    def field(self, hidden: Tensor) -> VelocityField:
        token = self.llm_projection(hidden)
        qkv = self._qkv(token)
        # Without condition the token is zero, and so are its norm and its projections.
        tokens = torch.cat((token, torch.zeros_like(token)))[:, None]  # [2, 1, dim]
        qkvs = torch.cat((qkv, torch.zeros_like(qkv)))[:, None]

        def velocity(x: Tensor, step: int) -> Tensor:
            row = self.input_projection(x)
            h = _beside(row, self.time_tokens[step], tokens)  # [2, 3, dim]
            first = _beside(self._qkv(row), self.time_qkv[step], qkvs)
            h = self._layers(h, first)
            v: Tensor = self.acoustic_codebook_output(self.norm(h[:, 0]))
            return v

        return velocity

    def _layers(self, h: Tensor, first_qkv: Tensor) -> Tensor:
        """h [2, 3, dim] and its projections in the first layer -> [2, 1 or 3, dim]"""
        for i, layer in enumerate(self.layers):
            assert isinstance(layer, TransformerLayer)
            if i == 0:
                assert isinstance(layer.attention, FusedAttention)
                h = h + layer.attention.attend(first_qkv)
            else:
                attended = layer.attention(layer.attention_norm(h))
                h = h[:, : attended.shape[1]] + attended
            h = h + layer.feed_forward(layer.ffn_norm(h))
        return h


def _beside(row: Tensor, time: Tensor, conditions: Tensor) -> Tensor:
    """row [1, N], time [N], conditions [2, 1, N] -> [2, 3, N]"""
    shared = torch.stack((row, time[None]), dim=1)  # [1, 2, N]
    return torch.cat((shared.expand(2, -1, -1), conditions), dim=1)
