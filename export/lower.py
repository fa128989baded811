"""Modules to programs: tracing, partitioning for a backend, and writing one `.pte`."""

from __future__ import annotations

from collections.abc import Iterator
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
from executorch.exir.passes import MemoryPlanningPass
from torch import Tensor, nn
from torch.fx.traceback import NodeSource
from torch.storage import _StorageBase

from .contract import Metadata


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
def lower(
    methods: dict[str, Method],
    metadata: Metadata,
    backend: str,
    quantized: bool,
    path: Path,
) -> None:
    """Writes a program with `methods` and `metadata` to `path`."""
    programs = {
        name: torch.export.export(
            method.module, method.inputs, dynamic_shapes=method.dynamic_shapes, strict=False
        )
        for name, method in methods.items()
    }
    partitioners = {name: _partitioners(backend, quantized) for name in methods}
    edge = to_edge_transform_and_lower(
        programs,
        partitioner=partitioners if backend != "portable" else None,
        compile_config=EdgeCompileConfig(
            _check_ir_validity=False,  # the operators of ours are not in the core set
            preserve_ops=[torch.ops.aten.linear.default] if backend == "portable" else [],
        ),
        constant_methods=metadata,
    )
    del programs
    program = edge.to_executorch(
        ExecutorchBackendConfig(
            extract_delegate_segments=True,
            memory_planning_pass=MemoryPlanningPass(alloc_graph_input=False),
            emit_mutable_buffer_names=True,
        )
    )
    with path.open("wb") as file:
        program.write_to_file(file)


def _partitioners(backend: str, quantized: bool) -> list[Any]:
    """XNNPACK takes the matrix products; what lies between them are operators of ours and a few
    additions, which are not worth a delegate's call each.
    """
    if backend == "portable":
        return []
    precisions = [ConfigPrecisionType.FP32]
    if quantized:
        precisions.append(ConfigPrecisionType.DYNAMIC_QUANT)
    return [XnnpackPartitioner(configs=[LinearConfig], config_precisions=precisions)]
