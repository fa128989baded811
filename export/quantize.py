"""Weights as symmetric integers with one scale per group of inputs, or per output channel."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

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


def quantize_weight(
    weight: Tensor, scheme: LinearScheme, scale_dtype: torch.dtype = torch.float32
) -> tuple[Tensor, Tensor]:
    """weight [out, in] -> int8 values [out, in], fp32 scales [out, groups].

    Scales are rounded to `scale_dtype`, the one they are stored in, before they are used.
    """
    chunks = [
        _quantize_rows(rows.float(), scheme, scale_dtype) for rows in weight.split(_ROWS_AT_ONCE)
    ]
    return torch.cat([q for q, _ in chunks]), torch.cat([scale for _, scale in chunks])


def _quantize_rows(
    rows: Tensor, scheme: LinearScheme, scale_dtype: torch.dtype
) -> tuple[Tensor, Tensor]:
    limit = 2 ** (scheme.bits - 1) - 1
    groups = rows.view(rows.shape[0], -1, scheme.group_size or rows.shape[1])
    largest = groups.abs().amax(-1, keepdim=True)
    best_scale = best_q = best_error = None
    for clip in _CLIPS if scheme.bits == 4 else _CLIPS[:1]:
        scale = (largest * (clip / limit)).to(scale_dtype).float()
        scale.masked_fill_(scale == 0, 1)  # of a group of zeros
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
