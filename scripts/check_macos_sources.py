"""Compiles every C++ source and every header alone for macOS, without making code of them.

Warnings are errors. Sources are read with the oldest libc++ that ziglang has, since they are built
with the newest; headers with the newest, whose headers bring the fewest others.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import macos_tools as tools
from macos_tools import ROOT

# Of Linux: our MLX delegate, for which macOS has ExecuTorch's, and a replacement of malloc.
ELSEWHERE = (
    "cpp/mlx_delegate/",
    "tests/cpp/mlx/",
    "tests/mlx/",
    "tests/fuzz/mlx_payload.cpp",
    "tests/cpp/count_allocations.cpp",
)
_OWN = ("cpp", "cpp/runner", "cpp/runner/src", "cpp/runner/include", "cpp/mlx_delegate")
_GOOGLETEST = Path("/usr/src/googletest")
_DEFINES = (
    "C10_USING_CUSTOM_GENERATED_MACROS",
    "ET_EVENT_TRACER_ENABLED",
    "ET_USE_THREADPOOL",
    "PCRE2_CODE_UNIT_WIDTH=8",
    "PCRE2_STATIC",
    'VOXTRAL_TTS_MLX_VERSION=""',
    'VOXTRAL_TTS_NUMERICS=""',
    'VOXTRAL_TTS_TEST_DATA_DIR=""',
)


def flags() -> list[str]:
    """What the build gives its compiler, for all targets together."""
    import pybind11

    executorch = tools.EXECUTORCH / "include"
    system = [tools.PREFIX / "include", tools.PREFIX / "include/python", pybind11.get_include()]
    system += [executorch, executorch / "executorch/runtime/core/portable_type/c10"]
    system += [_GOOGLETEST / name / "include" for name in ("googletest", "googlemock")]
    warnings = tools.pinned(r"(-Wall [^\n]*)", "cmake/Warnings.cmake").split()
    return [
        *("-std=c++20", "-fsyntax-only", "-Werror", *warnings),
        *(f"-D{name}" for name in _DEFINES),
        *(f"-I{folder}" for folder in (*(ROOT / name for name in _OWN), tools.TOOLS / "generated")),
        *(word for folder in system for word in ("-isystem", str(folder))),
    ]


def sources() -> list[Path]:
    """Every file of the working tree that a Mac compiles."""
    command = ["git", "ls-files", "-co", "--exclude-standard", "*.cpp", "*.h"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.splitlines() if not name.startswith(ELSEWHERE)]


def complaints(compiler: list[str], files: Iterable[Path]) -> dict[Path, str]:
    """What the compiler says about each file it does not accept."""

    def said(file: Path) -> str:
        what = ["-include", file, "-x", "c++", os.devnull] if file.suffix == ".h" else [file]
        done = subprocess.run([*compiler, *what], cwd=ROOT, capture_output=True, text=True)
        return done.stderr if done.returncode or done.stderr else ""

    files = list(files)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        answers = zip(files, pool.map(said, files), strict=True)
        return {file: text for file, text in answers if text}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    help_text = "default: all of them; named ones with both"
    parser.add_argument("file", type=Path, nargs="*", help=help_text)
    options = parser.parse_args()
    files = [file.resolve() for file in options.file] or sources()
    failed = False
    for zig, suffix in ((tools.oldest_zig(), ".cpp"), (tools.newest_zig(), ".h")):
        of_it = files if options.file else [file for file in files if file.suffix == suffix]
        wrong = complaints([zig.program, "clang", *zig.flags(), *flags()], of_it)
        failed |= bool(wrong)
        sys.stderr.writelines(wrong.values())
        print(f"libc++ {zig.libcxx()}: {len(of_it)} files read, {len(wrong)} of them wrong")
    sys.exit(failed)


if __name__ == "__main__":
    main()
