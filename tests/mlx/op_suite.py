"""ExecuTorch's MLX operator suite as the wheel ships it, made to run against our delegate."""

from __future__ import annotations

import contextlib
import importlib
import importlib.machinery
import importlib.util
import io
import logging
import os
import shutil
import sys
import types
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import torch

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent
SMOKE_CASES = FOLDER / "smoke_cases.txt"
EXPECTED_FAILURES = FOLDER / "expected_failures.txt"
RUNNER_VARIABLE = "VOXTRAL_TTS_OP_TEST_RUNNER"
TEST_UTILS = "executorch.backends.mlx.test.test_utils"


class Outcome(NamedTuple):
    passed: bool
    nodes: tuple[str, ...]  # types of the exported program's nodes, sorted
    output: str  # what upstream's harness printed


def runner_path() -> Path:
    """The op_test_runner to use. Raises FileNotFoundError with the remedy."""
    default = ROOT / "build" / "tests" / "op_test_runner"
    path = Path(os.environ.get(RUNNER_VARIABLE, default)).resolve()
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is missing: run 'make build', or set {RUNNER_VARIABLE} to another one"
        )
    return path


def harness(runner: Path, work: Path) -> Any:
    """Upstream's test_utils, running `runner` and writing below `work`, not into site-packages."""
    from export.mlx_lowering import install_lowering_fixes

    install_lowering_fixes()
    utils = importlib.import_module(TEST_UTILS)

    def case_folder(case: Any) -> Path:
        folder = work / str(case.name)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    logging.getLogger("executorch.backends.mlx").setLevel(logging.WARNING)
    utils.find_op_test_runner = lambda: runner
    utils.OpTestCase.get_test_dir = case_folder
    return utils


def load_suite(runner: Path, work: Path) -> dict[str, Any]:
    """Name -> case of every case of upstream's suite; two cases of one name are equal."""
    utils = harness(runner, work)
    stub_missing_imports()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        importlib.import_module("executorch.backends.mlx.test.test_ops")
    return dict(utils.get_all_test_configs())


def find_case(suite: dict[str, Any], name: str) -> Any:
    """The case of this name; 'one+other' is the bundle of two."""
    parts = [suite[part] for part in name.split("+")]
    if len(parts) == 1:
        return parts[0]
    from bundle import Bundle

    return Bundle(parts)


def stub_missing_imports() -> None:
    """Lets the suite be imported without the packages that it names and nearly never uses.

    `transformers` gives a base class for the hf_static_cache cases, which need the real one.
    The __init__ of executorch.extension.llm.modules imports torchtune; the TurboQuant module
    inside, which the suite wants, does not.
    """
    if importlib.util.find_spec("transformers") is None:
        transformers = types.ModuleType("transformers")
        transformers.__spec__ = importlib.machinery.ModuleSpec("transformers", None)
        cache_utils = types.ModuleType("transformers.cache_utils")
        cache_utils.StaticCache = type("StaticCache", (), {})  # type: ignore[attr-defined]
        sys.modules["transformers"] = transformers
        sys.modules["transformers.cache_utils"] = cache_utils
    name = "executorch.extension.llm.modules"
    if importlib.util.find_spec("torchtune") is None and name not in sys.modules:
        found = importlib.util.find_spec("executorch.extension.llm")
        assert found is not None and found.submodule_search_locations is not None
        modules = types.ModuleType(name)
        modules.__path__ = [str(Path(p) / "modules") for p in found.submodule_search_locations]
        sys.modules[name] = modules


def run_case(case: Any, *, export_only: bool = False) -> Outcome:
    """Exports, runs and compares one case in this process; its files are removed."""
    utils = sys.modules[TEST_UTILS]
    folder: Path = case.get_test_dir()
    printed = io.StringIO()
    passed = False
    nodes: tuple[str, ...] = ()
    with captured(printed):
        try:
            if export_only:
                case.generate_test_files()
            passed = export_only or bool(case.run_test())
        except Exception as error:
            print(f"{type(error).__name__}: {error}")
        with contextlib.suppress(OSError, ValueError):
            nodes = tuple(sorted(utils.get_mlx_node_counts(folder / "model.pte")))
    shutil.rmtree(folder, ignore_errors=True)
    torch._dynamo.reset()  # its caches grow with every model otherwise
    return Outcome(passed, nodes, printed.getvalue())


@contextlib.contextmanager
def captured(printed: io.StringIO) -> Iterator[None]:
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
    ):
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def stock_lowering() -> Iterator[None]:
    """The wheel's own handlers instead of ours, for as long as it lasts."""
    from export.mlx_lowering import install_lowering_fixes

    ops = importlib.import_module("executorch.backends.mlx.ops")
    registry = importlib.import_module("executorch.backends.mlx.builder.op_registry").REGISTRY
    stock = {
        torch.ops.aten.index.Tensor: ops._index_handler,
        torch.ops.aten.copy.default: ops._copy_handler,
    }
    for target, handler in stock.items():
        registry.unregister(target)
        registry.register(target)(handler)
    try:
        yield
    finally:
        install_lowering_fixes()


def read_list(path: Path) -> dict[str, str]:
    """Name -> what follows it, of the lines that are neither empty nor comments."""
    lines = [line.split("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines()]
    return {name: rest.strip() for name, _, rest in (line.partition(" ") for line in lines if line)}
