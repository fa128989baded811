"""Weights are written from where they lie: the same programs, without copies in memory."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest
import torch
from executorch.exir._serialize._cord import Cord
from executorch.exir._serialize._named_data_store import NamedDataStore
from torch import Tensor, nn

from export import lower
from export.mlx_schema import ensure_mlx_schema
from export.weights_in_place import TensorBytes, weights_in_place

USES = 3  # as the flow head's products are, seven times
WIDTH = 1024


class Unrolled(nn.Module):
    """One product used several times, with an operator between that XNNPACK does not get."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.linear = nn.Linear(WIDTH, WIDTH, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(USES):
            x = torch.sin(self.linear(x))
        return x


def lowered(backend: str, path: Path) -> int:
    """Writes the program; the bytes of weights that were collected as copies."""
    module = Unrolled().eval().requires_grad_(False)
    copied: list[int] = []
    original = NamedDataStore._add_named_data_to_map

    def record(self, key, data, *rest):
        if isinstance(data, bytes):
            copied.append(len(data))
        original(self, key, data, *rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(NamedDataStore, "_add_named_data_to_map", record)
        method = lower.Method(module, (torch.zeros(2, WIDTH),), (None,))
        lower.lower({"forward": method}, {"one": 1}, backend, path)
    return sum(copied)


@pytest.mark.parametrize("backend", ["xnnpack", "mlx"])
def test_the_program_is_the_same_without_copies_of_weights(backend, tmp_path, monkeypatch):
    if backend == "mlx":
        ensure_mlx_schema()
    weight = 4 * WIDTH * WIDTH
    assert lowered(backend, tmp_path / "in_place.pte") < weight
    monkeypatch.setattr(lower, "weights_in_place", lambda modules: nullcontext())
    # A delegate per use on XNNPACK, one for the whole method on MLX.
    copies = USES if backend == "xnnpack" else 1
    assert lowered(backend, tmp_path / "copied.pte") >= copies * weight
    in_place = (tmp_path / "in_place.pte").read_bytes()
    assert len(in_place) > weight
    assert in_place == (tmp_path / "copied.pte").read_bytes()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16, torch.int8])
def test_a_stored_tensor_is_what_a_copy_would_be(dtype, tmp_path):
    tensor = torch.arange(1 << 20).reshape(1024, 1024).to(dtype)
    copied, in_place = NamedDataStore(), NamedDataStore()
    copied.add_named_data("weight", tensor)
    with weights_in_place(()):
        in_place.add_named_data("weight", tensor)
        in_place.add_named_data("again", tensor.clone())
    outputs = [store.get_named_data_store_output() for store in (copied, in_place)]
    (expected,), (actual,) = (output.buffers for output in outputs)
    assert isinstance(actual, TensorBytes)
    assert actual.prefix(32) == expected[:32] and len(actual) == len(expected)
    assert bytes(Cord(actual)) == expected
    assert outputs[0].pte_data["weight"] == outputs[1].pte_data["weight"]
    with (tmp_path / "data").open("wb") as file:
        Cord(actual).write_to_file(file)
    assert (tmp_path / "data").read_bytes() == expected


def test_the_store_is_as_it_was_afterwards():
    before = NamedDataStore.add_named_data
    with weights_in_place(()):
        assert NamedDataStore.add_named_data is not before
    assert NamedDataStore.add_named_data is before
