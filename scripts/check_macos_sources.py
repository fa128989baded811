"""Compiles every C++ source and every header alone for macOS, without making code of them.

Warnings are errors. The oldest libc++ that ziglang has reads all sources; the newest, whose headers
bring the fewest others, all headers, and the sources that are not built with it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
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
_RUNNER = ("cpp/runner", "cpp/runner/src", "cpp/runner/include")
_OWN = ("cpp", *_RUNNER, "cpp/mlx_delegate", "tests/cpp")
# What the cross-build makes of them, and what nearly all of its tests include.
_BUILT = ("cpp/", "tests/cpp/")
_TESTS = ROOT / "tests"
_OF_TESTS = ("gmock/gmock.h", "filesystem", "fstream", "string", "vector")
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


def precompiled(compiler: list[str], name: str) -> list[str]:
    """Makes a tests' header of what they all include: half of the time to read them."""
    header = tools.TOOLS / f"generated/tests-{name}.pch"
    text = "".join(f"#include <{file}>\n" for file in _OF_TESTS)
    command = [word for word in compiler if word != "-fsyntax-only"]
    command += ["-x", "c++-header", "-", "-o", str(header)]
    subprocess.run(command, cwd=ROOT, input=text, text=True, check=True)
    return ["-include-pch", str(header)]


def complaints(
    compiler: list[str], files: Iterable[Path], of_tests: Sequence[str] = ()
) -> dict[Path, str]:
    """What the compiler says about each file it does not accept; flags for sources of tests."""

    def said(file: Path) -> str:
        if file.suffix == ".h":
            what = ["-include", file, "-x", "c++", os.devnull]
        else:
            what = [*(of_tests if file.is_relative_to(_TESTS) else ()), file]
        done = subprocess.run([*compiler, *what], cwd=ROOT, capture_output=True, text=True)
        return done.stderr if done.returncode or done.stderr else ""

    files = list(files)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        answers = zip(files, pool.map(said, files), strict=True)
        return {file: text for file, text in answers if text}


def wanted(zig: tools.Zig, file: Path) -> bool:
    """Whether this compiler reads the file."""
    if zig == tools.oldest_zig():
        return file.suffix == ".cpp"
    return file.suffix == ".h" or not str(file.relative_to(ROOT)).startswith(_BUILT)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    help_text = "default: all of them; named ones with both"
    parser.add_argument("file", type=Path, nargs="*", help=help_text)
    options = parser.parse_args()
    files = [file.resolve() for file in options.file] or sources()
    failed = False
    for zig in (tools.oldest_zig(), tools.newest_zig()):
        of_it = files if options.file else [file for file in files if wanted(zig, file)]
        compiler = [zig.program, "clang", *zig.flags(), *flags()]
        wrong = complaints(compiler, of_it, precompiled(compiler, zig.libcxx()))
        failed |= bool(wrong)
        sys.stderr.writelines(wrong.values())
        print(f"libc++ {zig.libcxx()}: {len(of_it)} files read, {len(wrong)} of them wrong")
    sys.exit(failed)


if __name__ == "__main__":
    main()
