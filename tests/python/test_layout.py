"""The tree's own rules: one direction of includes, small files, a runtime without exporter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "cpp" / "runner" / "src"
# A stage may include what stands before it; `model` is reached through its interfaces alone.
ALLOWED = {
    "support": set(),
    "audio": {"support"},
    "text": {"support"},
    "model": {"support", "operators", "simd"},
    "prompt": {"support", "model"},
    "generate": {"support", "model"},
    "codec": {"support", "model", "audio"},
    "engine": {"support", "audio", "text", "model", "prompt", "generate", "codec", "simd"},
    "bench": {"support", "model"},
}
INTERFACES = {
    "model/speech_model.h",
    "model/codec_model.h",
    "model/kv_buffer.h",
    "model/metadata.h",
    "model/step_rows.h",
}
BUDGETS = {".h": 150, ".cpp": 400, ".py": 400}


def files(*suffixes: str) -> Iterator[Path]:
    for folder in ("cpp", "python", "export", "training", "tests"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in suffixes:
                yield path


@pytest.mark.parametrize("stage", ALLOWED)
def test_includes_point_one_way(stage: str) -> None:
    for path in (SOURCES / stage).iterdir():
        for name in re.findall(r'#include "([a-z_0-9/]+\.h)"', path.read_text()):
            folder = name.split("/")[0]
            if folder in ("voxtral_tts", stage):
                continue
            assert folder in ALLOWED[stage], f"{path} includes {name}"
            if folder == "model" and stage not in ("engine", "bench"):
                assert name in INTERFACES, f"{path} includes {name}"


# Likewise for the MLX delegate.
DELEGATE = {
    "schema": set(),
    "graph": {"schema"},
    "kernels": {"operators", "simd"},
    "interpreter": {"graph", "kernels"},
    "backend": {"schema", "graph", "kernels", "interpreter"},
}


@pytest.mark.parametrize("part", DELEGATE)
def test_includes_of_the_delegate_point_one_way(part: str) -> None:
    for path in (ROOT / "cpp" / "mlx_delegate" / part).iterdir():
        if path.suffix in (".h", ".cpp"):
            for name in re.findall(r'#include "([a-z_0-9]+)/[a-z_0-9]+\.h"', path.read_text()):
                assert name == part or name in DELEGATE[part], f"{path} includes {name}/"


def test_only_the_model_stage_knows_executorch() -> None:
    for path in SOURCES.rglob("*"):
        if path.is_file() and path.parent.name != "model":
            assert "executorch/" not in path.read_text(), path


def test_the_library_never_prints() -> None:
    libraries = (ROOT / "cpp" / "operators", ROOT / "cpp" / "mlx_delegate")
    for path in (*SOURCES.rglob("*.cpp"), *(p for lib in libraries for p in lib.rglob("*.cpp"))):
        found = re.findall(
            r"std::cerr|std::cout|\bf?printf\(|\babort\(|\bassert\(", path.read_text()
        )
        assert not found, f"{path}: {found}"


def test_files_stay_small() -> None:
    for path in files(*BUDGETS):
        lines = len(path.read_text().splitlines())
        name = path.relative_to(ROOT).as_posix()
        assert lines <= BUDGETS[path.suffix], f"{name}: {lines} lines"


def test_the_runtime_imports_no_exporter() -> None:
    for path in (ROOT / "python").rglob("*.py"):
        if path.parent.name == "bench":  # a tool that runs the exporter
            continue
        found = re.findall(
            r"^\s*(?:import|from) (torch|export|executorch|mlx)\b", path.read_text(), re.M
        )
        assert not found, f"{path}: {found}"


def test_files_are_flushed_down_to_the_drive_in_one_place_per_language() -> None:
    """fsync alone leaves them in the drive's cache on macOS."""
    for path in files(".h", ".cpp", ".py"):
        allowed = ("flush_to_drive.h", "files.py", "machine.py")  # the last makes room in a cache
        if "tests" not in path.relative_to(ROOT).parts and path.name not in allowed:
            assert not re.search(r"\b(fsync|fdatasync)\(", path.read_text()), path


def test_ray_is_imported_where_it_is_meant_only() -> None:
    for path in (ROOT / "python").rglob("*.py"):
        found = re.findall(r"^\s*(?:import|from) (ray|pyarrow)\b", path.read_text(), re.M)
        assert not found or path.name in ("ray_data.py", "ray_serve.py"), f"{path}: {found}"
        # None of them at import time: what does not speak on Ray has no need of it.
        assert not re.findall(r"^(?:import|from) (ray|pyarrow)\b", path.read_text(), re.M), path
