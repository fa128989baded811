"""Reads what was cross-built for Apple Silicon, in the place of a Mac that would load it.

Of each file: the processor and the macOS it is for, under which name others load it, where it looks
for libraries, that it records those it has to, and that every symbol of others is in the library
that it names.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import mach_o
import macos_tools as tools
from check_macos_wheel import pinned
from mach_o import MachO

SYSTEM = "/usr/lib/libSystem.B.dylib"
LIBRARY = "@rpath/libvoxtral_tts.{version}.dylib"
# Of these no symbol is taken but of the first two: they register what programs call by name.
EXECUTORCH = tuple(
    f"@rpath/libexecutorch{part}.dylib"
    for part in ("", "_threadpool", "_kernels_optimized", "_backend_xnnpack", "_backend_mlx")
)


def system_symbols() -> set[str]:
    """What macOS's own library has, by the stub that ziglang brings."""
    folder = tools.newest_zig().folder / "lib/libc/darwin"
    return set(re.findall(r"[\w$.]+", (folder / "libSystem.tbd").read_text()))


def problems(
    name: str,
    file: MachO,
    library: str | None,
    needs: tuple[str, ...],
    exported: dict[str, set[str]],
) -> list[str]:
    """What keeps a Mac from loading it.

    `library` is the name that it has to have ("" for a program, None: any), `needs` what it has to
    record, in `exported` are the symbols of everything that it may record.
    """
    target = pinned(r"CMAKE_OSX_DEPLOYMENT_TARGET (\d+\.\d+)", "CMakeLists.txt")
    wrong = []
    if not file.is_arm64:
        wrong.append("is not for arm64")
    if file.minos != target:
        wrong.append(f"is for macOS {file.minos or 'unknown'}, not {target}")
    if library is not None and file.name != library:
        wrong.append(f"is loaded as '{file.name}', not '{library}'")
    wrong += [f"does not record {need}" for need in needs if need not in file.needs]
    wrong += [f"records {need}" for need in file.needs if need not in exported]
    if any(need.startswith("@rpath/") for need in file.needs) and not file.rpaths:
        wrong.append("has no rpath to look for its libraries in")
    for symbol, source in file.imports.items():
        if source is None and not re.match(r"__?Py", symbol):  # which the interpreter has
            wrong.append(f"takes {symbol} from no library")
        elif source in exported and symbol not in exported[source]:
            wrong.append(f"takes {symbol} from {source}, which has none")
    return [f"{name} {what}" for what in wrong]


def check(build: Path) -> tuple[list[str], list[str]]:
    """Problems, and a line about each file."""
    version = pinned(r"project\(voxtral_tts VERSION (\d+\.\d+)", "CMakeLists.txt")
    own = LIBRARY.format(version=version)
    exported = {SYSTEM: system_symbols()}
    stub = (tools.PREFIX / "lib/libpcre2-8.tbd").read_text()
    exported[tools.PCRE2_NAME] = set(re.findall(r"_pcre2_\w+", stub))
    for path in (tools.EXECUTORCH / "lib").glob("*.dylib"):
        exported[f"@rpath/{path.name}"] = mach_o.read(path.read_bytes()).exports
    files = {
        f"cpp/runner/libvoxtral_tts.{version}.dylib": (own, EXECUTORCH),
        "voxtral_tts_runner": ("", (own,)),
        "cpp/runner/_core.so": (None, (own,)),
        "tests/cpp/voxtral_tts_tests": ("", EXECUTORCH),
    }
    wrong, lines = [], []
    for name, (library, needs) in files.items():
        file = mach_o.read((build / name).read_bytes())
        if library == own:
            exported[own] = file.exports
        wrong += problems(name, file, library, needs, exported)
        open_ones = sum(source is None for source in file.imports.values())
        lines.append(
            f"{name}: arm64, macOS {file.minos}, {len(file.needs)} libraries recorded, "
            f"{len(file.imports) - open_ones} symbols found in them"
            + (f", {open_ones} left to Python" if open_ones else "")
        )
    return wrong, lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", type=Path, help="build folder of the preset macos")
    wrong, lines = check(parser.parse_args().build)
    print("\n".join(lines))
    if wrong:
        raise SystemExit("error: " + "\nerror: ".join(wrong))


if __name__ == "__main__":
    main()
