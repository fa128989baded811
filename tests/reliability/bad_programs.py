"""Program files that are no programs of ours: rows M1 to M8 of the matrix."""

from __future__ import annotations

import importlib.util
import json
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

from .case import Case
from .pt_files import voice
from .subject import Subject

_HEADER_BYTES = 64
# Ways to ask that a fault of the model must not change.
_REQUESTS: tuple[dict[str, object], ...] = (
    {},
    {"temperature": 5.0},
    {"seed": 7},
    {"chunk_frames": 1},
    {"chunk_frames": 32},
    {"cfg_alpha": 3.0},
    {"voice": "casual_male"},
    {"text": "Another text."},
)


def cases(good: Subject) -> Iterator[Case]:
    yield from _no_programs(good)
    yield from _exchanged(good)
    yield from _truncated(good)
    yield from _magic(good)
    yield from _manifests(good)
    yield from _changed(good)


def fault_cases(good: Subject) -> Iterator[Case]:
    """Exported models with a fault, when tests/fault_models.py is there."""
    if importlib.util.find_spec("fault_models") is None:
        return
    import fault_models  # type: ignore[import-not-found]

    for fault in fault_models.cached_fault_models():
        load = {"model": str(fault.model), "codec": str(fault.codec)}
        requests = _REQUESTS if fault.error == "Numeric" else _REQUESTS[:1]
        for speak in requests:
            yield Case(f"fault model: {fault.name}", fault.error, load=load, speak=speak)


def _no_programs(good: Subject) -> Iterator[Case]:
    contents = {
        "nothing": b"",
        "one byte": b"x",
        "text": b"not a program\n" * 100,
        "zeros": bytes(4096),
        "a voice": voice(),
        "a WAV header": b"RIFF\xff\xff\xff\xffWAVEfmt " + bytes(1000),
        "a tokenizer": Path(good.files["tokenizer"]).read_bytes(),
        "only a header": Path(good.files["model"]).read_bytes()[:_HEADER_BYTES],
        "random bytes": random.Random("program").randbytes(100_000),
    }
    makers: dict[str, Callable[[Path], None]] = {
        "missing": lambda folder: None,
        "a directory": lambda folder: (folder / "m.pte").mkdir(),
        "a FIFO": lambda folder: os.mkfifo(folder / "m.pte"),
        "a device": lambda folder: (folder / "m.pte").symlink_to("/dev/zero"),
        "a link to itself": lambda folder: (folder / "m.pte").symlink_to("m.pte"),
        "a link to nothing": lambda folder: (folder / "m.pte").symlink_to("nothing"),
    }
    for name in ("model", "codec"):
        load = {name: "m.pte"}
        for kind, content in contents.items():
            yield Case(f"{name}: {kind}", "ModelLoad", {"m.pte": content}, load)
        for kind, make in makers.items():
            yield Case(f"{name}: {kind}", "ModelLoad", load=load, prepare=make)
        for path in ("x" * 300, "nowhere/m.pte", "/proc/self/mem", "/dev/null", "/"):
            yield Case(f"{name}: no file", "ModelLoad", load={name: path})


def _exchanged(good: Subject) -> Iterator[Case]:
    files = good.files
    yield Case("the codec as model", "ModelMismatch", load={"model": files["codec"]})
    yield Case("the model as codec", "ModelMismatch", load={"codec": files["model"]})
    both = {"model": files["codec"], "codec": files["model"]}
    yield Case("exchanged", "ModelMismatch", load=both)


def _truncated(good: Subject) -> Iterator[Case]:
    for name in ("model", "codec"):
        content = Path(good.files[name]).read_bytes()
        lengths = {len(content) * i // 200 for i in range(200)}
        lengths |= set(range(len(content) - 64, len(content)))
        for length in sorted(lengths):
            kind = f"{name}: {len(content) - length} bytes less"
            yield Case(kind, "ModelLoad", {"m.pte": _first(content, length)}, {name: "m.pte"})


def _magic(good: Subject) -> Iterator[Case]:
    """Another file identifier: bytes 4 to 8 of a program."""
    for name in ("model", "codec"):
        content = bytearray(Path(good.files[name]).read_bytes())
        for identifier in (b"ET11", b"ET13", b"et12", b"XX12", bytes(4), b"\xff" * 4):
            content[4:8] = identifier
            kind = f"{name}: identifier {identifier!r}"
            yield Case(kind, "ModelLoad", {"m.pte": bytes(content)}, {name: "m.pte"})


def _beside(good: Subject, name: str, manifest: bytes, content: Callable[[], bytes]) -> Case:
    """A program with its manifest, both copies, the other program as it is."""
    file = Path(good.files[name]).name
    files = {file: content, "manifest.json": manifest}
    return Case(f"{name}: not as its manifest says", "ModelLoad", files, {name: file})


def _manifests(good: Subject) -> Iterator[Case]:
    """Good programs beside manifests that are wrong or none."""
    text = (good.exported / "manifest.json").read_text()
    for name in ("model", "codec"):
        path = Path(good.files[name])
        entry = json.loads(text)["files"][path.name]
        digests = (entry["sha256"], entry["interpreted"]["sha256"])
        wrong = [text.replace(digest, digest[::-1]) for digest in digests]
        wrong += [text.replace(str(entry["bytes"]), str(entry["bytes"] + by)) for by in (-1, 1)]
        wrong += ["", "{", "[]", "null", "7", text[:-9], '{"files":[]}', '{"files":7}']
        for manifest in wrong:
            yield _beside(good, name, manifest.encode(), path.read_bytes)


def _changed(good: Subject) -> Iterator[Case]:
    """A byte changed anywhere in a file that this machine has not seen."""
    manifest = (good.exported / "manifest.json").read_bytes()
    chance = random.Random("changed")
    for name in ("model", "codec"):
        content = Path(good.files[name]).read_bytes()
        tables = int.from_bytes(content[16:24], "little")
        for end in (tables, len(content)):
            for _ in range(20):
                changed = _with_byte(content, chance.randrange(end), chance.randrange(1, 256))
                yield _beside(good, name, manifest, changed)


def _with_byte(content: bytes, at: int, difference: int) -> Callable[[], bytes]:
    return lambda: content[:at] + bytes([content[at] ^ difference]) + content[at + 1 :]


def _first(content: bytes, length: int) -> Callable[[], bytes]:
    return lambda: content[:length]
