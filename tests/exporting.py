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

# Each followed by a value.
_MODEL_FLAGS = {"--qlinear", "--qlinear-group-size", "--qembedding", "--kv-dtype", "--flow-steps"}

Export = Callable[..., Path]


def digest(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def sources() -> bytes:
    """What every export depends on besides the checkpoint and its flags."""
    files = sorted((ROOT / "export").rglob("*.py"))
    parts = [f"{file.relative_to(ROOT)}\n".encode() + file.read_bytes() for file in files]
    tools = [f"{package} {version(package)}".encode() for package in ("executorch", "torch")]
    return b"\0".join([*parts, *tools, f"--max-seq-len {MAX_SEQ_LEN}".encode()])


def export(checkpoint: Path, folder: Path, *flags: str) -> None:
    """`python -m export` in this process: importing what lowers takes a tenth of an export."""
    from export.__main__ import main

    if "--backend" not in flags:  # no preset: every flag means itself
        flags = ("--backend", "xnnpack", *flags)
    places = ("--model-path", str(checkpoint), "--output-dir", str(folder))
    assert main([*places, "--max-seq-len", str(MAX_SEQ_LEN), *flags]) == 0


def tiny_checkpoint() -> Path:
    """A tiny checkpoint in the published format."""

    def make(folder: Path) -> None:
        command = ("-m", "export.synthetic", "--size", "tiny", "--output", str(folder))
        subprocess.run([sys.executable, *command], cwd=ROOT, check=True)

    return cached(f"checkpoints/tiny-{digest(sources())}", make)


def export_tiny(*flags: str) -> Path:
    """The tiny checkpoint's exported folder."""
    checkpoint = tiny_checkpoint()
    weights = (checkpoint / "consolidated.safetensors").read_bytes()
    tokenizer = (checkpoint / "tekken.json").read_bytes()
    key = digest(weights, tokenizer, sources(), " ".join(flags).encode())
    plain = _without_model_flags(flags)

    def make(folder: Path) -> None:
        if plain == flags or len(plain) > 2:
            export(checkpoint, folder, *flags)
        else:  # the codec is that of the backend's plain export, which every run makes
            shutil.copytree(export_tiny(*plain), folder, dirs_exist_ok=True)
            export(checkpoint, folder, *flags, "--export-target", "model")

    return cached(f"exports/{key}", make)


def _without_model_flags(flags: tuple[str, ...]) -> tuple[str, ...]:
    """The flags that decide what the codec is like; the backend is always among them."""
    kept = [] if "--backend" in flags else ["--backend", "xnnpack"]
    values = iter(flags)
    for flag in values:
        if flag in _MODEL_FLAGS:
            next(values)
        elif flag != "--debug":
            kept.append(flag)
    return tuple(kept)


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
