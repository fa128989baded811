"""Checks of Python, packages, the processor, memory and the cache folder."""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from voxtral_tts._native import _core
from voxtral_tts.cli.doctor_check import Check, failed, passed, warned
from voxtral_tts.formats import PORTAUDIO

_OLDEST_PYTHON = (3, 11)
_MLX_VERSION = "0.32.4"  # the one that the Linux backend fits
_GB = 1e9
_SMALL_MEMORY = 3 * _GB  # the quantised model takes 2.3 GB
_SMALL_DISK = 1 * _GB  # of the cache: 47 MB a voice
_OPTIONAL = {
    "soundfile": ("flac, mp3 and opus", "audio"),
    "soxr": ("other sample rates", "audio"),
    "sounddevice": ("--play", "audio"),
    "matplotlib": ("--spectrogram", "plot"),
}


def checks(_args: argparse.Namespace) -> Iterator[Check]:
    """The computer and what is installed."""
    yield _python()
    yield passed("voxtral_tts", f"{_core.__version__}, in {Path(__file__).parents[1]}")
    yield _executorch()
    yield _processor()
    yield _mlx()
    for name, (purpose, extra) in _OPTIONAL.items():
        yield _optional(name, purpose, extra)
    yield _memory()
    yield _cache()


def _python() -> Check:
    version = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    if sys.version_info < _OLDEST_PYTHON:
        return failed("Python", version, "install Python 3.11 or newer")
    if sys.platform == "darwin" and platform.machine() != "arm64":
        return failed("Python", version, "install an arm64 Python: there are no Intel packages")
    return passed("Python", version)


def _executorch() -> Check:
    built = _core.EXECUTORCH_VERSION
    try:
        installed = importlib.metadata.version("executorch")
    except importlib.metadata.PackageNotFoundError:
        return failed("ExecuTorch", "not installed", f"pip install executorch=={built}")
    if installed.partition("+")[0] != built:
        return failed(
            "ExecuTorch",
            f"{installed}, but this package was built for {built}",
            f"pip install executorch=={built}",
        )
    return passed("ExecuTorch", installed)


def cpu_features() -> set[str] | None:
    """The processor's instruction sets as Linux names them; None elsewhere."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        name, _, value = line.partition(":")
        if name.strip() in ("flags", "Features"):
            return set(value.split())
    return None


def _processor() -> Check:
    name = f"{os.cpu_count()} CPUs, {platform.machine()}"
    if platform.machine() in ("arm64", "aarch64"):
        return passed("processor", f"{name}, NEON")
    features = cpu_features()
    if features is None:
        return passed("processor", name)
    for feature, label in (("avx512_vnni", "AVX-512 VNNI"), ("avx2", "AVX2")):
        if feature in features:
            return passed("processor", f"{name}, {label}")
    return warned(
        "processor",
        f"{name}, without AVX2",
        "speech will be slow: quantised products have fast code for AVX2, AVX-512 and NEON only",
    )


def _mlx() -> Check:
    if sys.platform == "darwin":
        return passed("MLX", "part of ExecuTorch")
    try:
        installed = importlib.metadata.version("mlx")
    except importlib.metadata.PackageNotFoundError:
        return passed("MLX", "not installed; only models exported with --backend mlx need it")
    if installed != _MLX_VERSION:
        return warned(
            "MLX",
            f"{installed}, but the backend fits {_MLX_VERSION}",
            f"pip install 'mlx[cpu]=={_MLX_VERSION}'",
        )
    return passed("MLX", installed)


def _optional(name: str, purpose: str, extra: str) -> Check:
    install = f"pip install 'voxtral_tts[{extra}]'"
    try:
        importlib.import_module(name)
    except ImportError:
        return warned(name, f"not installed: no {purpose}", install)
    except OSError as error:  # PortAudio, which Linux packages of sounddevice do not bring
        return warned(
            name,
            f"{error}: no {purpose}",
            PORTAUDIO,
        )
    return passed(name, f"{importlib.metadata.version(name)}, for {purpose}")


def free_memory() -> int | None:
    """Bytes that a program can still have; None where the system does not say."""
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
        return None
    except OSError:
        pass
    try:
        return _free_of_vm_stat(subprocess.check_output(["vm_stat"], text=True))  # macOS
    except (OSError, subprocess.CalledProcessError):
        return None


def _free_of_vm_stat(text: str) -> int | None:
    """Pages that hold nothing or what can be dropped, as macOS's vm_stat lists them."""
    size = re.search(r"page size of (\d+) bytes", text)
    pages = re.findall(r"^Pages (?:free|inactive|speculative): +(\d+)\.$", text, re.M)
    return int(size[1]) * sum(map(int, pages)) if size and pages else None


def _memory() -> Check:
    free = free_memory()
    if free is None:
        return passed("memory", "unknown")
    found = f"{free / _GB:.1f} GB free"
    if free < _SMALL_MEMORY:
        return warned(
            "memory", found, "the quantised model takes 2.3 GB: close other programs first"
        )
    return passed("memory", found)


def cache_folder() -> Path:
    """Where the runner keeps voices, by the same rules as cpp/runner/src/support."""
    if named := os.environ.get("VOXTRAL_TTS_CACHE"):
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(base):
        return Path(base) / "voxtral_tts"
    inside = "Library/Caches" if sys.platform == "darwin" else ".cache"
    return Path.home() / inside / "voxtral_tts"


def _cache() -> Check:
    folder = cache_folder()
    place = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not os.access(place, os.W_OK):
        return warned(
            "cache folder",
            f"'{folder}' cannot be written: voices are computed anew by each program",
            "set $VOXTRAL_TTS_CACHE to a folder of yours",
        )
    free = shutil.disk_usage(place).free
    found = f"'{folder}', {free / _GB:.1f} GB free"
    if free < _SMALL_DISK:
        return warned("cache folder", found, "free some space, or set $VOXTRAL_TTS_CACHE")
    return passed("cache folder", found)
