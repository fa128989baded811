"""The machine: what it is, how fast its memory is read, what a process holds of it."""

from __future__ import annotations

import os
import platform
import resource
import sys
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from voxtral_tts._native import _core

from .artefacts import MAXRSS_UNIT, Figures

BANDWIDTH_BYTES = 1 << 30  # many times any last-level cache of a CPU with this memory
_PROC = Path("/proc")


def facts() -> Figures:
    """CPU, count, memory, system and package versions; no host name."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cpu": _cpu_model(),
        "cpus": available_cpus(),
        "memory_gb": round(pages / 1e9, 1),
        "load_average": round(os.getloadavg()[0], 1),  # before: what others run
        "system": f"{platform.system()} {platform.machine()}",
        "versions": {name: version(name) for name in ("executorch", "numpy")},
    }


def available_cpus() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cpu_model() -> str:
    try:
        for line in (_PROC / "cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def read_bandwidth(size: int = BANDWIDTH_BYTES) -> Figures:
    """GB/s of reading memory: best and median of seven passes, on one CPU or on all.

    On a busy machine one may do better than all, which wait for the slowest.
    """
    best, median = max(_core._read_bandwidth(size, n) for n in {1, available_cpus()})
    return {"best_gb_s": best, "median_gb_s": median}


def resident() -> Figures:
    """MB that this process holds now: its own memory, and pages of files; and its peak of both.

    Where /proc is missing only the peak is known.
    """
    figures: Figures = {
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * MAXRSS_UNIT / 1e6
    }
    names = {"RssAnon": "anon_mb", "RssFile": "file_mb"}
    try:
        lines = (_PROC / "self" / "status").read_text().splitlines()
    except OSError:
        return figures
    for line in lines:
        name, _, value = line.partition(":")
        if name in names:
            figures[names[name]] = int(value.split()[0]) * 1024 / 1e6
    return figures


def drop_cache(files: Iterable[Path]) -> bool:
    """Asks the system to forget the pages of these files; False where it cannot be asked.

    Pages that another process has mapped stay.
    """
    if sys.platform == "darwin" or not hasattr(os, "posix_fadvise"):
        return False
    for file in files:
        descriptor = os.open(file, os.O_RDONLY)
        try:
            os.fsync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)
    return True
