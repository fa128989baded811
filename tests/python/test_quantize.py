"""Weights as integers. Oracle: every clip tried by hand, group by group, in float64."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from export.quantize import CHANNEL_8BIT, LinearScheme, quantize_weight

CLIPS = (1.0, 0.96, 0.92, 0.88, 0.84, 0.8)


def squared_error(group: np.ndarray, scale: float, bits: int) -> float:
    limit = 2 ** (bits - 1) - 1
    values = np.clip(np.round(group / scale), -limit - 1, limit)
    return float(((values * scale - group) ** 2).sum())


@pytest.fixture
def weight() -> torch.Tensor:
    return torch.randn(16, 128, generator=torch.Generator().manual_seed(0))


def test_four_bits_take_the_clip_with_the_least_error(weight: torch.Tensor) -> None:
    values, scales = quantize_weight(weight, LinearScheme(4, 32))
    made = values.view(16, 4, 32).double() * scales.double()[..., None]
    errors = ((made - weight.view(16, 4, 32).double()) ** 2).sum(-1).numpy()
    groups = weight.view(16, 4, 32).double().numpy()
    gained = 0
    for row, index in np.ndindex(16, 4):
        group = groups[row, index]
        largest = float(np.abs(group).max())
        tried = [squared_error(group, largest * clip / 7, 4) for clip in CLIPS]
        # The oracle's sums are float64, the search's float32: a near tie may go either way.
        assert errors[row, index] == pytest.approx(min(tried), rel=1e-4)
        gained += min(tried) < 0.99 * tried[0]
    assert gained > 32  # of 64 groups: without the search this test would see no difference


def test_eight_bits_keep_the_largest_weight(weight: torch.Tensor) -> None:
    values, scales = quantize_weight(weight, CHANNEL_8BIT)
    assert scales.shape == (16, 1)
    assert (values.abs().amax(1) == 127).all()
    torch.testing.assert_close(scales[:, 0], weight.abs().amax(1) / 127)
