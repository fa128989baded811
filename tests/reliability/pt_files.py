"""Voice files of the format of torch.save, made field by field so that any of them can be wrong."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

Fields = Mapping[str, Any]
_NOTHING: Fields = {}

_LOCAL = struct.Struct("<IHHHHHIIIHH")
_CENTRAL = struct.Struct("<IHHHHHHIIIHHHHHII")
_END = struct.Struct("<IHHHHIIH")
DIM = 64  # of the tiny checkpoint

TYPES = {"FloatStorage": "f", "HalfStorage": "e", "BFloat16Storage": "bfloat16"}
GLOBAL = b"ctorch._utils\n_rebuild_tensor_v2\n"
HOOKS = b"ccollections\nOrderedDict\n)R"


def values(rows: int, storage: str = "FloatStorage", dim: int = DIM) -> bytes:
    """Small numbers that differ."""
    numbers = [((7 * i) % 31 - 15) / 256 for i in range(rows * dim)]
    if storage == "BFloat16Storage":
        return b"".join(struct.pack("<f", number)[2:] for number in numbers)
    return struct.pack(f"<{len(numbers)}{TYPES[storage]}", *numbers)


def integer(number: int) -> bytes:
    """BININT when it fits, else LONG1."""
    if -(2**31) <= number < 2**31:
        return b"J" + struct.pack("<i", number)
    return b"\x8a\x08" + number.to_bytes(8, "little", signed=number < 2**63)


def string(text: str) -> bytes:
    return b"X" + struct.pack("<I", len(text.encode())) + text.encode()


def sizes(numbers: Sequence[int]) -> bytes:
    return b"(" + b"".join(map(integer, numbers)) + b"t"


def storage_of(kind: str, numel: int, key: str = "0", word: str = "storage") -> bytes:
    return (
        b"("
        + string(word)
        + b"ctorch\n"
        + kind.encode()
        + b"\n"
        + string(key)
        + string("cpu")
        + integer(numel)
        + b"tQ"
    )


def pickled(
    shape: Sequence[int],
    strides: Sequence[int] | None = None,
    *,
    storage: bytes | None = None,
    kind: str = "FloatStorage",
    numel: int | None = None,
    offset: int = 0,
    grad: bytes = b"\x89",
    hooks: bytes = HOOKS,
    extra: bytes = b"",
    function: bytes = GLOBAL,
    head: bytes = b"\x80\x02",
    end: bytes = b".",
) -> bytes:
    """data.pkl of one tensor: the arguments of torch._utils._rebuild_tensor_v2."""
    count = 1
    for size in shape:
        count *= size
    if strides is None:
        strides = [shape[-1], 1] if len(shape) == 2 else [1] * len(shape)
    whole = storage_of(kind, count if numel is None else numel) if storage is None else storage
    arguments = whole + integer(offset) + sizes(shape) + sizes(strides) + grad + hooks + extra
    return head + function + b"(" + arguments + b"tR" + end


def entries(pickle: bytes, data: bytes, prefix: str = "archive/") -> list[tuple[str, bytes]]:
    """What torch.save puts into its archive, in its order."""
    return [
        (f"{prefix}data.pkl", pickle),
        (f"{prefix}byteorder", b"little"),
        (f"{prefix}data/0", data),
        (f"{prefix}version", b"3\n"),
    ]


def zipped(
    contents: Sequence[tuple[str, bytes]],
    *,
    at: int = 0,
    local: Fields = _NOTHING,
    central: Fields = _NOTHING,
    end: Fields = _NOTHING,
    before: bytes = b"",
    between: bytes = b"",
    behind: bytes = b"",
    order: Sequence[int] | None = None,
) -> bytes:
    """A zip archive without compression; `local` and `central` change entry `at`."""
    body, directory = before, []
    for index, (name, data) in enumerate(contents):
        fields = {"signature": 0x04034B50, "version": 20, "flags": 0, "method": 0, "time": 0}
        fields |= {"date": 33, "crc": zlib.crc32(data), "stored": len(data), "size": len(data)}
        raw = name.encode("utf-8", "surrogateescape")
        common = {**fields, "name": raw, "extra": b""}
        here = {**common, **(local if index == at else {})}
        offset = len(body)
        body += _LOCAL.pack(
            *(here[key] for key in fields), len(here["name"]), len(here["extra"])
        ) + (here["name"] + here["extra"] + data + (between if index == at else b""))
        there = {
            **common,
            **{"signature": 0x02014B50, "made": 20, "comment": b"", "disk": 0, "offset": offset},
            **(central if index == at else {}),
        }
        directory.append(_central_header(there))
    directory = [directory[i] for i in order] if order is not None else directory
    whole = b"".join(directory)
    last = {"signature": 0x06054B50, "disk": 0, "directory_disk": 0, "here": len(directory)}
    last |= {"entries": len(directory), "size": len(whole), "offset": len(body), "comment": 0}
    return body + whole + _END.pack(*({**last, **end}.values())) + behind


def _central_header(fields: Fields) -> bytes:
    names = ("signature", "made", "version", "flags", "method", "time", "date", "crc", "stored")
    return (
        _CENTRAL.pack(
            *(fields[name] for name in names),
            fields["size"],
            len(fields["name"]),
            len(fields["extra"]),
            len(fields["comment"]),
            fields["disk"],
            0,
            0,
            fields["offset"],
        )
        + fields["name"]
        + fields["extra"]
        + fields["comment"]
    )


def voice(rows: int = 9, kind: str = "FloatStorage") -> bytes:
    """A good voice file."""
    return zipped(entries(pickled([rows, DIM], kind=kind), values(rows, kind)))
