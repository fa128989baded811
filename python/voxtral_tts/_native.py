"""Imports the compiled part, ``_core``.

``_core`` is linked to the C++ libraries inside the ``executorch`` package. They
are loaded here by their full paths first: the dynamic loader then finds them
even when the two packages are installed in different places.
"""

from __future__ import annotations

import ctypes
import importlib.util
import sys
from pathlib import Path

# Each after those it needs itself.
_LIBRARIES = (
    "executorch",
    "executorch_threadpool",
    "executorch_kernels_optimized",
    "executorch_backend_xnnpack",
)


def _load_executorch() -> None:
    suffix = ".dylib" if sys.platform == "darwin" else ".so"
    spec = importlib.util.find_spec("executorch")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for name in _LIBRARIES:
            library = Path(folder) / "lib" / f"lib{name}{suffix}"
            if library.exists():
                ctypes.CDLL(str(library))


try:
    _load_executorch()
    from voxtral_tts import _core
except (ImportError, OSError) as error:
    raise ImportError(
        f"the compiled part of voxtral_tts cannot be loaded: {error}. It needs the executorch "
        "package it was built for: 'pip install --force-reinstall voxtral_tts' installs both"
    ) from error

__all__ = ["_core"]
