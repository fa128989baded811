"""Imports the compiled part, ``_core``, and makes the MLX backend available.

``_core`` is linked to the C++ libraries inside the ``executorch`` package, the
MLX delegate to the one inside ``mlx``. They are loaded here by their full paths
first: the dynamic loader then finds them even when the packages are installed in
different places.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib.metadata
import importlib.util
import re
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

# Each after those it needs itself; the last one comes with macOS packages only.
_LIBRARIES = (
    "executorch",
    "executorch_threadpool",
    "executorch_kernels_optimized",
    "executorch_backend_xnnpack",
    "executorch_backend_mlx",
)
_OLDEST_EXECUTORCH = (1, 5, 1)


def _check_interpreter() -> None:
    """One lock of pybind11's is for one interpreter: in a second one it waits for ever."""
    here, main = ctypes.pythonapi.PyInterpreterState_Get, ctypes.pythonapi.PyInterpreterState_Main
    here.restype = main.restype = ctypes.c_void_p
    if here() != main():
        raise ImportError("voxtral_tts works in the main interpreter only; use processes instead")


def _check_executorch() -> None:
    """A missing package is reported by the loader, with the remedy."""
    with contextlib.suppress(PackageNotFoundError):
        installed = version("executorch")
        if tuple(map(int, re.findall(r"\d+", installed)[:3])) < _OLDEST_EXECUTORCH:
            raise ImportError(
                f"executorch {installed} is too old for voxtral_tts: before 1.5.1 its MLX delegate "
                "lets a model be used in no other thread than the one that loaded it; "
                "'pip install executorch==1.5.1' mends that"
            )


def _libraries(package: str, *names: str) -> Iterator[Path]:
    """Those of the C++ libraries that the package has; it is not imported."""
    suffix = ".dylib" if sys.platform == "darwin" else ".so"
    spec = importlib.util.find_spec(package)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for name in names:
            library = Path(folder) / "lib" / f"lib{name}{suffix}"
            if library.exists():
                yield library


def _load_mlx() -> None:
    """Registers the MLX backend, so that ExecuTorch's own Python runtime has it too.

    Without MLX nothing is said: whoever loads an MLX model learns it then.
    """
    if sys.platform == "darwin":
        return  # ExecuTorch's own, loaded above
    try:
        libraries = [ctypes.CDLL(str(library)) for library in _libraries("mlx", "mlx")]
    except (OSError, ValueError):  # find_spec raises the latter for a stub of a module
        return
    if libraries:
        _core.load_mlx()


def _remedy() -> str:
    """What installs the libraries that the compiled part was built for."""
    again = "install voxtral_tts again from its source folder: pip install --force-reinstall ."
    try:
        needed = importlib.metadata.requires("voxtral_tts") or ()
    except importlib.metadata.PackageNotFoundError:
        return f"It is not installed: {again}"
    executorch = next((name for name in needed if name.startswith("executorch")), "executorch")
    return f"It needs pip install '{executorch}'; if that is there, {again}"


_check_interpreter()
_check_executorch()
try:
    for _library in _libraries("executorch", *_LIBRARIES):
        ctypes.CDLL(str(_library))
    from voxtral_tts import _core
except (ImportError, OSError) as error:
    raise ImportError(
        f"the compiled part of voxtral_tts cannot be loaded: {error}. {_remedy()}"
    ) from error

_load_mlx()

__all__ = ["_core"]
