"""Lays down what a cross-build for Apple Silicon needs on Linux, in .cache/macos.

The compiler is PyPI's ziglang, which brings libc++ and macOS's headers and stubs; ExecuTorch is the
wheel for macOS; the rest are headers of this system, each linked to by name, so that nothing else
of Linux is found. PCRE2 is a list of names: programs link against it and say so.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

from check_macos_wheel import ROOT, download, pinned

TOOLS = ROOT / ".cache" / "macos"
PREFIX = TOOLS / "prefix"
SITE = TOOLS / "site"
EXECUTORCH = SITE / "executorch"
TARGET = "arm64-apple-macosx14.0"
OLDEST_ZIG = "0.12.1"  # libc++ 17; the pinned one has libc++ 22
PCRE2_NAME = "/opt/homebrew/opt/pcre2/lib/libpcre2-8.0.dylib"

_COMPILER = """#!/bin/sh
# ziglang knows no bundles, which to dyld differ from libraries in nothing that matters here, and
# takes -needed_library with a name, where Apple's linker takes a path.
needed=
for argument; do
  shift
  case $needed$argument in
    -bundle) argument=-dynamiclib ;;
    -needed_library) needed=needed: ;;
    needed:/*.dylib)
      needed=
      folder=${{argument%/*}}
      argument=${{argument##*/lib}}
      set -- "$@" "${{argument%.dylib}}"
      argument=-L$folder
      ;;
  esac
  set -- "$@" "$argument"
done
exec {zig} c++ -target aarch64-macos.14.0 -I{overlay} "$@"
"""
# math.h of macOS asks float.h for two macros; libc++ 22 takes that for the whole of it.
_FLOAT_H = """#pragma GCC system_header
#ifndef _LIBCPP_FLOAT_H
#define _LIBCPP_FLOAT_H
#endif
#include "{lib}/include/float.h"
"""
_STUB = """--- !tapi-tbd
tbd-version: 4
targets: [ arm64-macos ]
install-name: '{name}'
exports:
  - targets: [ arm64-macos ]
    symbols: [ {symbols} ]
...
"""


@dataclass(frozen=True)
class Zig:
    """A compiler for macOS with its own libc++."""

    folder: Path

    @property
    def program(self) -> str:
        return str(self.folder / "zig")

    def libcxx(self) -> str:
        """Major version of its C++ library."""
        config = (self.folder / "lib/libcxx/include/__config").read_text()
        (version,) = re.findall(r"define _LIBCPP_VERSION (\d+)\d{4}", config)
        return str(version)

    def flags(self) -> list[str]:
        """With which its Clang alone, without anything being built, reads C++ for macOS."""
        command = [self.program, "c++", "-target", "aarch64-macos.14.0", "-v", "-x", "c++", "-c"]
        command += [os.devnull, "-o", str(TOOLS / "empty.o")]
        command += [f"-DASKED_AT={time.time_ns()}"]  # what it compiled before it would not repeat
        told = subprocess.run(command, capture_output=True, text=True, check=True).stderr
        (line,) = [line for line in told.splitlines() if '" -cc1 ' in line]
        folders = re.findall(r'"?-isystem"? "?([^ "]+)', line)
        macros = re.findall(r'"?-D"? "?(_LIB[^ "]+)', line)
        flags = ["-target", TARGET, "-nostdinc", "-nostdinc++", f"-I{self.overlay()}"]
        flags += [word for folder in folders for word in ("-isystem", folder)]
        return flags + [f"-D{macro}" for macro in macros]

    def overlay(self) -> Path:
        """Headers that are to be found before its own; there need not be any."""
        return TOOLS / "overlay" / self.libcxx()


def newest_zig() -> Zig:
    import ziglang

    return Zig(Path(ziglang.__file__).parent)


def oldest_zig() -> Zig:
    folder = TOOLS / f"ziglang-{OLDEST_ZIG}"
    if not folder.exists():
        fresh = TOOLS / "ziglang.new"
        shutil.rmtree(fresh, ignore_errors=True)
        _pip("install", "--no-deps", "--target", str(fresh), f"ziglang=={OLDEST_ZIG}")
        fresh.rename(folder)
    return Zig(folder / "ziglang")


def _pip(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "pip", "-q", *arguments], check=True)


def _write(path: Path, text: str, mode: int = 0o644) -> None:
    """Leaves a file that is right already alone: its time decides what is compiled anew."""
    if not path.exists() or path.read_text() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    path.chmod(mode)


def _lay_down_compiler(zig: Zig) -> None:
    _write(zig.overlay() / "float.h", _FLOAT_H.format(lib=zig.folder / "lib"))
    _write(TOOLS / "bin/c++", _COMPILER.format(zig=zig.program, overlay=zig.overlay()), 0o755)
    for name in ("ar", "ranlib"):
        _write(TOOLS / "bin" / name, f'#!/bin/sh\nexec {zig.program} {name} "$@"\n', 0o755)


def _lay_down_executorch() -> None:
    version = pinned(r"executorch==([0-9.]+)", "pyproject.toml")
    if (SITE / f"executorch-{version}.dist-info").exists():
        return
    fresh = TOOLS / "site.new"
    for folder in (fresh, SITE):
        shutil.rmtree(folder, ignore_errors=True)
    with zipfile.ZipFile(download(version, TOOLS)) as wheel:
        wheel.extractall(fresh)
    fresh.rename(SITE)


def _lay_down_headers() -> None:
    system = Path("/usr/include")
    headers = {name: system / name for name in ("nlohmann", "CLI", "pcre2.h", "xxhash.h", "xxh3.h")}
    headers["python"] = Path(sysconfig.get_path("include"))
    (PREFIX / "include").mkdir(parents=True, exist_ok=True)
    for name, source in headers.items():
        link = PREFIX / "include" / name
        if not link.is_symlink() or link.resolve() != source.resolve():
            link.unlink(missing_ok=True)
            link.symlink_to(source)
    for name in ("nlohmann_json", "CLI11"):
        shutil.copytree(
            Path("/usr/share/cmake") / name, PREFIX / "share/cmake" / name, dirs_exist_ok=True
        )
    declared = re.findall(r"\bPCRE2_SUFFIX\((pcre2_\w+_)\)", (system / "pcre2.h").read_text())
    symbols = ", ".join(sorted({f"_{name}8" for name in declared}))
    _write(PREFIX / "lib/libpcre2-8.tbd", _STUB.format(name=PCRE2_NAME, symbols=symbols))


def _lay_down_version() -> None:
    """The header that CMake makes, for those who read sources without it."""
    text = (ROOT / "cpp/runner/include/voxtral_tts/version.h.in").read_text()
    text = re.sub(r"@\w+@", "0.0.0", text)
    _write(TOOLS / "generated/voxtral_tts/version.h", text)


def lay_down() -> None:
    TOOLS.mkdir(parents=True, exist_ok=True)
    _lay_down_compiler(newest_zig())
    _lay_down_executorch()
    _lay_down_headers()
    _lay_down_version()


if __name__ == "__main__":
    lay_down()
