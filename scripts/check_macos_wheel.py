"""Checks what the build relies on in ExecuTorch's wheel for Apple Silicon, on any machine.

Downloads the wheel that pyproject.toml pins and reads it without unpacking: the CMake targets, the
libraries and what they were built for, where Metal's kernels lie, MLX's schema, the C++ headers.
With --record the listing goes to tests/data/macos_wheel.json, which tests compare with the build.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import mach_o

ROOT = Path(__file__).parents[1]
RECORD = ROOT / "tests" / "data" / "macos_wheel.json"
PLATFORMS = ("macosx_14_0_arm64", "macosx_15_0_arm64", "macosx_13_0_arm64", "macosx_12_0_arm64")
CONFIG = "executorch/lib/cmake/executorch/executorch-config.cmake"
SCHEMA = "executorch/backends/mlx/serialization/"
# What the Linux wheel lacks and export/ makes there.
GENERATED = (
    SCHEMA + "mlx_graph_schema.py",
    SCHEMA + "_generated_serializers.py",
    SCHEMA + "_generated/__init__.py",
    "executorch/backends/mlx/_generated_inspector.py",
)

Listing = dict[str, Any]


def listing(wheel: Path) -> Listing:
    """The parts of the wheel that matter to the build."""
    with zipfile.ZipFile(wheel) as archive:
        names = sorted(archive.namelist())

        def digest(name: str) -> str:
            return hashlib.sha256(archive.read(name)).hexdigest()

        libraries = {}
        for name in names:
            if re.fullmatch(r"executorch/lib/lib[^/]*\.dylib", name):
                data = archive.read(name)
                library = mach_o.read(data)
                libraries[Path(name).stem] = {
                    "minos": library.minos,
                    "name": library.name,
                    "needs": library.needs,
                    "rpaths": library.rpaths,
                    "folder": str(Path(name).parent),
                    "looks_for_metallib": b"mlx.metallib" in data,
                }
        config = archive.read(CONFIG).decode()
        headers = [n for n in names if n.startswith("executorch/include/executorch/")]
        return {
            "wheel": wheel.name,
            "targets": re.findall(r"_executorch_define_component\(\s*(\w+) (\w+)", config),
            "metallib_in_config": re.findall(r'mlx_metallib "\$\{\w+\}/(.*?)"', config),
            "metallibs": [n for n in names if n.endswith(".metallib")],
            "libraries": libraries,
            "generated": [n for n in GENERATED if n in names],
            "sha256": {name: digest(name) for name in (CONFIG, SCHEMA + "schema.fbs")},
            "headers": [n.removeprefix("executorch/include/") for n in headers],
        }


def problems(found: Listing, deployment_target: str) -> list[str]:
    """Everything that the build relies on and the wheel does not have."""
    wrong = []
    libraries = found["libraries"]
    for component, library in found["targets"]:
        if component in ("kernels_optimized", "backend_xnnpack", "threadpool", "backend_mlx"):
            wrong += [] if f"lib{library}" in libraries else [f"{component}: no lib{library}.dylib"]
    delegate = libraries.get("libexecutorch_backend_mlx", {})
    beside = f"{delegate.get('folder')}/mlx.metallib"
    if found["metallibs"] != [beside]:
        wrong.append(f"Metal's kernels are {found['metallibs']}, not {beside}")
    if found["metallib_in_config"] != ["lib/mlx.metallib"]:
        wrong.append(f"MLX_METALLIB_PATH is {found['metallib_in_config']}")
    if not delegate.get("looks_for_metallib"):
        wrong.append("the delegate does not look for mlx.metallib")
    for name, library in libraries.items():
        if library["name"] != f"@rpath/{name}.dylib":
            wrong.append(f"{name}: its install name is {library['name']}")
        if tuple(map(int, library["minos"].split("."))) > tuple(
            map(int, deployment_target.split("."))
        ):
            wrong.append(f"{name}: built for macOS {library['minos']}, not {deployment_target}")
    wrong += [f"{name} is missing" for name in GENERATED if name not in found["generated"]]
    return wrong


def pinned(pattern: str, file: str) -> str:
    match = re.search(pattern, (ROOT / file).read_text())
    if match is None:
        raise SystemExit(f"error: {file}: nothing matches {pattern}")
    return match[1]


def download(version: str, folder: Path) -> Path:
    for platform in PLATFORMS:
        command = [sys.executable, "-m", "pip", "download", "-q", f"executorch=={version}"]
        command += ["--platform", platform, "--only-binary=:all:", "--no-deps"]
        command += ["--python-version", "3.11", "--implementation", "cp", "-d", str(folder)]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if wheels := list(folder.glob("*.whl")):
            return wheels[0]
    raise SystemExit(f"error: no macOS wheel of executorch {version}:\n{result.stderr.strip()}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wheel", type=Path, help="a wheel that is here already")
    parser.add_argument("--record", action="store_true", help=f"write {RECORD.relative_to(ROOT)}")
    options = parser.parse_args()
    target = pinned(r"CMAKE_OSX_DEPLOYMENT_TARGET (\d+\.\d+)", "CMakeLists.txt")
    with tempfile.TemporaryDirectory() as folder:
        version = pinned(r"executorch==([0-9.]+)", "pyproject.toml")
        found = listing(options.wheel or download(version, Path(folder)))
    if options.record:
        RECORD.write_text(json.dumps(found, indent=1) + "\n")
    print(f"{found['wheel']}: {len(found['libraries'])} libraries, {len(found['headers'])} headers")
    for name, library in found["libraries"].items():
        print(f"  {name:34} macOS {library['minos']}")
    print(f"  Metal's kernels: {', '.join(found['metallibs'])}")
    if wrong := problems(found, target):
        raise SystemExit("error: " + "\nerror: ".join(wrong))
    print("the build finds what it relies on")


if __name__ == "__main__":
    main()
