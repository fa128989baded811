"""What `make check-macos` reads is read rightly, and it refuses what a Mac would.

Oracle: Mach-O files put together here, and two mistakes that were made once: a header included by
luck, and a call that macOS does not have.
"""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import pytest

import check_macos_binaries as binaries
import check_macos_sources as sources
import mach_o
import macos_tools as tools

ROOT = Path(__file__).parents[2]


def text(kind: int, value: bytes) -> bytes:
    padded = value + b"\0" * (8 - len(value) % 8)
    return struct.pack("<6I", kind, 24 + len(padded), 24, 0, 0, 0) + padded


def library(*, ordinal: int = 1, minos: int = 14, cpu: int = 0x0100000C) -> bytes:
    """Of the name a.dylib; has _own and _hidden, and takes _taken from a library by its ordinal."""
    names = b"\0_own\0_taken\0_hidden\0"
    commands = text(0xD, b"@rpath/a.dylib") + text(0xC, b"@rpath/b.dylib")
    commands += text(0x8000001C, b"@loader_path")
    commands += struct.pack("<6I", 0x32, 24, 1, minos << 16 | 2 << 8, 0, 0)
    place = 32 + len(commands) + 24
    commands += struct.pack("<6I", 0x2, 24, place, 3, place + 48, len(names))
    header = struct.pack("<8I", 0xFEEDFACF, cpu, 0, 6, 5, len(commands), 0, 0)
    table = struct.pack("<IBBHQ", 1, 0x0F, 1, 0, 64)
    table += struct.pack("<IBBHQ", 6, 0x01, 0, ordinal << 8, 0)
    table += struct.pack("<IBBHQ", 13, 0x1E, 1, 0, 64)  # of the library alone
    return header + commands + table + names


def test_mach_o_is_read() -> None:
    file = mach_o.read(library())
    assert (file.is_arm64, file.minos, file.name) == (True, "14.2", "@rpath/a.dylib")
    assert (file.needs, file.rpaths) == (["@rpath/b.dylib"], ["@loader_path"])
    assert (file.exports, file.imports) == ({"_own"}, {"_taken": "@rpath/b.dylib"})
    for ordinal in (0, 0xFE):
        assert mach_o.read(library(ordinal=ordinal)).imports == {"_taken": None}
    with pytest.raises(ValueError, match="library 2, which is not recorded"):
        mach_o.read(library(ordinal=2))
    with pytest.raises(ValueError, match="Mach-O"):
        mach_o.read(b"\x7fELF" + bytes(32))


@pytest.mark.parametrize(
    ("data", "name", "needs", "symbols", "message"),
    [
        (library(minos=15), "@rpath/a.dylib", (), {"_taken"}, "is for macOS 15.2, not 14.0"),
        (library(cpu=7), "@rpath/a.dylib", (), {"_taken"}, "is not for arm64"),
        (library(), "", (), {"_taken"}, "is loaded as '@rpath/a.dylib', not ''"),
        (library(), "", ("@rpath/c.dylib",), {"_taken"}, "does not record @rpath/c.dylib"),
        (library(), "", (), set(), "takes _taken from @rpath/b.dylib, which has none"),
        (library(ordinal=0xFE), "", (), {"_taken"}, "takes _taken from no library"),
        (library(), "", (), None, "records @rpath/b.dylib"),
    ],
)
def test_what_keeps_a_mac_from_loading_it_is_named(
    data: bytes, name: str, needs: tuple[str, ...], symbols: set[str] | None, message: str
) -> None:
    exported = {} if symbols is None else {"@rpath/b.dylib": symbols}
    found = binaries.problems("a", mach_o.read(data), name, needs, exported)
    assert f"a {message}" in found


@pytest.fixture(scope="module")
def compiler(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The pinned one alone: the older is fetched by make check-macos."""
    if sys.platform != "linux":
        pytest.skip("cross-builds run on Linux")
    tools.lay_down()
    zig = tools.newest_zig()
    return [zig.program, "clang", *zig.flags(), *sources.flags()]


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("cpp/simd/level.cpp", "", "", None),
        (
            "tests/cpp/temporary_folder.h",
            "#include <unistd.h>\n",
            "",
            "mkdtemp",
        ),
        (
            "cpp/simd/level.cpp",
            "#include <atomic>\n",
            "#include <atomic>\n#include <sys/auxv.h>\n",
            "'sys/auxv.h' file not found",
        ),
        ("cpp/runner/src/support/flush_to_drive.h", "::fsync(", "::fdatasync(", "fdatasync"),
        ("cpp/simd/tasks.cpp", "static_cast<void>(next.load())", "next.load()", "nodiscard"),
    ],
)
def test_one_file_that_a_mac_does_not_compile_is_enough(
    compiler: list[str], tmp_path: Path, name: str, old: str, new: str, message: str | None
) -> None:
    content = (ROOT / name).read_text()
    assert old in content
    file = tmp_path / Path(name).name
    file.write_text(content.replace(old, new, 1) if old else content)
    found = sources.complaints(compiler, [file])
    assert found == {} if message is None else message in found[file]
