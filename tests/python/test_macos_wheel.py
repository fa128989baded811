"""What the build expects of ExecuTorch's wheel for Apple Silicon is in it.

Oracle: tests/data/macos_wheel.json, which scripts/check_macos_wheel.py --record read from it.
"""

from __future__ import annotations

import copy
import hashlib
import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
RECORD = json.loads((ROOT / "tests/data/macos_wheel.json").read_text())
TARGETS = dict(RECORD["targets"])


@pytest.fixture(scope="module")
def checker() -> ModuleType:
    path = ROOT / "scripts" / "check_macos_wheel.py"
    spec = importlib.util.spec_from_file_location("check_macos_wheel", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def installed() -> Path:
    spec = importlib.util.find_spec("executorch")
    assert spec is not None and spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0])


def deployment_target() -> str:
    """What CMake builds for; the wheel's tag is made from the same value in pyproject.toml."""
    text = (ROOT / "CMakeLists.txt").read_text()
    (target,) = re.findall(r"CMAKE_OSX_DEPLOYMENT_TARGET (\d+\.\d+)", text)
    assert f'CMAKE_OSX_DEPLOYMENT_TARGET = "{target}"' in (ROOT / "pyproject.toml").read_text()
    return str(target)


def test_the_recorded_wheel_is_the_pinned_version_and_has_no_problem(checker: ModuleType) -> None:
    (version,) = set(re.findall(r"executorch==([0-9.]+)", (ROOT / "pyproject.toml").read_text()))
    assert RECORD["wheel"].startswith(f"executorch-{version}-")
    assert checker.problems(RECORD, deployment_target()) == []


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("metallibs",), [], "Metal's kernels are"),
        (("metallib_in_config",), [], "MLX_METALLIB_PATH"),
        (("libraries", "libexecutorch_backend_mlx", "looks_for_metallib"), False, "look for"),
        (("libraries", "libexecutorch", "minos"), "15.0", "built for macOS 15.0"),
        (("libraries", "libexecutorch", "name"), "/tmp/a.dylib", "install name is /tmp/a.dylib"),
        (("generated",), [], "mlx_graph_schema.py is missing"),
        (("libraries",), {}, "backend_mlx: no libexecutorch_backend_mlx.dylib"),
    ],
)
def test_what_is_missing_is_noticed(
    checker: ModuleType, path: tuple[str, ...], value: object, message: str
) -> None:
    broken = copy.deepcopy(RECORD)
    place = broken
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    found = checker.problems(broken, deployment_target())
    assert any(message in problem for problem in found), found


def test_targets_named_in_cmake_are_in_the_wheel() -> None:
    files = [*(ROOT / "cmake").iterdir(), *(ROOT / "cpp").rglob("CMakeLists.txt")]
    named = {
        name for file in files for name in re.findall(r"executorch::(\w+)", file.read_text())
    } - {"runtime"}
    assert {"backend_mlx", "threadpool"} <= named
    for name in named:
        assert f"lib{TARGETS[name]}" in RECORD["libraries"], name


def test_libraries_the_package_loads_are_in_the_wheel() -> None:
    text = (ROOT / "python/voxtral_tts/_native.py").read_text()
    block = text[text.index("_LIBRARIES = (") :].split(")")[0]
    names = re.findall(r'"(\w+)"', block)
    assert "executorch_backend_mlx" in names
    for name in names:
        library = RECORD["libraries"][f"lib{name}"]
        needed = {
            need.removeprefix("@rpath/lib").removesuffix(".dylib") for need in library["needs"]
        }
        earlier = names[: names.index(name)]
        assert needed & {*names} <= {*earlier, name}, f"{name} is loaded before what it needs"


def test_both_wheels_have_the_same_config_headers_and_schema(installed: Path) -> None:
    """So that what was built and exported here fits there."""
    for name, digest in RECORD["sha256"].items():
        content = (installed.parent / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest, name
    include = installed / "include"
    headers = sorted(p.relative_to(include).as_posix() for p in include.rglob("*") if p.is_file())
    assert [h for h in headers if h.startswith("executorch/")] == RECORD["headers"]
