"""Operator cases around what executorch 1.5.1's handlers get wrong, in upstream's form.

Every one runs with our handlers; those with `stock_is_wrong` must fail with the released ones.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import torch
from op_suite import TEST_UTILS
from torch import Tensor, nn
from torch.export import Dim
from torch.nn import functional as F

from export.mlx_schema import ensure_mlx_schema

ensure_mlx_schema()
OpTestCase: Any = importlib.import_module(TEST_UTILS).OpTestCase

Inputs = tuple[Tensor, ...]


class _Function(nn.Module):
    def __init__(self, function: Callable[..., Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.function(*inputs)


class IndexCase(OpTestCase):  # type: ignore[misc]
    """A function of tensors; inputs and comparison as in upstream's base class."""

    rtol = 1e-5
    atol = 1e-5

    def __init__(
        self,
        name: str,
        function: Callable[..., Tensor],
        inputs: Callable[[], Inputs],
        *,
        stock_is_wrong: bool | None = True,  # None: depends on the delegate
        dynamic_shapes: Any = None,
        test_inputs: Callable[[], Inputs] | None = None,
    ) -> None:
        self.name = name
        self.function = function
        self.inputs = inputs
        self.stock_is_wrong = stock_is_wrong
        self.dynamic_shapes = dynamic_shapes
        self.test_inputs = test_inputs or inputs

    def create_model(self) -> nn.Module:
        return _Function(self.function)

    def create_inputs(self) -> Inputs:
        return self.inputs()

    def create_test_inputs(self) -> Inputs:
        return self.test_inputs()

    def get_dynamic_shapes(self) -> Any:
        return self.dynamic_shapes


def _inputs(shape: tuple[int, ...], *indices: tuple[int, tuple[int, ...]]) -> Callable[[], Inputs]:
    """Makes x of `shape`, then per (axis, shape) an index into that axis, negative ones too."""

    def make() -> Inputs:
        into = ((shape[axis], size) for axis, size in indices)
        return (torch.randn(shape), *(torch.randint(-n, n, size) for n, size in into))

    return make


def _unfold_1d(x: Tensor) -> Tensor:
    """[B, C, L] -> [B, C * 3, L - 2], as ExecuTorch's own codec writes a convolution."""
    return F.unfold(x.unsqueeze(-1), (3, 1))


def _separated(table: Tensor, i0: Tensor, i1: Tensor) -> Tensor:
    return table[:, i0, :, i1]


def _fill_column(x: Tensor) -> Tensor:
    """What ExecuTorch's semantic head does to forbid a code."""
    y = x.clone()
    y[:, 0] = float("-inf")
    return y


def _fill_range(x: Tensor) -> Tensor:
    y = x * 1.0
    y[:, :, 2:4] = 0.5
    return y


def _fill_with_integer_tensor(x: Tensor) -> Tensor:
    y = x * 1.0
    y[:, 1] = torch.tensor(7)
    return y


def _fill_with_element(x: Tensor) -> Tensor:
    y = x * 1.0
    y[:, 1] = x[0, 2]
    return y


def _fill_all(x: Tensor) -> Tensor:
    y = x * 1.0
    y[:] = 2.0
    return y


def _length(name: str, *positions: int, count: int) -> tuple[Any, ...]:
    """Dynamic shapes for a function that takes *inputs: dim 0 of the inputs at `positions`."""
    dim = Dim(name, min=2, max=16)
    return (tuple({0: dim} if i in positions else None for i in range(count)),)


CASES = [
    # Adjacent axes that are not the leading ones: the broadcast dims belong in the middle.
    IndexCase(
        "adjacent_indices",
        lambda x, i, j: x[:, :, i, j],
        _inputs((2, 3, 5, 7), (2, (4, 1)), (3, (6,))),
    ),
    IndexCase(
        "adjacent_indices_before_a_dim",
        lambda x, i, j: x[:, i, j],
        _inputs((2, 5, 7, 3), (1, (4, 2)), (2, (4, 2))),
    ),
    IndexCase(
        "adjacent_three_indices",
        lambda x, i, j, k: x[:, i, j, k],
        _inputs((3, 4, 5, 6), (1, (2, 1)), (2, (3,)), (3, (2, 3))),
    ),
    IndexCase(
        "adjacent_indices_dynamic",
        lambda x, i, j: x[:, i, j],
        _inputs((3, 5, 7), (1, (4,)), (2, (4,))),
        dynamic_shapes=_length("length", 1, 2, count=3),
        test_inputs=_inputs((3, 5, 7), (1, (9,)), (2, (9,))),
    ),
    IndexCase(
        "adjacent_leading_indices",
        lambda x, i, j: x[i, j],
        _inputs((4, 5, 6), (0, (3, 1)), (1, (2,))),
        stock_is_wrong=False,
    ),
    IndexCase("unfold_1d", _unfold_1d, _inputs((2, 4, 9))),
    IndexCase(
        "unfold_2d",
        lambda x: F.unfold(x, (3, 2), dilation=(1, 2), padding=1, stride=(2, 1)),
        _inputs((2, 3, 8, 7)),
    ),
    # Separated axes: the broadcast dims go first, as in MLX.
    IndexCase(
        "test_separated_advanced_indices_keep_broadcast_dims_front",
        _separated,
        _inputs((2, 5, 3, 7), (1, (4,)), (3, (4,))),
        stock_is_wrong=False,
    ),
    IndexCase(
        "separated_indices_broadcast",
        _separated,
        _inputs((2, 5, 3, 7), (1, (4, 1)), (3, (6,))),
        stock_is_wrong=False,
    ),
    # One index of the same rank as x: an index of rows, not one index per element.
    IndexCase("single_index_same_rank", lambda x, i: x[i], _inputs((6, 3), (0, (4, 2)))),
    IndexCase("single_index_inner_axis", lambda x, i: x[:, i], _inputs((3, 6), (1, (2, 5)))),
    IndexCase(
        "single_index_lower_rank",
        lambda x, i: x[:, i],
        _inputs((3, 6, 2), (1, (5,))),
        stock_is_wrong=False,
    ),
    # One index per element: what TakeAlongAxis is for.
    IndexCase(
        "gather",
        lambda x, i: x.gather(1, i % x.shape[1]),
        _inputs((4, 6), (1, (3, 5))),
        stock_is_wrong=False,
    ),
    # A slice filled with a constant: a copy of a 0-d tensor.
    IndexCase("fill_column", _fill_column, _inputs((3, 5))),
    IndexCase(
        "fill_column_dynamic",
        _fill_column,
        _inputs((3, 5)),
        dynamic_shapes=_length("batch", 0, count=1),
        test_inputs=_inputs((11, 5)),
    ),
    # Placed by SliceUpdate, which in MLX broadcasts for itself.
    IndexCase("fill_range", _fill_range, _inputs((2, 3, 6)), stock_is_wrong=None),
    IndexCase("fill_with_integer_tensor", _fill_with_integer_tensor, _inputs((3, 5))),
    IndexCase("fill_with_element", _fill_with_element, _inputs((3, 5))),
    IndexCase("fill_all", _fill_all, _inputs((3, 5))),
]
