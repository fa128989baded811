"""The reference modules with their state and hot spots handed to the CPU operators.

`export/modules` says what the model computes; here its attention cores, norms, and the codec's
convolutions are exchanged for forms that carry state between calls. Nothing else changes.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from . import operators as operators  # registers them
from .config import LanguageModelConfig, VoxtralConfig
from .modules.attention import RotaryTable, alibi_slopes
from .modules.codec import CausalConv, Codec, CodecStage, Padding, UpsamplingConv
from .modules.flow_head import FlowHead
from .modules.language_model import LanguageModel
from .modules.layers import Attention, FeedForward, RMSNorm, TransformerLayer


class OperatorNorm(nn.Module):
    def __init__(self, norm: RMSNorm) -> None:
        super().__init__()
        self.weight, self.eps = norm.weight, norm.eps

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = torch.ops.voxtral_tts.rms_norm(x, self.weight, self.eps)
        return y


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
        q, k, v = self.wqkv(x).split(self.widths, dim=-1)
        if self.q_norm is not None and self.k_norm is not None:
            q, k = self.q_norm(q), self.k_norm(k)
        q, k, v = (t.view(*t.shape[:2], -1, self.head_dim) for t in (q, k, v))
        y: Tensor = self.wo(self.core(q, k, v, position))
        return y


class FusedFeedForward(nn.Module):
    """SwiGLU with its two input projections as one matrix product."""

    def __init__(self, feed_forward: FeedForward) -> None:
        super().__init__()
        self.w13 = _fused_linear(feed_forward.w1, feed_forward.w3)
        self.w2 = feed_forward.w2

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.w2(torch.ops.voxtral_tts.swiglu(self.w13(x)))
        return y


def _fused_linear(*linears: nn.Linear) -> nn.Linear:
    """One projection with the outputs of several."""
    weight = torch.cat([linear.weight for linear in linears])
    with torch.device("meta"):
        fused = nn.Linear(weight.shape[1], weight.shape[0], bias=False)
    fused.weight = nn.Parameter(weight, requires_grad=False)
    return fused


class CachedAttention(nn.Module):
    """Causal attention over a cache [1, max_seq_len, K, D] that stays in the program."""

    def __init__(self, config: LanguageModelConfig, rope: Tensor) -> None:
        super().__init__()
        shape = (1, rope.shape[0], config.n_kv_heads, config.head_dim)
        self.register_buffer("rope", rope)
        self.register_buffer("k_cache", torch.zeros(shape))
        self.register_buffer("v_cache", torch.zeros(shape))

    def forward(self, q: Tensor, k: Tensor, v: Tensor, position: Tensor) -> Tensor:
        y: Tensor = torch.ops.voxtral_tts.attend(
            q, k, v, self.k_cache, self.v_cache, position, self.rope, None, 0
        )
        return y


class FlowAttention(nn.Module):
    def forward(self, q: Tensor, k: Tensor, v: Tensor, position: Tensor | None = None) -> Tensor:
        y: Tensor = torch.ops.voxtral_tts.attend_all(q, k, v)
        return y


class FrameIndex:
    """Where the chunk being decoded starts: set once per call, read by every stateful part."""

    frame: Tensor  # [1] int64

    def row(self, rows_per_frame: int) -> Tensor:
        return self.frame * rows_per_frame

    def is_start(self) -> Tensor:
        return self.frame == 0


class RingAttention(nn.Module):
    """Sliding-window attention over a ring of the last `window` rows."""

    def __init__(
        self, n_heads: int, head_dim: int, window: int, rows_per_frame: int, index: FrameIndex
    ) -> None:
        super().__init__()
        self.window, self.rows_per_frame, self.index = window, rows_per_frame, index
        shape = (1, window, n_heads, head_dim)
        self.register_buffer("k_ring", torch.zeros(shape))
        self.register_buffer("v_ring", torch.zeros(shape))
        self.register_buffer("slopes", alibi_slopes(n_heads))

    def forward(self, q: Tensor, k: Tensor, v: Tensor, position: Tensor | None = None) -> Tensor:
        row = self.index.row(self.rows_per_frame)
        y: Tensor = torch.ops.voxtral_tts.attend(
            q, k, v, self.k_ring, self.v_ring, row, None, self.slopes, self.window
        )
        return y


class CarriedColumns(nn.Module):
    """Puts the last `columns` columns of the previous chunk in front of [1, channels, L].

    At an utterance's start they are made of the first columns, as the reference's padding does;
    the mirror image needs `columns` + 1 columns, which the first frame always has.
    """

    carried: Tensor  # [1, channels, columns]
    mirror: Tensor  # columns, ..., 1

    def __init__(self, channels: int, columns: int, mode: str, index: FrameIndex) -> None:
        super().__init__()
        self.columns, self.mode, self.index = columns, mode, index
        self.register_buffer("carried", torch.zeros(1, channels, columns))
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

    def __init__(self, conv: CausalConv, context: CarriedColumns) -> None:
        super().__init__()
        c_out, c_in, self.kernel = conv.conv.weight.shape
        self.context = context
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

    def __init__(self, conv: UpsamplingConv, context: CarriedColumns) -> None:
        super().__init__()
        if conv.conv.weight.shape[2] % conv.stride:
            raise ValueError("an upsampling kernel must be a multiple of its stride")
        c_in, self.c_out, kernel = conv.conv.weight.shape
        self.stride, self.context = conv.stride, context
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


def use_operators(module: nn.Module) -> None:
    """Exchanges norms, projections and feed-forwards for their fused and operator forms."""
    for name, child in list(module.named_children()):
        use_operators(child)
        if isinstance(child, RMSNorm):
            setattr(module, name, OperatorNorm(child))
        elif isinstance(child, Attention):
            setattr(module, name, FusedAttention(child))
        elif isinstance(child, FeedForward):
            setattr(module, name, FusedFeedForward(child))


def use_cached_attention(
    model: LanguageModel, config: LanguageModelConfig, max_seq_len: int
) -> None:
    """Gives every layer a cache of max_seq_len rows; all layers share one RoPE table."""
    table = RotaryTable(config.head_dim, config.rope_theta, max_seq_len)
    rope = torch.cat((table.cos, table.sin), dim=-1)
    for layer in model.layers:
        assert isinstance(layer, TransformerLayer)
        layer.attention.core = CachedAttention(config, rope)


def use_flow_attention(head: FlowHead) -> None:
    for layer in head.layers:
        assert isinstance(layer, TransformerLayer)
        layer.attention.core = FlowAttention()


def use_carried_state(codec: Codec, config: VoxtralConfig, index: FrameIndex) -> None:
    """Whole-sequence parts become carried ones, convolutions matrix products."""
    sizes, stage, rows_per_frame = config.codec, 0, 1
    blocks = codec.decoder_blocks
    for i, block in enumerate(blocks):
        if isinstance(block, CodecStage):
            for layer in block.layers:
                assert isinstance(layer, TransformerLayer)
                layer.attention.core = RingAttention(
                    sizes.n_heads, sizes.head_dim, sizes.windows[stage], rows_per_frame, index
                )
            stage += 1
        elif isinstance(block, UpsamplingConv):
            rows_per_frame *= block.stride
            blocks[i] = PhaseConv(block, _carried(block.context, sizes.dim, index))
        elif isinstance(block, CausalConv):
            blocks[i] = StackedConv(block, _carried(block.context, config.latent_dim, index))
    context = _carried(codec.output_proj.context, sizes.dim, index)
    codec.output_proj = StackedConv(codec.output_proj, context)  # type: ignore[assignment]
    use_operators(codec)


def _carried(padding: nn.Module, channels: int, index: FrameIndex) -> CarriedColumns:
    assert isinstance(padding, Padding)
    return CarriedColumns(channels, padding.columns, padding.mode, index)
