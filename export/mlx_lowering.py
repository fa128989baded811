"""Corrects two of executorch 1.5.1's MLX lowerings, through the wheel's own registry.

Our graphs use neither operator; this is for anyone who lowers other models with this package,
and for the operator tests. docs/mlx.md, "Lowering", tells what the released handlers do.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import torch
from torch.fx.experimental.symbolic_shapes import statically_known_true

from .mlx_schema import ensure_mlx_schema


def install_lowering_fixes() -> None:
    """Replaces the handlers of aten.index.Tensor and aten.copy; repeated calls change nothing.

    Raises MlxSchemaError when this Python's MLX lowering is not usable.
    """
    ensure_mlx_schema()
    import_module("executorch.backends.mlx.ops")  # registers what we replace
    registry = import_module("executorch.backends.mlx.builder.op_registry").REGISTRY
    handlers = {
        torch.ops.aten.index.Tensor: _lower_index,
        torch.ops.aten.copy.default: _lower_copy,
    }
    for target, handler in handlers.items():
        registry.unregister(target)
        registry.register(target)(handler)


def _lower_index(builder: Any, node: Any) -> Any:
    """x[i0, :, i1, ...] with integer tensors. Returns the slot of the result.

    Note [Broadcast dims of an index]: with several index tensors, x of rank n and indices that
    broadcast to the shape b, MLX's gather returns b first, then one dim per dim of x, those of
    indexed axes being 1. Without the ones that is b + rest. Torch returns this order too when the
    indexed axes are separated by others; when they are adjacent, b stands where they stood:
    x.shape[:a] + b + x.shape[a + m:], for the axes a ... a + m - 1. So adjacent axes need a
    transpose unless a = 0. With one index the same rule is Take's, whatever the index's rank.

    Raises NotImplementedError (the partitioner then leaves the node to other backends) for masks
    and when a dim that is not indexed has a dynamic size, which gather cannot express.
    """
    schema = _schema()
    x, indices = builder.args(node)
    x_node, index_nodes = node.args
    axes = [axis for axis, index in enumerate(index_nodes) if index is not None]
    metas = [index_nodes[axis].meta["val"] for axis in axes]
    if not axes or any(meta.dtype in (torch.bool, torch.uint8) for meta in metas):
        raise NotImplementedError("aten.index.Tensor lowers with integer indices only, not masks")

    if len(axes) == 1:
        index = schema.IntOrVidOrTid.from_tid(builder.slot_to_tid(indices[axes[0]]))
        return _emit(builder, node, schema.TakeNode, x=x, index=index, axis=axes[0])

    shape = list(x_node.meta["val"].shape)
    slice_sizes = [1 if axis in axes else size for axis, size in enumerate(shape)]
    if not all(isinstance(size, int) for size in slice_sizes):
        raise NotImplementedError(
            f"aten.index.Tensor with several indices needs static sizes where it does not index, "
            f"got {shape} with axes {axes} indexed"
        )
    gathered = _emit(
        builder,
        None,
        schema.GatherNode,
        x=x,
        indices=[builder.slot_to_tid(indices[axis]) for axis in axes],
        axes=axes,
        slice_sizes=slice_sizes,
    )

    # See Note [Broadcast dims of an index].
    rank = max(meta.dim() for meta in metas)
    ones = [rank + axis for axis in axes]
    first = axes[0]
    adjacent = axes[-1] - first + 1 == len(axes)
    if not adjacent or first == 0 or rank == 0:
        return _emit(builder, node, schema.SqueezeNode, x=gathered, dims=ones)
    squeezed = _emit(builder, None, schema.SqueezeNode, x=gathered, dims=ones)
    before = range(rank, rank + first)
    after = range(rank + first, rank + len(shape) - len(axes))
    perm = [*before, *range(rank), *after]
    return _emit(builder, node, schema.TransposeNode, x=squeezed, perm=perm)


def _lower_copy(builder: Any, node: Any) -> Any:
    """aten.copy(to, source): `source` with the shape and dtype of `to`. Returns its slot.

    Filling a slice, y[:, 0] = c, is a copy of a 0-d constant: it has to be broadcast, as the
    nodes that then place the slice in y reckon with its rank.
    """
    schema = _schema()
    helpers = import_module("executorch.backends.mlx.builder.op_helpers")
    to, source = builder.args(node)[:2]
    to_meta, source_meta = (argument.meta["val"] for argument in node.args[:2])
    same_shape = to_meta.dim() == source_meta.dim() and all(
        statically_known_true(a == b) for a, b in zip(to_meta.shape, source_meta.shape, strict=True)
    )
    same_dtype = to_meta.dtype == source_meta.dtype
    if same_shape and same_dtype:
        return _emit(builder, node, schema.ContiguousNode, x=source)
    if not same_dtype:
        scalar_type = helpers.torch_dtype_to_scalar_type(to_meta.dtype)
        cast_node = node if same_shape else None
        source = _emit(builder, cast_node, schema.AsTypeNode, x=source, scalar_type=scalar_type)
        if same_shape:
            return source
    size = helpers.emit_shape(builder, node.args[0], to)
    return _emit(builder, node, schema.BroadcastToNode, x=source, shape=size)


def _emit(builder: Any, node: Any, kind: Any, *, x: Any, **fields: Any) -> Any:
    """Emits an instruction that reads the slot `x`; returns the slot that it writes.

    The slot is that of the graph's `node`, or a temporary one where node is None.
    """
    out = builder.make_tmp_slot()[1] if node is None else builder.make_or_get_slot(node)
    builder.emit(kind(x=builder.slot_to_tid(x), out=builder.slot_to_tid(out), **fields))
    return out


def _schema() -> Any:
    """The node classes, which can be imported once ensure_mlx_schema() has run."""
    return import_module("executorch.backends.mlx.serialization.mlx_graph_schema")
