"""Bad voice files and names: rows V1 to V6 of the matrix."""

from __future__ import annotations

import json
import os
import random
import struct
from collections.abc import Iterator
from pathlib import Path

from .case import Case
from .pt_files import (
    DIM,
    GLOBAL,
    entries,
    integer,
    pickled,
    sizes,
    storage_of,
    string,
    values,
    voice,
    zipped,
)
from .subject import Subject

_ROWS = 9
_MODEL_ROWS = 1024  # max_seq_len of the tests' export
_CANARY = "voxtral_tts_was_attacked"


def cases(good: Subject) -> Iterator[Case]:
    # What the makers below make without a fault is accepted.
    for kind in ("FloatStorage", "HalfStorage", "BFloat16Storage"):
        yield _pt(f"a good file of {kind}", voice(_ROWS, kind), "")
    whole = {"dtype": "F32", "shape": [_ROWS, DIM], "data_offsets": [0, 4 * _ROWS * DIM]}
    yield _safe("a good file", _safetensor({"embedding": whole}, values(_ROWS)), "")
    yield from _names(good)
    yield from (_pt(f"zip: {kind}", file) for kind, file in _archives())
    yield from (_pt(f"pickle: {kind}", _with(pickle)) for kind, pickle in _pickles())
    yield from (_pt(f"tensor: {kind}", file) for kind, file in _tensors())
    yield from (_safe(f"safetensors: {kind}", file) for kind, file in _safetensors())
    yield from _not_finite()
    yield from _truncated(good)
    yield from _flipped(good)


def _pt(kind: str, content: bytes, error: str = "Voice") -> Case:
    return Case(kind, error, {"v.pt": content}, speak={"voice": "v.pt"})


def _safe(kind: str, content: bytes, error: str = "Voice") -> Case:
    return Case(kind, error, {"v.safetensors": content}, speak={"voice": "v.safetensors"})


def _with(pickle: bytes, data: bytes | None = None) -> bytes:
    return zipped(entries(pickle, values(_ROWS) if data is None else data))


def _names(good: Subject) -> Iterator[Case]:
    voices = good.files["voices"]
    names = ["nobody", "../../etc/passwd", "/etc/passwd", "..", ".", "/", "x" * 4000, "CON", "é"]
    names += ["neutral_female.pt", "Neutral_Female", " neutral_female", "neutral_female ", "*"]
    names += ["neutral_female/", "./neutral_female", f"{voices}/neutral_female", "-", "%s%n"]
    for name in names:
        yield Case("voice name", "Voice", speak={"voice": name})
    for folder in ("nowhere", "empty", "file"):
        yield Case(
            "voices folder", "Voice", {"file": b"x", "empty/notes.txt": b""}, {"voices": folder}
        )
    yield Case("voice: empty file", "Voice", {"v.pt": b""}, speak={"voice": "v.pt"})
    for name, make in {
        "a directory": lambda folder: (folder / "v.pt").mkdir(),
        "a FIFO": lambda folder: os.mkfifo(folder / "v.pt"),
        "a link to nothing": lambda folder: (folder / "v.pt").symlink_to("nothing"),
        "a link to itself": lambda folder: (folder / "v.pt").symlink_to("v.pt"),
        "a device": lambda folder: (folder / "v.pt").symlink_to("/dev/zero"),
        "2 GB, sparse": lambda folder: _sparse(folder / "v.pt", 1 << 31),
    }.items():
        yield Case(f"voice: {name}", "Voice", speak={"voice": "v.pt"}, prepare=make)


def _sparse(path: Path, size: int) -> None:
    with path.open("wb") as file:
        file.truncate(size)


def _archives() -> Iterator[tuple[str, bytes]]:
    """Row V3: every field of a zip archive that a reader relies on."""
    base = entries(pickled([_ROWS, DIM]), values(_ROWS))
    for at in range(len(base)):
        size = len(base[at][1])
        wrong = {"crc": 1, "stored": size + 1, "size": size - 1, "method": 8, "flags": 1}
        wrong |= {"signature": 0x04034B51, "name": b"archive/other"}
        for field, value in wrong.items():
            yield f"local {field} of entry {at}", zipped(base, at=at, local={field: value})
        wrong |= {"signature": 0x02014B51, "offset": 0xFFFFFFF0, "disk": 1, "comment": b"x"}
        wrong |= {"stored": 0xFFFFFFFF, "size": 0xFFFFFFFF, "name": b"archive/../data.pkl"}
        for field, value in wrong.items():
            yield f"central {field} of entry {at}", zipped(base, at=at, central={field: value})
        both = {"flags": 0x41, "method": 12}
        for field, value in both.items():
            change = {field: value}
            yield f"{field} of entry {at}", zipped(base, at=at, local=change, central=change)
        yield f"a gap behind entry {at}", zipped(base, at=at, between=b"gap")
    for name in ("/data.pkl", "../data.pkl", "archive\\data.pkl", "archive/data\0.pkl", ""):
        yield f"entry {name!r}", zipped([(name, base[0][1]), *base[1:]])
    yield "prefix junk", zipped(base, before=b"junk")
    yield "data behind the end", zipped(base, behind=b"junk")
    yield "a comment", zipped(base, end={"comment": 4}, behind=b"note")
    inner = zipped(base)[-22:]
    yield "a comment with an end record", zipped(base, end={"comment": 22}, behind=inner)
    yield "an entry left out", zipped(base, order=[0, 1, 3])
    yield "an entry listed twice", zipped(base, order=[0, 1, 2, 2, 3])
    yield "the same name twice", zipped([*base, base[2]])
    yield "2,000 entries", zipped([*base, *((f"archive/{i}", b"") for i in range(2000))])
    yield "65,535 entries claimed", zipped(base, end={"here": 0xFFFF, "entries": 0xFFFF})
    for field in ("disk", "directory_disk", "here", "entries", "size", "offset", "signature"):
        for value in (7, 0xFFFF, 0xFFFE):
            yield f"end record, {field} {value}", zipped(base, end={field: value})
    yield "no data.pkl", zipped(base[1:])
    yield "no storage", zipped([base[0], base[1], base[3]])
    yield "two prefixes", zipped([base[0], ("other/byteorder", b"little"), *base[2:]])
    yield "big-endian", zipped([base[0], ("archive/byteorder", b"big"), *base[2:]])
    yield "no byte order", zipped([base[0], ("archive/byteorder", b""), *base[2:]])
    yield "an empty archive", zipped([])
    yield "no zip archive", b"PK" * 40


def _pickles() -> Iterator[tuple[str, bytes]]:
    """Row V2: whatever is not the description of one plain tensor."""
    good = pickled([_ROWS, DIM])
    attack = b"cos\nsystem\n(" + string(f"touch {_CANARY}") + b"tR"
    others = ["os system", "posix system", "builtins eval", "builtins exec", "nt system"]
    others += ["subprocess Popen", "torch load", "torch._utils _rebuild_tensor", "pip main"]
    others += ["collections OrderedDictX", "torch DoubleStorage", "torch CharStorage"]
    others += ["torch._utils _rebuild_parameter", "torch._tensor _rebuild_from_type_v2"]
    for name in others:
        module, attribute = name.encode().split()
        yield f"global {name}", b"\x80\x02c" + module + b"\n" + attribute + b"\n."
        yield (
            f"stack global {name}",
            b"\x80\x04" + string(module.decode()) + string(attribute.decode()) + b"\x93.",
        )
    yield "os.system called", b"\x80\x02" + attack + b"."
    yield "os.system called before the tensor", b"\x80\x02" + attack + b"0" + good[2:]
    yield "os.system as the hooks", pickled([_ROWS, DIM], hooks=attack)
    for code in b"0123FGILPSTUVabdeilopsu}]\x81\x82\x83\x84\x8b\x8d\x8e\x8f\x90\x91\x92\x96\x97":
        yield f"opcode {code}", good[:2] + bytes([code]) + good[2:]
    for protocol in (0, 1, 6, 255):
        yield f"protocol {protocol}", b"\x80" + bytes([protocol]) + good[2:]
    yield "text protocol", b"(lp0\n."
    yield "no stop", pickled([_ROWS, DIM], end=b"")
    yield "empty", b""
    yield "only stop", b"\x80\x02."
    yield "two objects", pickled([_ROWS, DIM], end=b"N.")
    yield "bytes behind the stop", good + b"x"
    yield "a frame too long", b"\x80\x04\x95" + struct.pack("<Q", 2**63) + good[2:]
    yield "a million marks", b"\x80\x02" + b"(" * 1_000_000 + b"."
    yield "a million tuples", b"\x80\x02" + b")" + b"\x85" * 1_000_000 + b"."
    yield (
        "a memo bomb",
        b"\x80\x02)" + b"".join(b"r" + struct.pack("<I", i) for i in range(1_200)) + b".",
    )
    yield "recalls nothing", b"\x80\x02h\x05."
    yield "a string beyond the end", b"\x80\x02X" + struct.pack("<I", 0xFFFFFFFF) + b"."
    yield "an integer of 200 bytes", b"\x80\x02\x8a\xc8" + bytes(200) + b"."
    for kind, value in {"none": b"N", "true": b"\x88", "a number": integer(7)}.items():
        yield f"{kind} alone", b"\x80\x02" + value + b"."
    yield "a tuple of a tensor", good[:-1] + b"\x85."
    yield "a dict", b"\x80\x02}" + string("embedding") + good[2:-1] + b"s."
    yield "a list", b"\x80\x02]" + good[2:-1] + b"a."


def _tensors() -> Iterator[tuple[str, bytes]]:
    """Row V4: types, shapes, strides, offsets."""
    count = _ROWS * DIM
    shapes: list[tuple[list[int], list[int] | None]] = [
        ([count], None),
        ([1, _ROWS, DIM], None),
        ([_ROWS, DIM - 1], None),
        ([_ROWS, DIM + 1], None),
        ([DIM, _ROWS], None),
        ([0, DIM], None),
        ([_ROWS, 0], None),
        ([], None),
        ([_ROWS, DIM], [DIM]),
        ([_ROWS, DIM], [DIM, 1, 1]),
        ([_ROWS, DIM], [2**31 - 1, 1]),
        ([_ROWS, DIM], [2**32 - 1, 2**32 - 1]),
        ([_ROWS, DIM], [DIM + 1, 1]),
        ([_ROWS, DIM], [-1, 1]),
        ([-_ROWS, DIM], [DIM, 1]),
        ([2**31 - 1, DIM], [0, 0]),
        ([2**32 - 1, DIM], [0, 0]),
        ([_MODEL_ROWS + 1, DIM], [0, 1]),
        ([1] * 9, None),
    ]
    for shape, strides in shapes:
        yield f"shape {shape}, strides {strides}", _with(pickled(shape, strides, numel=count))
    for offset in (1, count, 2**31 - 1, 2**32 - 1, 2**63 - 1, 2**64 - 1, -1):
        yield f"offset {offset}", _with(pickled([_ROWS, DIM], offset=offset))
    for numel in (0, count - 1, count + 1, 2**32 - 1, 2**62, -1):
        yield f"storage of {numel}", _with(pickled([_ROWS, DIM], numel=numel))
    for kind in ("DoubleStorage", "CharStorage", "UntypedStorage", "ComplexFloatStorage", "x"):
        yield kind, _with(pickled([_ROWS, DIM], kind=kind))
    yield "half as float", _with(pickled([_ROWS, DIM]), values(_ROWS, "HalfStorage"))
    yield "float as half", _with(pickled([_ROWS, DIM], kind="HalfStorage"))
    yield (
        "another key",
        _with(pickled([_ROWS, DIM], storage=storage_of("FloatStorage", count, key="1"))),
    )
    yield (
        "a key outside",
        _with(pickled([_ROWS, DIM], storage=storage_of("FloatStorage", count, key="../data.pkl"))),
    )
    yield (
        "no storage word",
        _with(pickled([_ROWS, DIM], storage=storage_of("FloatStorage", count, word="module"))),
    )
    yield "a number as storage", _with(pickled([_ROWS, DIM], storage=integer(1)))
    yield "gradient as number", _with(pickled([_ROWS, DIM], grad=integer(1)))
    yield "hooks as number", _with(pickled([_ROWS, DIM], hooks=integer(1)))
    yield "a seventh argument", _with(pickled([_ROWS, DIM], extra=b"\x88"))
    yield "another function", _with(pickled([_ROWS, DIM], function=b"ccollections\nOrderedDict\n"))
    yield "the function twice", _with(pickled([_ROWS, DIM], function=GLOBAL + GLOBAL))
    yield (
        "a shape of tuples",
        _with(
            pickled([_ROWS, DIM]).replace(sizes([_ROWS, DIM]), b"(" + sizes([_ROWS]) * 2 + b"t", 1)
        ),
    )


def _safetensor(header: object, data: bytes, size: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if size is None else size) + text + data


def _safetensors() -> Iterator[tuple[str, bytes]]:
    data = values(_ROWS)
    whole = {"dtype": "F32", "shape": [_ROWS, DIM], "data_offsets": [0, len(data)]}
    for size in (0, 1, 2**16, 2**24 + 1, 2**32, 2**63, 2**64 - 1):
        yield f"header of {size}", _safetensor({"embedding": whole}, data, size)
    wrong: dict[str, list[object]] = {
        "dtype": ["F64", "I8", "U8", "f32", "", None, 1, "F32 ", "F8_E4M3"],
        "shape": [[], [0, DIM], [_ROWS], [DIM, _ROWS], [_ROWS, DIM, 1], [-_ROWS, -DIM], "x", None],
        "data_offsets": [[0], [], [0, 0], [4, len(data)], [len(data), 0], [0, len(data) + 4]],
    }
    wrong["shape"] += [[1.0 * _ROWS, DIM], [2**63, 2], [2**32, 2**32], [True, DIM], [1] * 9]
    wrong["data_offsets"] += [[0, len(data) - 4], [0, 2**64 - 1], [-4, len(data)], [0.5, 1], None]
    for field, alternatives in wrong.items():
        for value in alternatives:
            changed = {**whole, field: value}
            yield f"{field} {value!r}", _safetensor({"embedding": changed}, data)
        missing = {name: value for name, value in whole.items() if name != field}
        yield f"no {field}", _safetensor({"embedding": missing}, data)
    for text in (b"", b"{", b"null", b"[]", b"7", b'{"embedding":7}', b"{'a':1}", b"\xff{}"):
        yield f"header {text!r}", _safetensor(text, data)
    yield "no tensor", _safetensor({}, data)
    yield "no tensor, no data", _safetensor({}, b"")
    half = len(data) // 2
    parts = {
        "a": {"dtype": "F32", "shape": [half // 4], "data_offsets": [0, half]},
        "b": {"dtype": "F32", "shape": [half // 4], "data_offsets": [half, len(data)]},
    }
    yield "two tensors, none is it", _safetensor(parts, data)
    yield "an overlap", _safetensor({"embedding": whole, "b": whole}, data)
    twice = json.dumps({"embedding": whole})
    yield "a key twice", _safetensor(f"{twice[:-1]},{twice[1:]}".encode(), data)
    yield "nested deep", _safetensor(b"[" * 100_000, data)
    yield "bytes behind", _safetensor({"embedding": whole}, data + b"x")
    yield "bytes missing", _safetensor({"embedding": whole}, data[:-1])
    yield "nothing", b""
    yield "seven bytes", bytes(7)


def _not_finite() -> Iterator[Case]:
    """NaN and infinity anywhere among the values."""
    patterns = {
        "FloatStorage": ["0000c07f", "0000807f", "000080ff", "010080ff"],
        "HalfStorage": ["007e", "007c", "00fc"],
        "BFloat16Storage": ["c07f", "807f", "80ff"],
    }
    chance = random.Random("not finite")
    for kind, bits in patterns.items():
        for pattern in bits * 5:
            item = bytes.fromhex(pattern)
            data = bytearray(values(_ROWS, kind))
            at = chance.randrange(_ROWS * DIM) * len(item)
            data[at : at + len(item)] = item
            file = zipped(entries(pickled([_ROWS, DIM], kind=kind), bytes(data)))
            yield _pt(f"not finite: {kind} {pattern}", file)


def _good_files(good: Subject) -> dict[str, bytes]:
    folder = Path(good.files["voices"])
    return {
        "a preset": (folder / "neutral_female.pt").read_bytes(),
        "float32": voice(_ROWS),
        "float16": voice(_ROWS, "HalfStorage"),
    }


def _truncated(good: Subject) -> Iterator[Case]:
    for name, content in _good_files(good).items():
        lengths = {len(content) * i // 60 for i in range(60)}
        lengths |= set(range(len(content) - 24, len(content)))
        for length in sorted(lengths):
            yield _pt(f"truncated: {name}", content[:length])


def _flipped(good: Subject) -> Iterator[Case]:
    """Bits of the values, which CRC-32 covers: one to three neighbours are always noticed."""
    chance = random.Random("flipped")
    files = list(_good_files(good).values())
    for index in range(300):
        content = bytearray(files[index % 3])
        start = content.index(b"data/0") + 200  # beyond the padding of a preset
        at = chance.randrange(start, start + 700)
        content[at] ^= chance.randrange(1, 256)
        yield _pt("flipped bits of a value", bytes(content))
