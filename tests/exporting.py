"""What fixtures and tests share about exported folders.

Exports take seconds to minutes, so they are kept in .cache/exports under a hash of everything
they depend on: the checkpoint's bytes, the options and the exporter's source.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent
CACHE = Path(os.environ.get("VOXTRAL_TTS_TEST_CACHE", ROOT / ".cache"))
MAX_SEQ_LEN = 512

Export = Callable[..., Path]


def digest(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def sources() -> bytes:
    files = sorted((ROOT / "export").rglob("*.py"))
    return b"\0".join(file.read_bytes() for file in files)


def run_module(*arguments: str) -> None:
    """Runs `python -m ...` in the checkout; its stderr is shown when it fails."""
    command = [sys.executable, "-m", *arguments]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr[-4000:]


def cached(name: str, make: Callable[[Path], None]) -> Path:
    """The folder CACHE/name, made by `make` in a temporary one when it is not there."""
    folder = CACHE / name
    if not folder.exists():
        temporary = folder.with_name(f"{folder.name}.{os.getpid()}.part")
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        make(temporary)
        try:
            temporary.rename(folder)
        except OSError:  # another process was faster
            shutil.rmtree(temporary)
    return folder
