"""A choice of ExecuTorch's MLX operator suite, one case per node type at least, on our delegate.

`make mlx-op-suite` runs the whole suite.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import op_suite
import pytest

from export.mlx_schema import ensure_mlx_schema

CASES = op_suite.read_list(op_suite.SMOKE_CASES)
# Node types that no case which can run here lowers to. TakeAlongAxis is in index_cases.py instead,
# the others in tests/cpp/mlx/nodes_test.cpp.
UNREACHED = {
    "ArgPartitionNode",
    "FloorDivideIntNode",
    "MedianNode",
    "MetalKernelNode",
    "MultiplyIntNode",
    "NoopNode",
    "ScanNode",
    "TakeAlongAxisNode",
    "TriNode",
    "UpdateAndAttendNode",
}


@pytest.fixture(scope="module")
def suite(op_test_runner: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return op_suite.load_suite(op_test_runner, tmp_path_factory.mktemp("cases"))


@pytest.mark.parametrize("name", CASES, ids=lambda name: name.replace("+", " "))
def test_case(suite: dict[str, Any], name: str) -> None:
    outcome = op_suite.run_case(op_suite.find_case(suite, name))
    assert outcome.passed, outcome.output
    missing = set(CASES[name].split()) - set(outcome.nodes)
    assert not missing, f"no longer lowers to {missing}: run scripts/mlx_op_suite.py --update-smoke"


def test_cases_cover_the_schema() -> None:
    """Every member of the schema's union of nodes is in some case, or known to be in none."""
    ensure_mlx_schema()
    inspector = importlib.import_module("executorch.backends.mlx._generated_inspector")
    covered = {node for nodes in CASES.values() for node in nodes.split()}
    assert len(CASES) <= 80
    assert set(inspector.OP_NODE_FIELDS) - covered == UNREACHED


def test_expected_failures_are_cases_of_the_suite(tmp_path: Path) -> None:
    names = op_suite.load_suite(tmp_path / "unused", tmp_path)
    assert len(names) == 868
    assert set(op_suite.read_list(op_suite.EXPECTED_FAILURES)) <= set(names)
    parts = {part for name in CASES for part in name.split("+")}
    assert parts <= set(names)
    assert not set(op_suite.read_list(op_suite.EXPECTED_FAILURES)) & parts
