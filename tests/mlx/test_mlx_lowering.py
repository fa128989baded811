"""Our handlers against PyTorch, and that each replaces one which gives a wrong result or none."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import op_suite
import pytest
import torch
from executorch.exir import to_edge, to_edge_transform_and_lower
from index_cases import CASES, IndexCase
from torch import Tensor, nn
from torch.export import Dim

from export.mlx_lowering import install_lowering_fixes


@pytest.fixture(scope="module")
def harness(op_test_runner: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    op_suite.harness(op_test_runner, tmp_path_factory.mktemp("cases"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_matches_pytorch(harness: None, case: IndexCase) -> None:
    assert (case.rtol, case.atol) == (1e-5, 1e-5)
    outcome = op_suite.run_case(case)
    assert outcome.passed, outcome.output


@pytest.mark.parametrize(
    "case", [c for c in CASES if c.stock_is_wrong is not None], ids=lambda case: case.name
)
def test_released_handler(harness: None, case: IndexCase) -> None:
    """Fails where our handler is the reason to pass; agrees with ours elsewhere."""
    with op_suite.stock_lowering():
        outcome = op_suite.run_case(case)
    assert outcome.passed != case.stock_is_wrong, outcome.output
    if case.stock_is_wrong:  # and not for a reason outside of the program
        reasons = ("do not match", "shape mismatch", "FAILED:")
        assert any(reason in outcome.output for reason in reasons), outcome.output
        assert "MLX delegation verified" in outcome.output


class _Function(nn.Module):
    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function = function

    def forward(self, *inputs: Tensor) -> Tensor:
        result: Tensor = self.function(*inputs)
        return result


def _delegates(function: Any, inputs: tuple[Tensor, ...], dynamic_shapes: Any = None) -> int:
    """The number of MLX delegates in the program of `function`."""
    install_lowering_fixes()
    partitioner = importlib.import_module("executorch.backends.mlx").MLXPartitioner
    program = torch.export.export(_Function(function), inputs, dynamic_shapes=dynamic_shapes)
    edge = to_edge_transform_and_lower(program, partitioner=[partitioner()])
    nodes = edge.exported_program().graph.nodes
    return sum("executorch_call_delegate" in str(node.target) for node in nodes)


def test_installing_twice_changes_nothing() -> None:
    install_lowering_fixes()
    registry = importlib.import_module("executorch.backends.mlx.builder.op_registry").REGISTRY
    before = registry.registered_ops()
    install_lowering_fixes()
    assert registry.registered_ops() == before


def test_integer_index_is_delegated() -> None:
    indices = (torch.tensor([0, 2]), torch.tensor([1, 1]))
    assert _delegates(lambda x, i, j: x[:, i, j], (torch.randn(2, 3, 4), *indices)) == 1


def test_mask_is_left_to_others() -> None:
    """Asked of the builder: the partitioner fails on sizes that depend on data, whoever lowers."""
    install_lowering_fixes()
    builder = importlib.import_module("executorch.backends.mlx.builder.program_builder")
    mask = torch.tensor([True, False, True])
    program = torch.export.export(_Function(lambda x, m: x[m]), (torch.randn(3, 4), mask))
    build = builder.MLXProgramBuilder(to_edge(program).exported_program())
    build.check_support_only()
    refused = [info for node, info in build.node_info.items() if "aten.index" in str(node.target)]
    assert len(refused) == 1 and not refused[0].supported
    assert "not masks" in refused[0].unsupported_reason


def test_dynamic_size_between_indices_is_left_to_others() -> None:
    """Gather holds sizes as literals; a size known at run time only must not be guessed."""
    inputs = (torch.randn(5, 3, 4), torch.tensor([0, 2]), torch.tensor([1, 1]))
    shapes = (({0: Dim("batch", min=2, max=16)}, None, None),)
    assert _delegates(lambda x, i, j: x[:, i, j], inputs, shapes) == 0
