"""Shared fixtures: a tiny checkpoint, exported folders and the built runner.

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

import pytest

ROOT = Path(__file__).parent.parent
CACHE = Path(os.environ.get("VOXTRAL_TTS_TEST_CACHE", ROOT / ".cache"))
MAX_SEQ_LEN = 512

Export = Callable[..., Path]


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def _sources() -> bytes:
    files = sorted((ROOT / "export").rglob("*.py"))
    return b"\0".join(file.read_bytes() for file in files)


def run_module(*arguments: str) -> None:
    """Runs `python -m ...` in the checkout; its stderr is shown when it fails."""
    command = [sys.executable, "-m", *arguments]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr[-4000:]


def _cached(name: str, make: Callable[[Path], None]) -> Path:
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


@pytest.fixture(scope="session")
def tiny_checkpoint() -> Path:
    """A tiny checkpoint in the published format."""

    def make(folder: Path) -> None:
        run_module("export.synthetic", "--size", "tiny", "--output", str(folder))

    return _cached(f"checkpoints/tiny-{_digest(_sources())}", make)


@pytest.fixture(scope="session")
def export_tiny(tiny_checkpoint: Path) -> Export:
    """export_tiny(*flags) -> the tiny checkpoint's exported folder."""
    weights = (tiny_checkpoint / "consolidated.safetensors").read_bytes()
    tokenizer = (tiny_checkpoint / "tekken.json").read_bytes()

    def export(*flags: str) -> Path:
        key = _digest(weights, tokenizer, _sources(), " ".join(flags).encode())

        def make(folder: Path) -> None:
            arguments = ["--model-path", str(tiny_checkpoint), "--output-dir", str(folder)]
            limits = ["--max-seq-len", str(MAX_SEQ_LEN)]
            run_module("export", *arguments, *limits, *flags)

        return _cached(f"exports/{key}", make)

    return export


@pytest.fixture(scope="session")
def exported(export_tiny: Export) -> Path:
    """The default export: XNNPACK, fp32."""
    return export_tiny("--backend", "xnnpack")


@pytest.fixture(scope="session")
def runner_binary() -> Path:
    """voxtral_tts_runner, from the tests' build unless VOXTRAL_TTS_RUNNER names another."""
    preset = os.environ.get("VOXTRAL_TTS_BUILD", "tests")
    default = ROOT / "build" / preset / "voxtral_tts_runner"
    binary = Path(os.environ.get("VOXTRAL_TTS_RUNNER", default))
    assert binary.exists(), f"{binary} is missing: run 'make build'"
    return binary
