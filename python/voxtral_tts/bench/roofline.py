"""Bytes that a frame has to read, from the programs themselves, against the read bandwidth."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, NamedTuple

from .artefacts import CODEC, MODEL


class FrameBytes(NamedTuple):
    """Bytes read per frame."""

    weights: int  # of `step`: each constant as often as it is read
    kv_cache: float  # keys and values of the rows before
    codec: float  # weights of `decode`, shared by the frames of a chunk

    @property
    def total(self) -> float:
        return self.weights + self.kv_cache + self.codec


def frame_bytes(folder: Path, position: float, max_seq_len: int, chunk: int) -> FrameBytes | None:
    """At a row of the KV cache, in chunks of `chunk` frames; None when a backend does not tell."""
    step, decode = _method(folder / MODEL, "step"), _method(folder / CODEC, "decode")
    if step.bytes_read is None or decode.bytes_read is None:
        return None
    return FrameBytes(
        step.bytes_read,
        step.state_bytes / max_seq_len * min(position, max_seq_len),
        decode.bytes_read / chunk,
    )


def fraction(bytes_per_frame: float, gb_s: float, frame_ms: float) -> float:
    """Of the time that a frame takes, the part that reading its bytes would take."""
    return bytes_per_frame / (gb_s * 1e6) / frame_ms


def instructions(file: Path, method: str) -> tuple[str, ...]:
    """Names of a method's instructions, in order."""
    names: tuple[str, ...] = _method(file, method).instructions
    return names


def _method(file: Path, name: str) -> Any:
    inspector = importlib.import_module("voxtral_tts.export.inspect_program")
    return next(method for method in inspector.summarize(file) if method.name == name)
