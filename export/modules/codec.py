"""The codec decoder: codes in, samples out.

Every operation is causal. What lies to the left of a piece of the sequence reaches it in two
places only: the keys of an attention core and the columns that a context puts in front of a
convolution. Both can be swapped, which is how a streaming decoder is made of these modules.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..config import N_SPECIAL_CODES, TransformerConfig, VoxtralConfig
from .attention import WindowAttention, alibi_slopes
from .layers import TransformerLayer

_USAGE_FLOOR = 1e-5  # keeps unused codebook rows finite


class Padding(nn.Module):
    """The context of a whole sequence: columns made from its own first ones, or zeros."""

    def __init__(self, columns: int, mode: str) -> None:
        super().__init__()
        self.columns = columns
        self.mode = mode  # "replicate", "reflect" or "constant" (zeros)

    def forward(self, x: Tensor) -> Tensor:
        return F.pad(x, (self.columns, 0), mode=self.mode)


class Weight(nn.Module):
    """Holds a folded convolution weight under its checkpoint name."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(shape))


class CausalConv(nn.Module):
    """[1, C_in, L] -> [1, C_out, L], kernel - 1 context columns in front."""

    def __init__(self, c_in: int, c_out: int, kernel: int, context: nn.Module) -> None:
        super().__init__()
        self.conv = Weight(c_out, c_in, kernel)
        self.context = context

    def forward(self, x: Tensor) -> Tensor:
        return F.conv1d(self.context(x), self.conv.weight)


class UpsamplingConv(nn.Module):
    """Transposed convolution, [1, C, L] -> [1, C, L * stride].

    Of its full length L * stride + kernel - stride the surplus is cut off on the right. Output
    position p reads the inputs p // stride - columns .. p // stride, hence the context.
    """

    def __init__(self, dim: int, kernel: int, stride: int, context: nn.Module) -> None:
        super().__init__()
        self.conv = Weight(dim, dim, kernel)  # [C_in, C_out, kernel]
        self.stride = stride
        self.context = context

    def forward(self, x: Tensor) -> Tensor:
        padded = self.context(x)
        y = F.conv_transpose1d(padded, self.conv.weight, stride=self.stride)
        start = (padded.shape[-1] - x.shape[-1]) * self.stride
        return y[..., start : start + x.shape[-1] * self.stride]


class CodecLayer(TransformerLayer):
    """A transformer layer whose branches have a learned scale per channel."""

    def __init__(self, config: TransformerConfig, core: nn.Module) -> None:
        super().__init__(config, core)
        self.attention_scale = nn.Parameter(torch.ones(config.dim))
        self.ffn_scale = nn.Parameter(torch.ones(config.dim))

    def forward(self, x: Tensor, position: Tensor | None = None) -> Tensor:
        y: Tensor = x + self.attention_scale * self.attention(self.attention_norm(x), position)
        z: Tensor = y + self.ffn_scale * self.feed_forward(self.ffn_norm(y))
        return z


class CodecStage(nn.Module):
    """The transformer layers of one rate, on channels first: [1, dim, L] -> [1, dim, L]"""

    def __init__(self, config: TransformerConfig, cores: list[nn.Module]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(CodecLayer(config, core) for core in cores)

    def forward(self, x: Tensor) -> Tensor:
        x = x.transpose(1, 2)
        for layer in self.layers:
            x = layer(x)
        return x.transpose(1, 2)


class SemanticCodebook(nn.Module):
    def __init__(self, rows: int, dim: int) -> None:
        super().__init__()
        self.embedding = nn.Parameter(torch.empty(rows, dim))


class Quantizer(nn.Module):
    """codes [1, 37, T] -> latent [1, semantic_dim + 36, T]: a table row, then levels in [-1, 1]."""

    def __init__(self, config: VoxtralConfig) -> None:
        super().__init__()
        self.n_levels = config.acoustic_codebook_size
        self.semantic_codebook = SemanticCodebook(
            config.semantic_codebook_size, config.codec.semantic_dim
        )

    def forward(self, codes: Tensor) -> Tensor:
        plain = (codes - N_SPECIAL_CODES).clamp(min=0)  # special codes decode as 0
        table = self.semantic_codebook.embedding
        semantic = F.embedding(plain[:, 0], table).transpose(1, 2)
        wide = torch.promote_types(table.dtype, torch.float32)
        acoustic = plain[:, 1:].to(wide) * 2 / (self.n_levels - 1) - 1
        return torch.cat((semantic, acoustic.to(table.dtype)), dim=1)


class Codec(nn.Module):
    """Parameter names equal the checkpoint's after "audio_tokenizer.", once `fold_weights` ran."""

    def __init__(self, config: VoxtralConfig) -> None:
        super().__init__()
        sizes, dim = config.codec, config.codec.dim
        slopes = alibi_slopes(sizes.n_heads)
        self.quantizer = Quantizer(config)
        left = sizes.kernels[0] - 1
        blocks: list[nn.Module] = [
            CausalConv(config.latent_dim, dim, left + 1, Padding(left, "replicate"))
        ]
        for stage, (length, window) in enumerate(zip(sizes.lengths, sizes.windows, strict=True)):
            if stage > 0:
                kernel, stride = sizes.kernels[stage], sizes.strides[stage]
                zeros = Padding(math.ceil(kernel / stride) - 1, "constant")
                blocks.append(UpsamplingConv(dim, kernel, stride, zeros))
            cores: list[nn.Module] = [WindowAttention(window, slopes) for _ in range(length)]
            blocks.append(CodecStage(sizes, cores))
        self.decoder_blocks = nn.ModuleList(blocks)
        left = sizes.patch_kernel - 1
        self.output_proj = CausalConv(dim, sizes.patch_size, left + 1, Padding(left, "reflect"))

    def decode(self, codes: Tensor) -> Tensor:
        """codes [1, 37, T] int64 with their offset of 2 -> samples [1, 1920 * T], not clamped"""
        x = self.quantizer(codes)
        for block in self.decoder_blocks:
            x = block(x)
        patches: Tensor = self.output_proj(x)  # [1, patch, positions]
        return patches.transpose(1, 2).flatten(1)  # time outer, patch inner


def fold_weight_norm(g: Tensor, v: Tensor) -> Tensor:
    """g * v / ||v||, fp32, the norm over all axes but the first; g [N, 1, 1], v [N, ., .].

    The first axis of a transposed convolution is its input channel. Computed in fp64: processors
    sum in orders of their own, and in fp32 an export would differ from one to the other.
    """
    v = v.double()
    return (g.double() * v / v.square().sum(dim=(1, 2), keepdim=True).sqrt()).float()


def fold_weights(stored: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors named as in the checkpoint, without prefix -> the parameters of `Codec`."""
    folded: dict[str, Tensor] = {}
    for name, tensor in stored.items():
        if name.endswith("original0"):
            v = stored[name.replace("original0", "original1")]
            key = name.replace("parametrizations.weight.original0", "weight")
            folded[key] = fold_weight_norm(tensor, v)
        elif name.endswith("embedding_sum"):
            usage = stored[name.replace("embedding_sum", "cluster_usage")]
            rows = tensor.float() / usage.float().clamp(min=_USAGE_FLOOR)[:, None]
            folded[name.replace("embedding_sum", "embedding")] = rows
        elif not name.endswith(("original1", "cluster_usage")):
            folded[name] = tensor
    return folded
