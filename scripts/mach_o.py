"""Reads Mach-O files: what a library or a program for macOS says about itself."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

_MAGIC_64 = 0xFEEDFACF
_ARM64 = 0x0100000C
_SYMTAB, _LOAD_DYLIB, _ID_DYLIB, _BUILD_VERSION = 0x2, 0xC, 0xD, 0x32
_REQUIRED = 0x80000000  # dyld refuses the file when it does not know the command
_LOAD_WEAK, _RPATH, _REEXPORT = 0x18 | _REQUIRED, 0x1C | _REQUIRED, 0x1F | _REQUIRED
_NEEDS = (_LOAD_DYLIB, _LOAD_WEAK, _REEXPORT)
_STAB, _TYPE, _EXTERNAL, _PRIVATE = 0xE0, 0x0E, 0x01, 0x10  # bits of a symbol's type
_NO_LIBRARY = (0, 0xFE)  # itself, any: what ziglang and Apple write for a lookup at run time


@dataclass
class MachO:
    """Of a thin 64-bit file."""

    is_arm64: bool
    minos: str = ""  # the oldest macOS it is for, "14.0"
    name: str = ""  # under which others record it
    needs: list[str] = field(default_factory=list)  # libraries, in the order of their ordinals
    rpaths: list[str] = field(default_factory=list)
    exports: set[str] = field(default_factory=set)
    # Symbols of others, each with the library it is taken from; None: of any that has it.
    imports: dict[str, str | None] = field(default_factory=dict)


def read(data: bytes) -> MachO:
    """Raises ValueError for anything but a thin 64-bit Mach-O file."""
    magic, cpu, _, _, commands = struct.unpack_from("<5I", data)
    if magic != _MAGIC_64:
        raise ValueError("no thin 64-bit Mach-O file")
    found = MachO(is_arm64=cpu == _ARM64)
    symbols: tuple[int, ...] = ()
    offset = 32  # behind the header
    for _ in range(commands):
        command, size = struct.unpack_from("<2I", data, offset)
        if command == _BUILD_VERSION:
            (version,) = struct.unpack_from("<I", data, offset + 12)
            found.minos = f"{version >> 16}.{version >> 8 & 0xFF}"
        elif command == _SYMTAB:
            symbols = struct.unpack_from("<4I", data, offset + 8)
        elif command in (_ID_DYLIB, _RPATH, *_NEEDS):
            (start,) = struct.unpack_from("<I", data, offset + 8)
            text = data[offset + start : offset + size].split(b"\0")[0].decode()
            if command == _ID_DYLIB:
                found.name = text
            else:
                (found.rpaths if command == _RPATH else found.needs).append(text)
        offset += size
    if symbols:
        _read_symbols(data, found, *symbols)
    return found


def _read_symbols(data: bytes, found: MachO, table: int, count: int, names: int, _: int) -> None:
    for i in range(count):
        start, kind, _section, description, value = struct.unpack_from(
            "<IBBHQ", data, table + 16 * i
        )
        if kind & _STAB or not kind & _EXTERNAL or kind & _PRIVATE:
            continue
        begin = names + start
        name = data[begin : data.index(b"\0", begin)].decode()
        if kind & _TYPE:
            found.exports.add(name)
        elif not value:
            ordinal = description >> 8
            taken_from = found.needs[ordinal - 1] if 0 < ordinal <= len(found.needs) else None
            if taken_from is None and ordinal not in _NO_LIBRARY:
                raise ValueError(f"{name} is taken from library {ordinal}, which is not recorded")
            found.imports[name] = taken_from
