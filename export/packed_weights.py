"""Quantised weights in the order in which `cpp/operators/linear` reads them.

32 outputs lie together in a tile. For each step of 4 inputs a tile has 32 x 4 bytes; at 4 bits
two steps share them, the first in the low halves, the second in the high ones. The order is the
same for every instruction set, so that programs are mapped from disk and used as they are.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from .quantize import LinearScheme, quantize_weight

TILE_COLUMNS = 32
STEP_INPUTS = 4


class PackedWeights(NamedTuple):
    values: Tensor  # uint8 [tiles, steps at 8 bits or pairs of steps at 4, 128]
    scales: Tensor  # [tiles, groups, 32], bf16 at 4 bits, fp32 at 8
    sums: Tensor  # fp32 [tiles, 32], the sum of each output's weights
    bits: int
    group_size: int  # inputs per scale; at 8 bits all of them, filled up to whole steps
    columns: int  # outputs, without those that fill up the last tile


def pack(weight: Tensor, scheme: LinearScheme) -> PackedWeights:
    """weight [out, in] -> quantised and in order. One scale per output needs 8 bits."""
    grouped = scheme.group_size is not None
    q, scale = quantize_weight(weight, scheme, torch.bfloat16 if grouped else torch.float32)
    columns, depth = q.shape
    unit = STEP_INPUTS * 8 // scheme.bits
    q = F.pad(q, (0, -depth % unit, 0, -columns % TILE_COLUMNS))
    scale = F.pad(scale, (0, 0, 0, -columns % TILE_COLUMNS))
    tiles, groups = q.shape[0] // TILE_COLUMNS, scale.shape[1]
    by_group = q.view(q.shape[0], groups, -1).sum(-1, dtype=torch.int32)
    sums = (by_group.double() * scale.double()).sum(-1).float()
    steps = q.view(tiles, TILE_COLUMNS, -1, STEP_INPUTS).transpose(1, 2)
    values = steps.reshape(tiles, -1, TILE_COLUMNS * STEP_INPUTS).view(torch.uint8)
    if scheme.bits == 4:
        low, high = values[:, 0::2] & 15, values[:, 1::2] << 4
        values = low | high
    scales = scale.view(tiles, TILE_COLUMNS, groups).transpose(1, 2).contiguous()
    return PackedWeights(
        values.contiguous(),
        scales.to(torch.bfloat16) if grouped else scales,
        sums.view(tiles, TILE_COLUMNS),
        scheme.bits,
        q.shape[1] // groups,
        columns,
    )


def unpack(weights: PackedWeights, depth: int) -> Tensor:
    """The fp32 weight [out, depth] that products are taken with."""
    values = weights.values.view(torch.int8)
    if weights.bits == 4:
        values = torch.stack((values << 4, values), dim=2) >> 4  # the sign comes along
    tiles = values.shape[0]
    steps = values.reshape(tiles, -1, TILE_COLUMNS, STEP_INPUTS).transpose(1, 2)
    groups = steps.reshape(tiles * TILE_COLUMNS, -1, weights.group_size)
    scale = weights.scales.float().transpose(1, 2).reshape(tiles * TILE_COLUMNS, -1, 1)
    full = (groups * scale).flatten(1)
    return full[: weights.columns, :depth].contiguous()
