"""The graphs in an MLX program as values and their users, read by the wheel's own inspector."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from executorch.exir._serialize._program import deserialize_pte_binary

from export.mlx_schema import ensure_mlx_schema

_HEADER = 24  # of a payload, before its FlatBuffer, whose end is its second word
# Their result may be memory of their first operand.
_VIEWS = {
    *("IdCopy", "AsType", "Contiguous", "ExpandDims", "Squeeze", "Reshape", "Transpose"),
    *("AsStrided", "BroadcastTo", "Split", "Slice"),
}


class Value(NamedTuple):
    """What a node computes: a slot that is written twice holds two of them, one after the other."""

    op: str  # "input" and "state" for what a call begins with
    operands: tuple[int, ...]  # places in `Graph.values`


class Graph(NamedTuple):
    values: list[Value]
    outputs: list[int]
    state: list[int]
    """What the mutable buffers hold when the call is over."""

    def users(self, index: int) -> list[Value]:
        return [value for value in self.values if index in value.operands]

    def evaluated(self) -> set[int]:
        """What has to be computed for the outputs; the rest may stay lazy."""
        needed: set[int] = set()
        left = list(self.outputs)
        while left:
            index = left.pop()
            if index not in needed:
                needed.add(index)
                left += self.values[index].operands
        return needed

    def memory_of(self, index: int) -> int:
        """The value whose memory this one shows."""
        while self.values[index].op in _VIEWS:
            index = self.values[index].operands[0]
        return index


def mlx_graphs(file: Path) -> Iterator[Graph]:
    """One for each method with code. Constants, which never change, are no values."""
    ensure_mlx_schema()
    from executorch.backends.mlx.pte_inspector import parse_mlx_flatbuffer

    for delegate in deserialize_pte_binary(file.read_bytes()).program.backend_delegate_data:
        end = int.from_bytes(delegate.data[8:16], "little")
        yield _graph(parse_mlx_flatbuffer(delegate.data[_HEADER:end]))


def _graph(parsed: dict[str, Any]) -> Graph:
    values: list[Value] = []
    current: dict[int, int] = {}  # value in a slot

    def write(value: Value, slots: list[int]) -> None:
        current.update(dict.fromkeys(slots, len(values)))
        values.append(value)

    inputs, outputs, state = (
        [entry["idx"] for entry in parsed[f"{name}_map"]]
        for name in ("input", "output", "mutable_buffer")
    )
    for slot in inputs:
        write(Value("input", ()), [slot])
    for slot in state:
        write(Value("state", ()), [slot])
    for node in parsed["instruction_chains"][parsed["main_chain_idx"]]["instructions"]:
        fields = [_slots(field) for name, field in node.items() if name != "out"]
        operands = (current[slot] for slots in fields for slot in slots if slot in current)
        value = Value(node["op_name"].removesuffix("Node"), tuple(operands))
        write(value, _slots(node.get("out")))
    return Graph(values, [current[slot] for slot in outputs], [current[slot] for slot in state])


def _slots(field: Any) -> list[int]:
    """The tensors that a node's field names."""
    if isinstance(field, dict):
        return [int(field["tid"])] if "tid" in field else []
    if isinstance(field, list):
        return [int(item.split()[1]) for item in field if str(item).startswith("tid ")]
    return []
