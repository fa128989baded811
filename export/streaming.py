"""State carried between chunks of the codec, and its convolutions as matrix products.

Plain PyTorch: every backend exports these forms.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

import torch
from torch import Tensor, nn

from .config import VoxtralConfig
from .modules.codec import CausalConv, Codec, CodecStage, Padding, UpsamplingConv
from .modules.layers import TransformerLayer


class FrameIndex:
    """Where the chunk being decoded starts: set once per call, read by every stateful part."""

    frame: Tensor  # [1] int64

    def __init__(self) -> None:
        self._shared: dict[Hashable, Tensor] = {}

    def begin(self, frame: Tensor) -> None:
        self.frame = frame
        self._shared.clear()

    def once(self, key: Hashable, make: Callable[[], Tensor]) -> Tensor:
        """What several parts of one call compute alike, computed by the first."""
        if key not in self._shared:
            self._shared[key] = make()
        return self._shared[key]

    def row(self, rows_per_frame: int) -> Tensor:
        return self.frame * rows_per_frame

    def is_start(self) -> Tensor:
        return self.frame == 0


class CarriedColumns(nn.Module):
    """Puts the last `columns` columns of the previous chunk in front of [1, channels, L].

    At an utterance's start they are made of the first columns, as the reference's padding does;
    the mirror image needs `columns` + 1 columns, which the first frame always has.
    """

    carried: Tensor  # [1, channels, columns]
    mirror: Tensor  # columns, ..., 1

    def __init__(
        self, channels: int, padding: Padding, index: FrameIndex, dtype: torch.dtype
    ) -> None:
        super().__init__()
        columns = padding.columns
        self.columns, self.mode, self.index = columns, padding.mode, index
        self.register_buffer("carried", torch.zeros(1, channels, columns, dtype=dtype))
        if self.mode == "reflect":
            self.register_buffer("mirror", torch.arange(columns, 0, -1))

    def forward(self, x: Tensor) -> Tensor:
        if self.mode == "replicate":
            start = x[..., :1].expand(-1, -1, self.columns)
        elif self.mode == "reflect":
            start = x.index_select(-1, self.mirror)
        else:
            start = torch.zeros_like(self.carried)
        padded = torch.cat((torch.where(self.index.is_start(), start, self.carried), x), dim=-1)
        self.carried.copy_(padded[..., -self.columns :])
        return padded


class StackedConv(nn.Module):
    """A causal convolution as one matrix product over the stacked columns of each position."""

    def __init__(self, conv: CausalConv, index: FrameIndex) -> None:
        super().__init__()
        c_out, c_in, self.kernel = conv.conv.weight.shape
        self.context = _carried(conv.context, c_in, index, conv.conv.weight.dtype)
        weight = conv.conv.weight.permute(0, 2, 1).reshape(c_out, self.kernel * c_in)
        self.weight = nn.Parameter(weight.contiguous(), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        padded, length = self.context(x), x.shape[-1]
        columns = [padded[..., i : i + length] for i in range(self.kernel)]
        stacked = torch.cat(columns, dim=1).transpose(1, 2)  # [1, L, kernel * C_in]
        return nn.functional.linear(stacked, self.weight).transpose(1, 2)


class PhaseConv(nn.Module):
    """An upsampling convolution as one matrix product: `stride` outputs per input position.

    Output stride * t + r = sum over j of W[r + j * stride] x[t - j], so each position needs the
    `kernel / stride` latest columns.
    """

    def __init__(self, conv: UpsamplingConv, index: FrameIndex) -> None:
        super().__init__()
        if conv.conv.weight.shape[2] % conv.stride:
            raise ValueError("an upsampling kernel must be a multiple of its stride")
        c_in, self.c_out, kernel = conv.conv.weight.shape
        self.stride = conv.stride
        self.context = _carried(conv.context, c_in, index, conv.conv.weight.dtype)
        self.columns = kernel // conv.stride
        # [C_in, C_out, column j, phase r] -> rows (r, C_out), columns (j, C_in), oldest j first
        weight = conv.conv.weight.reshape(c_in, self.c_out, self.columns, self.stride)
        weight = weight.permute(3, 1, 2, 0).flip(2)
        weight = weight.reshape(self.stride * self.c_out, self.columns * c_in)
        self.weight = nn.Parameter(weight.contiguous(), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        padded, length = self.context(x), x.shape[-1]
        columns = [padded[..., j : j + length] for j in range(self.columns)]
        stacked = torch.cat(columns, dim=1).transpose(1, 2)  # [1, L, columns * C_in]
        phases = nn.functional.linear(stacked, self.weight)  # [1, L, stride * C_out]
        return phases.view(1, -1, self.c_out).transpose(1, 2)


# A core for a stage: (window, rows per frame) -> module.
CoreMaker = Callable[[int, int], nn.Module]


def use_carried_state(
    codec: Codec, config: VoxtralConfig, index: FrameIndex, make_core: CoreMaker
) -> None:
    """Whole-sequence parts become carried ones, convolutions matrix products."""
    sizes, stage, rows_per_frame = config.codec, 0, 1
    blocks = codec.decoder_blocks
    for i, block in enumerate(blocks):
        if isinstance(block, CodecStage):
            for layer in block.layers:
                assert isinstance(layer, TransformerLayer)
                layer.attention.core = make_core(sizes.windows[stage], rows_per_frame)
            stage += 1
        elif isinstance(block, UpsamplingConv):
            rows_per_frame *= block.stride
            blocks[i] = PhaseConv(block, index)
        elif isinstance(block, CausalConv):
            blocks[i] = StackedConv(block, index)
    codec.output_proj = StackedConv(codec.output_proj, index)  # type: ignore[assignment]


def _carried(
    padding: nn.Module, channels: int, index: FrameIndex, dtype: torch.dtype
) -> CarriedColumns:
    assert isinstance(padding, Padding)
    return CarriedColumns(channels, padding, index, dtype)
