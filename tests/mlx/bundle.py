"""Several cases of the suite as one program, which is exported and run once."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from op_suite import TEST_UTILS
from torch import Tensor, nn

from export.mlx_schema import ensure_mlx_schema

ensure_mlx_schema()
utils: Any = importlib.import_module(TEST_UTILS)


def can_bundle(case: Any) -> bool:
    """Whether a case does nothing but compare a model of static shapes with eager PyTorch."""
    kept = ("compute_expected_outputs", "get_edge_compile_config", "get_transform_passes")
    kept = (*kept, "compare_with_actual", "generate_test_files", "run_test", "get_dynamic_shapes")
    return (
        all(getattr(type(case), name) is getattr(utils.OpTestCase, name) for name in kept)
        and case.expected_mlx_segments == 1
        and case.expected_node_counts is None
        and case.kv_cache is None
        and not case.skip_comparison
    )


class _Models(nn.Module):
    """Runs each model on its share of the inputs; gives all outputs in order."""

    def __init__(self, models: list[nn.Module], counts: list[int]) -> None:
        super().__init__()
        self.models = nn.ModuleList(models)
        self.counts = counts

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        outputs: list[Tensor] = []
        first = 0
        for model, count in zip(self.models, self.counts, strict=True):
            outputs += _listed(model(*inputs[first : first + count]))
            first += count
        return tuple(outputs)


class Bundle(utils.OpTestCase):  # type: ignore[misc,name-defined]
    """Each part has the model, inputs and tolerance that it has alone."""

    def __init__(self, parts: list[Any]) -> None:
        self.parts = parts
        self.name = f"{parts[0].name}_and_{len(parts) - 1}_more"
        self.models: list[nn.Module] = []
        self.inputs: list[Tensor] = []
        self.test_inputs: list[Tensor] = []
        self.tolerances: list[tuple[float, float]] = []  # per output

    def create_model(self) -> nn.Module:
        models, counts = [], []
        for part in self.parts:  # in the order, and with the seeds, of generate_test_files
            part._set_seed()
            model = part.create_model().eval()
            inputs = _listed(part.create_inputs())
            part._set_seed()
            test_inputs = _listed(part.create_test_inputs())
            outputs = _listed(model(*test_inputs))
            models.append(model)
            counts.append(len(inputs))
            self.inputs += inputs
            self.test_inputs += test_inputs
            self.tolerances += [(part.rtol, part.atol)] * len(outputs)
        return _Models(models, counts)

    def create_inputs(self) -> tuple[Tensor, ...]:
        return tuple(self.inputs)

    def create_test_inputs(self) -> tuple[Tensor, ...]:
        return tuple(self.test_inputs)

    def compare_with_actual(
        self, actual_output_path: str | Path, use_dtype_tolerances: bool = False
    ) -> tuple[bool, str]:
        load: Callable[[Any], list[Tensor]] = utils.load_tensors_from_bin
        expected = load(self.get_test_dir() / "expected_output.bin")
        actual = load(actual_output_path)
        if len(expected) != len(actual):
            return False, f"{len(actual)} outputs instead of {len(expected)}"
        for i, (rtol, atol) in enumerate(self.tolerances):
            passed, message = utils.compare_outputs([expected[i]], [actual[i]], rtol, atol)
            if not passed:
                return False, f"output {i} of {'+'.join(p.name for p in self.parts)}: {message}"
        return True, f"all {len(expected)} outputs match"


def _listed(tensors: Any) -> list[Tensor]:
    return [tensors] if isinstance(tensors, Tensor) else list(tensors)
