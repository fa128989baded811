"""What XNNPACK's payloads in a program say of the weights that they read.

Fields and union members have the places that
executorch/backends/xnnpack/serialization/schema.fbs gives them.
"""

from __future__ import annotations

from collections.abc import Iterator

from executorch.backends.xnnpack.serialization.xnnpack_graph_serialize import XNNHeader
from flatbuffers import encode, packer
from flatbuffers.table import Table

_NODES, _VALUES, _CONSTANTS = 1, 2, 8  # of XNNGraph
_CONSTANT_SIZE = 1  # of ConstantDataOffset
_FULLY_CONNECTED = 2  # of XNodeUnion
_FILTER, _BIAS = 1, 2  # of XNNFullyConnected
_QUANTIZED = 2  # of XValueUnion
_BUFFER, _ID = 3, 6  # of XNNTensorValue
_SCALES = {1: 2, 4: 4}  # by member of XNNQuantParams: its scale_buffer_idx


def constant_bytes(payload: bytes) -> int:
    """Bytes of constants that one call of a payload's graph reads, in the file's form.

    Of every fully connected node its weights, scales and bias, so that a weight with two users
    counts twice; other constants count once. Raises ValueError when the payload is damaged.
    """
    header = XNNHeader.from_bytes(payload[: XNNHeader.EXPECTED_LENGTH])
    if not header.is_valid():
        raise ValueError("an XNNPACK payload without its header")
    begin = header.flatbuffer_offset
    graph = _root(payload[begin : begin + header.flatbuffer_size])
    sizes = [_number(entry, _CONSTANT_SIZE, packer.uint64) for entry in _tables(graph, _CONSTANTS)]
    buffers = dict(map(_buffers, _tables(graph, _VALUES)))
    total, read = 0, {0}  # constant 0 stands for none
    for node in _tables(graph, _NODES):
        if _number(node, 0, packer.uint8) != _FULLY_CONNECTED:
            continue
        linear = _union(node, 1)
        for field in (_FILTER, _BIAS):
            used = buffers.get(_number(linear, field, packer.uint32), ())
            total += sum(sizes[index] for index in used)
            read.update(used)
    return total + sum(size for index, size in enumerate(sizes) if index not in read)


def _buffers(value: Table) -> tuple[int, tuple[int, ...]]:
    """A value's id and the constants it consists of: data, and scales."""
    tensor = _union(value, 1)
    scales = 0
    if _number(value, 0, packer.uint8) == _QUANTIZED:
        kind = _number(tensor, 1, packer.uint8)
        if kind in _SCALES:
            scales = _number(_union(tensor, 2), _SCALES[kind], packer.uint32)
        tensor = _child(tensor, 0)
    data = _number(tensor, _BUFFER, packer.uint32)
    used = tuple(index for index in (data, scales) if index)
    return _number(tensor, _ID, packer.uint32), used


def _root(buffer: bytes) -> Table:
    return Table(bytearray(buffer), encode.Get(packer.uoffset, buffer, 0))


def _offset(table: Table, field: int) -> int:
    """Where a field stands in its table; 0 when it has its default."""
    return int(table.Offset(4 + 2 * field))


def _number(table: Table, field: int, kind: object) -> int:
    offset = _offset(table, field)
    return int(encode.Get(kind, table.Bytes, table.Pos + offset)) if offset else 0


def _child(table: Table, field: int) -> Table:
    return Table(table.Bytes, table.Indirect(table.Pos + _offset(table, field)))


_union = _child  # a union's value is stored as a table is


def _tables(table: Table, field: int) -> Iterator[Table]:
    offset = _offset(table, field)
    if offset:
        first = table.Vector(offset)
        for index in range(table.VectorLen(offset)):
            yield Table(table.Bytes, table.Indirect(first + 4 * index))
