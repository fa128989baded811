"""What counts as samples: the one place where arrays of callers become the package's floats."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from voxtral_tts.errors import UsageError

_INTEGERS = (np.dtype(np.int16), np.dtype(np.int32))


def as_samples(samples: ArrayLike) -> NDArray[np.float32]:
    """Samples (n,), one channel, as float32 with 1 for full scale.

    Floats stay as they are. Those of 16 and 32 bits are divided by the largest integer of their
    type, so that 16-bit ones come back unchanged from a file of ours (-32768 as -32767). Raises
    ``UsageError`` for another type, whose full scale nobody knows, and for another shape.
    """
    array = np.asarray(samples)
    if array.ndim != 1:
        raise UsageError(f"samples of shape {array.shape}: must be (n,), one channel")
    if array.dtype in _INTEGERS:
        return (array / np.iinfo(array.dtype).max).astype(np.float32)
    if not np.issubdtype(array.dtype, np.floating):
        raise UsageError(
            f"samples of type {array.dtype}: give floats from -1 to 1, or int16 or int32 of "
            "full scale"
        )
    return np.ascontiguousarray(array, dtype=np.float32)
