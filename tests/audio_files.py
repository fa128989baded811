"""Encoded audio read by soundfile."""

from __future__ import annotations

import io

import numpy as np
import soundfile


def decode(content: bytes) -> tuple[np.ndarray, int]:
    """The samples that are there, float32, and their rate; a stream may not say how many."""
    if content.startswith(b"fLaC"):
        content = _with_length(content)
    with soundfile.SoundFile(io.BytesIO(content)) as file:
        return file.read(60 * file.samplerate, dtype="float32"), file.samplerate


def _with_length(flac: bytes) -> bytes:
    """soundfile's reader, unlike libFLAC, needs the number of samples: of whole blocks here."""
    known = int.from_bytes(flac[18:26], "big")
    if known & (2**36 - 1):
        return flac
    block = int.from_bytes(flac[10:12], "big")
    last = max(flac.rfind(sync) for sync in (b"\xff\xf8", b"\xff\xf9"))
    count = flac[last + 4] * block  # the number of the last block, complete or not
    return flac[:18] + (known | count).to_bytes(8, "big") + flac[26:]
