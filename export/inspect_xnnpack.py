"""What XNNPACK's payloads in a program say of the weights that they read."""

from __future__ import annotations

import flatbuffers.encode
import flatbuffers.packer
from executorch.backends.xnnpack.serialization.xnnpack_graph_serialize import XNNHeader
from flatbuffers.table import Table

# Places in the vtables, from executorch/backends/xnnpack/serialization/schema.fbs: a table's
# field n stands at 4 + 2 n.
_GRAPH_CONSTANT_DATA = 4 + 2 * 8
_CONSTANT_SIZE = 4 + 2 * 1


def constant_bytes(payload: bytes) -> int:
    """Bytes of the constants of a payload's graph: weights, scales and biases, in the file's form.

    The graph reads each of them once per call. Raises ValueError when the payload is damaged.
    """
    header = XNNHeader.from_bytes(payload[: XNNHeader.EXPECTED_LENGTH])
    if not header.is_valid():
        raise ValueError("an XNNPACK payload without its header")
    begin = header.flatbuffer_offset
    graph = _root(payload[begin : begin + header.flatbuffer_size])
    field = graph.Offset(_GRAPH_CONSTANT_DATA)
    if field == 0:
        return 0
    first, total = graph.Vector(field), 0
    for index in range(graph.VectorLen(field)):
        entry = Table(graph.Bytes, graph.Indirect(first + 4 * index))
        size = entry.Offset(_CONSTANT_SIZE)
        total += _uint64(entry, size) if size else 0
    return total


def _root(buffer: bytes) -> Table:
    offset = flatbuffers.encode.Get(flatbuffers.packer.uoffset, buffer, 0)
    return Table(bytearray(buffer), offset)


def _uint64(table: Table, offset: int) -> int:
    return int(flatbuffers.encode.Get(flatbuffers.packer.uint64, table.Bytes, table.Pos + offset))
