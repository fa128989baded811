"""`python -m export --inspect`: what a program consists of, method by method."""

from __future__ import annotations

import json
import math
import struct
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from executorch.exir._serialize._flatbuffer import _program_flatbuffer_to_json
from executorch.exir._serialize._program import _ExtendedHeader

from .inspect_chain import Chain
from .inspect_xnnpack import constant_bytes

_MLX = "MLXBackend"
_XNNPACK = "XnnpackBackend"
# What the readers of ExecuTorch and flatbuffers raise over a damaged file.
_PARSING = (
    KeyError,
    IndexError,
    TypeError,
    ValueError,
    struct.error,
    subprocess.CalledProcessError,
)
_HEAD_BYTES = 64  # holds ExecuTorch's extended header
_PAYLOAD_HEADER = 24  # of an MLX payload, before its FlatBuffer
# Bytes of an element by ExecuTorch's ScalarType: bytes and bools, ints, floats, bf16, unsigneds.
_ITEM_BYTES = {0: 1, 1: 1, 2: 2, 3: 4, 4: 8, 5: 2, 6: 4, 7: 8, 11: 1, 15: 2, 27: 2, 28: 4, 29: 8}


class ProgramError(ValueError):
    """A file is not a program that can be read; the message names it."""


class MethodSummary(NamedTuple):
    name: str
    delegates: Counter[str]  # by backend
    operators: Counter[str]  # run by the runtime, outside of delegates
    instructions: tuple[str, ...]  # in order: an operator's name, or a delegate's backend
    nodes: Counter[str]  # of MLX graphs, by type
    bytes_read: int | None
    """Weights that one call reads, however few rows it is given, each as often as it is read;
    None when a backend does not tell. A quantised weight counts with its scales, and in MLX its
    biases, which are as large. Rows gathered from tables are not in it, nor is the KV cache."""
    state_bytes: int  # caches; of MLX graphs carried columns too


def summarize(file: Path) -> list[MethodSummary]:
    """The methods with code; constant methods are metadata. Raises ProgramError, OSError."""
    try:
        with _Program(file).opened() as program:
            return [program.method(plan) for plan in program.json["execution_plan"] if _runs(plan)]
    except ProgramError:
        raise
    except _PARSING as error:
        raise ProgramError(f"{file}: is damaged: {error!r}") from error


def _runs(plan: dict[str, Any]) -> bool:
    return any(chain["instructions"] for chain in plan["chains"])


def interpreted_ranges(file: Path) -> list[tuple[int, int]]:
    """[(offset, bytes)] of what a runtime interprets: header, program, the delegates' payloads.

    The weights lie elsewhere. Neighbouring payloads are one range with what pads them. Raises
    ProgramError, OSError.
    """
    with _Program(file).opened() as program:
        payloads = {
            int(delegate["processed"].get("index", 0))
            for plan in program.json["execution_plan"]
            for delegate in plan["delegates"]
            if _in_segment(delegate)
        }
        ranges: list[tuple[int, int]] = []
        for index in sorted(payloads):
            offset, size = program.segment(index)
            if index - 1 in payloads:
                first, _ = ranges.pop()
                offset, size = first, offset + size - first
            ranges.append((offset, size))
        return [(0, int(program.header.program_size)), *sorted(ranges)]


def _in_segment(delegate: dict[str, Any]) -> bool:
    return bool(delegate["processed"].get("location", "INLINE") == "SEGMENT")


def segment_offsets(file: Path) -> list[int]:
    """Where the file's segments start. Raises ProgramError, OSError."""
    with _Program(file).opened() as program:
        return [program.segment(index)[0] for index in range(len(program.json["segments"]))]


def _header(path: Path, head: bytes) -> _ExtendedHeader:
    try:
        header = _ExtendedHeader.from_bytes(head[8:])
    except ValueError as error:
        raise ProgramError(f"{path}: is not a .pte file: {error}") from error
    if not header.is_valid():
        raise ProgramError(f"{path}: is not a .pte file with segments")
    return header


class _Program:
    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def opened(self) -> Iterator[_Program]:
        """Reads the program's description; segments, which hold the weights, when asked for."""
        with self.path.open("rb") as self.file:
            self.header = header = _header(self.path, self.file.read(_HEAD_BYTES))
            self.file.seek(0)
            self.json = json.loads(_program_flatbuffer_to_json(self.file.read(header.program_size)))
            yield self

    def method(self, plan: dict[str, Any]) -> MethodSummary:
        chain = Chain(plan)
        nodes: Counter[str] = Counter()
        state_bytes = chain.state_bytes
        reads: list[int | None] = []  # of a call of each delegate
        for delegate in plan["delegates"]:
            if delegate["id"] == _MLX:
                graph = _MlxGraph(self.payload(delegate))
                nodes += graph.nodes
                reads.append(graph.bytes_read)
                state_bytes += graph.state_bytes
            elif delegate["id"] == _XNNPACK:
                reads.append(constant_bytes(self.payload(delegate)))
            else:
                reads.append(None)
        calls = [reads[index] for index in chain.delegate_calls]
        known = [read for read in calls if read is not None]
        return MethodSummary(
            plan["name"],
            Counter(delegate["id"] for delegate in plan["delegates"]),
            Counter(chain.operators),
            tuple(chain.names),
            nodes,
            chain.bytes_read + sum(known) if len(known) == len(calls) else None,
            state_bytes,
        )

    def payload(self, delegate: dict[str, Any]) -> bytes:
        index = int(delegate["processed"].get("index", 0))
        if not _in_segment(delegate):
            return bytes(self.json["backend_delegate_data"][index]["data"])
        offset, size = self.segment(index)
        self.file.seek(offset)
        return self.file.read(size)

    def segment(self, index: int) -> tuple[int, int]:
        """Its offset in the file and its bytes."""
        segment = self.json["segments"][index]
        offset = self.header.segment_base_offset + int(segment.get("offset", 0))
        return offset, int(segment["size"])


class _MlxGraph:
    def __init__(self, payload: bytes) -> None:
        from .mlx_schema import ensure_mlx_schema

        ensure_mlx_schema()
        from executorch.backends.mlx.pte_inspector import parse_mlx_flatbuffer
        from executorch.backends.mlx.serialization._generated.mlx_delegate import MLXGraph

        flatbuffer = payload[_PAYLOAD_HEADER : int.from_bytes(payload[8:16], "little")]
        self.graph = MLXGraph.MLXGraph.GetRootAs(flatbuffer, 0)
        chains = parse_mlx_flatbuffer(flatbuffer)["instruction_chains"]
        instructions = chains[self.graph.MainChainIdx()]["instructions"]
        self.nodes = Counter(node["op_name"].removesuffix("Node") for node in instructions)
        self.bytes_read = sum(map(self._constants_read, instructions))
        first = (
            self.graph.NumConstantTensors()
            + self.graph.NumInputTensors()
            + self.graph.NumOutputTensors()
        )
        buffers = range(first, first + self.graph.NumMutableBufferTensors())
        self.state_bytes = sum(map(self._tensor_bytes, buffers))

    def _constants_read(self, node: dict[str, Any]) -> int:
        """Bytes of the constants that a node reads in full."""
        if node["op_name"] in ("TakeNode", "TakeAlongAxisNode", "GatherNode"):
            return 0
        read = 0
        for name, value in node.items():
            # Made by the init chain, biases have no size in the file: they are like their scales.
            field = node["scales"] if name == "biases" else value
            for index in _tids(field):
                if name != "out" and index < self.graph.NumConstantTensors():
                    read += self._tensor_bytes(index)
        return read

    def _tensor_bytes(self, index: int) -> int:
        meta = self.graph.TensorMeta(index)
        sizes = [int(meta.Shape(axis).Value()) for axis in range(meta.ShapeLength())]
        return math.prod(sizes) * _ITEM_BYTES[int(meta.ScalarType())]


def _tids(field: Any) -> list[int]:
    """The tensors that a node's field names: one, several ("tid 5"), or none."""
    if isinstance(field, dict) and "tid" in field:
        return [int(field["tid"])]
    if isinstance(field, list):
        return [int(item.split()[1]) for item in field if str(item).startswith("tid ")]
    return []


def print_summary(file: Path) -> None:
    """Raises ProgramError, OSError."""
    for method in summarize(file):
        print(f"{file.name}: {method.name}")
        print(f"  delegates    {_listed(method.delegates)}")
        print(f"  operators    {_listed(method.operators)}")
        if method.nodes:
            print(f"  nodes        {method.nodes.total()}: {_listed(method.nodes)}")
        if method.bytes_read is not None:
            print(f"  weights read {method.bytes_read / 1e6:,.1f} MB per call")
            print(f"  state        {method.state_bytes / 1e6:,.1f} MB")


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common()) or "none"
