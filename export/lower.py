"""Modules to programs: tracing, partitioning for a backend, and writing one `.pte`."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import torch
from executorch.backends.xnnpack.partition.config.gemm_configs import LinearConfig
from executorch.backends.xnnpack.partition.config.xnnpack_config import ConfigPrecisionType
from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
from executorch.exir import (
    EdgeCompileConfig,
    ExecutorchBackendConfig,
    to_edge_transform_and_lower,
)
from executorch.exir.delegate import executorch_call_delegate
from executorch.exir.passes import MemoryPlanningPass
from torch import Tensor, nn
from torch.export import ExportedProgram
from torch.export.graph_signature import InputKind
from torch.fx.traceback import NodeSource
from torch.storage import _StorageBase

from .contract import Metadata
from .weights_in_place import weights_in_place

_ALIGNMENT = 128  # ExecuTorch's own
_CACHE_LINE = 64  # a load of packed weights must not straddle two
MLX_SEGMENT_ALIGNMENT = 16384
"""A page of Apple Silicon: MLX can use mapped weights in place only if they start on one."""


class Method(NamedTuple):
    module: nn.Module
    inputs: tuple[Tensor, ...]
    dynamic_shapes: tuple[Any, ...]


@contextmanager
def _shared_copies() -> Iterator[None]:
    """Makes the copies that lowering takes of weights and of provenance records share them.

    Lowering deep-copies the program, weights included, and every node's record of the passes it
    went through in every pass: at full size 10 GB and minutes. Nothing writes to either.
    """
    shared: tuple[Any, ...] = (_StorageBase, NodeSource)
    kept = [kind.__dict__.get("__deepcopy__") for kind in shared]
    for kind in shared:
        kind.__deepcopy__ = lambda self, _memo: self
    try:
        yield
    finally:
        for kind, method in zip(shared, kept, strict=True):
            if method is None:
                del kind.__deepcopy__
            else:
                kind.__deepcopy__ = method


@torch.no_grad()
@_shared_copies()
def lower(methods: dict[str, Method], metadata: Metadata, backend: str, path: Path) -> None:
    """Writes a program with `methods` and `metadata` to `path`. Raises LoweringError."""
    target = _target(backend)
    with weights_in_place(method.module for method in methods.values()):
        _lower(methods, metadata, target, path)


def _lower(methods: dict[str, Method], metadata: Metadata, target: _Target, path: Path) -> None:
    programs = {
        name: torch.export.export(
            method.module, method.inputs, dynamic_shapes=method.dynamic_shapes, strict=False
        )
        for name, method in methods.items()
    }
    edge = to_edge_transform_and_lower(
        programs,
        transform_passes=target.passes(),
        partitioner={name: target.partitioners() for name in methods},
        compile_config=EdgeCompileConfig(
            _check_ir_validity=False,  # the operators of ours are not in the core set
            preserve_ops=target.preserved,
        ),
        constant_methods=metadata,
    )
    del programs
    if target.whole:
        for name in methods:
            check_whole(name, edge.exported_program(name))
    program = edge.to_executorch(
        ExecutorchBackendConfig(
            extract_delegate_segments=True,
            segment_alignment=target.segment_alignment,
            constant_tensor_alignment=_CACHE_LINE,
            memory_planning_pass=MemoryPlanningPass(alloc_graph_input=False),
            emit_mutable_buffer_names=True,
        )
    )
    with path.open("wb") as file:
        program.write_to_file(file)


class LoweringError(RuntimeError):
    """A method cannot be expressed on the backend; the message names the operator and its line."""


def check_whole(method: str, program: ExportedProgram) -> None:
    """Raises LoweringError unless all of a method is one delegate's."""
    delegates, outside = 0, []
    for node in program.graph.nodes:
        if node.op != "call_function" or node.target is operator.getitem:
            continue
        if node.target is executorch_call_delegate:
            delegates += 1
        else:
            trace = [line.strip() for line in (node.stack_trace or "").splitlines() if line.strip()]
            outside.append(f"{node.target} ({' '.join(trace[-2:]) or 'no source line known'})")
    placeholders = {node.name for node in program.graph.nodes if node.op == "placeholder"}
    for spec in program.graph_signature.input_specs:
        if spec.kind is not InputKind.USER_INPUT and spec.arg.name in placeholders:
            outside.append(f"the weight {spec.target}")
    if outside or delegates != 1:
        raise LoweringError(
            f"method {method}: {delegates} delegates instead of one"
            + "".join(f"; outside: {item}" for item in outside)
        )


class _Target(NamedTuple):
    passes: Callable[[], list[Any]]
    partitioners: Callable[[], list[Any]]
    preserved: list[Any]
    segment_alignment: int
    whole: bool  # every method has to become one delegate


def _target(backend: str) -> _Target:
    if backend == "portable":
        return _Target(list, list, [torch.ops.aten.linear.default], _ALIGNMENT, whole=False)
    if backend == "xnnpack":
        return _Target(list, _xnnpack_partitioners, [], _ALIGNMENT, whole=False)
    from .mlx_lowering import install_lowering_fixes

    install_lowering_fixes()
    from executorch.backends.mlx.partitioner import MLXPartitioner
    from executorch.backends.mlx.passes import get_default_passes

    return _Target(
        get_default_passes, lambda: [MLXPartitioner()], [], MLX_SEGMENT_ALIGNMENT, whole=True
    )


def _xnnpack_partitioners() -> list[Any]:
    """XNNPACK takes the products with full weights. Operators of ours have the quantised ones and
    what lies between; a few additions are not worth a delegate's call each.
    """
    precisions = [ConfigPrecisionType.FP32]
    return [XnnpackPartitioner(configs=[LinearConfig], config_precisions=precisions)]
