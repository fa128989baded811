"""What fixtures and tests share about exported folders.

Exports take seconds to minutes, so they are kept in .cache/exports under a hash of everything
they depend on: the checkpoint's bytes, the options, the exporter's source and the versions of the
packages that lower.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parent.parent
CACHE = Path(os.environ.get("VOXTRAL_TTS_TEST_CACHE", ROOT / ".cache"))
# What is meant for use: the error of every part is measured on it.
MLX_BF16 = (
    *("--backend", "mlx", "--dtype", "bf16", "--qlinear", "4w", "--qembedding", "8w"),
    *("--qlinear-codec", "8w", "--debug"),
)
MAX_SEQ_LEN = 1024  # beyond max_step_rows: long prompts go in pieces

Export = Callable[..., Path]


def digest(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def sources() -> bytes:
    """What every export depends on besides the checkpoint and its flags."""
    files = sorted((ROOT / "export").rglob("*.py"))
    parts = [f"{file.relative_to(ROOT)}\n".encode() + file.read_bytes() for file in files]
    tools = [f"{package} {version(package)}".encode() for package in ("executorch", "torch")]
    return b"\0".join([*parts, *tools, f"--max-seq-len {MAX_SEQ_LEN}".encode()])


def run_module(*arguments: str) -> None:
    """Runs `python -m ...` in the checkout; its stderr is shown when it fails."""
    command = [sys.executable, "-m", *arguments]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr[-4000:]


def tiny_checkpoint() -> Path:
    """A tiny checkpoint in the published format."""

    def make(folder: Path) -> None:
        run_module("export.synthetic", "--size", "tiny", "--output", str(folder))

    return cached(f"checkpoints/tiny-{digest(sources())}", make)


def export_tiny(*flags: str) -> Path:
    """The tiny checkpoint's exported folder."""
    checkpoint = tiny_checkpoint()
    weights = (checkpoint / "consolidated.safetensors").read_bytes()
    tokenizer = (checkpoint / "tekken.json").read_bytes()
    key = digest(weights, tokenizer, sources(), " ".join(flags).encode())

    def make(folder: Path) -> None:
        arguments = ["--model-path", str(checkpoint), "--output-dir", str(folder)]
        run_module("export", *arguments, "--max-seq-len", str(MAX_SEQ_LEN), *flags)

    return cached(f"exports/{key}", make)


def cached(name: str, make: Callable[[Path], None]) -> Path:
    """The folder CACHE/name, made by `make` when it is not there; others wait meanwhile."""
    folder = CACHE / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            temporary = folder.with_suffix(".part")
            shutil.rmtree(temporary, ignore_errors=True)
            temporary.mkdir()
            make(temporary)
            temporary.rename(folder)
    return folder
