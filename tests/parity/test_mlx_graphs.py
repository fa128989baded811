"""MLX programs may not lean on what our delegate does and ExecuTorch's own does not.

On a Mac theirs runs: positions are uint32 there, and state that no output needs stays lazy, while
the inputs that it may show are the caller's memory. Oracle: the graphs, read by the wheel's
inspector; so that a rule is known to notice, it is broken on purpose, too.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from export.lower import Method, lower
from exporting import MLX_BF16, Export
from mlx_graphs import Graph, mlx_graphs

PROGRAMS = ("model.pte", "codec_decoder.pte")
# What MLX 0.32.2, which a Mac runs, computes wrongly: of negative integers, of booleans.
_WRONG_ON_A_MAC = {"FloorDivide", "Remainder", "BitwiseXor"}
_POSITIONS = {"Argmax", "Argmin", "Argsort", "ArgPartition"}


def uses_uncast_positions(graph: Graph) -> list[str]:
    """The nodes that read positions as they are: below zero and beyond they have no meaning."""
    positions = [i for i, value in enumerate(graph.values) if value.op in _POSITIONS]
    users = (user.op for index in positions for user in graph.users(index))
    return [op for op in users if op != "AsType"]


def unsafe_state(graph: Graph) -> list[str]:
    """What mutable buffers are made of that is the caller's memory or never evaluated."""
    evaluated = graph.evaluated()
    memory = [graph.memory_of(index) for index in graph.state]
    lazy = [
        index for index in memory if index not in evaluated or graph.values[index].op == "input"
    ]
    return [graph.values[index].op for index in lazy]


@pytest.mark.parametrize("options", [("--backend", "mlx"), MLX_BF16])
def test_graphs_are_right_under_executorch_s_own_delegate(
    options: tuple[str, ...], export_tiny: Export
) -> None:
    folder = export_tiny(*options)
    graphs = [graph for name in PROGRAMS for graph in mlx_graphs(folder / name)]
    assert len(graphs) == 3  # step, embed_text, decode
    assert sum(value.op in _POSITIONS for graph in graphs for value in graph.values) == 1
    assert sum(len(graph.state) > 0 for graph in graphs) == 2
    for graph in graphs:
        assert uses_uncast_positions(graph) == []
        assert unsafe_state(graph) == []
        assert not _WRONG_ON_A_MAC & {value.op for value in graph.values}


class Masked(nn.Module):
    """As the semantic code once was."""

    def forward(self, x: Tensor) -> Tensor:
        code = x.argmax(-1)
        return torch.where(x.amax(-1) > 0, code, torch.full_like(code, -1))


class Indexed(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x[0][x.argmax(-1)]


class Remembers(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("last", torch.zeros(1, 2))

    def forward(self, x: Tensor) -> Tensor:
        y = x[:, 1:] + self.last
        self.last.copy_(x[:, 1:])
        return y.sum(-1)


class Lazy(Remembers):
    def forward(self, x: Tensor) -> Tensor:
        y = x[:, 1:] * self.last
        self.last.copy_(x[:, 1:] * 2)
        return y.sum(-1)


def lowered(module: nn.Module, folder: Path) -> Graph:
    lower({"forward": Method(module, (torch.ones(1, 3),), (None,))}, {}, "mlx", folder / "a.pte")
    (graph,) = mlx_graphs(folder / "a.pte")
    return graph


@pytest.mark.parametrize("module", [Masked(), Indexed()])
def test_an_uncast_position_is_noticed(module: nn.Module, tmp_path: Path) -> None:
    assert uses_uncast_positions(lowered(module, tmp_path))


@pytest.mark.parametrize(("module", "made_of"), [(Remembers(), "input"), (Lazy(), "Multiply")])
def test_unsafe_state_is_noticed(module: nn.Module, made_of: str, tmp_path: Path) -> None:
    assert unsafe_state(lowered(module, tmp_path)) == [made_of]
