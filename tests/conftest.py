"""Shared fixtures: a tiny checkpoint, exported folders and the built runner."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from exporting import (
    MAX_SEQ_LEN,
    ROOT,
    Export,
    cached,
    digest,
    run_module,
    sources,
    tiny_checkpoint,
)


@pytest.fixture(scope="session", autouse=True)
def voice_cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What tests leave on disk about voices never reaches the user's own cache folder."""
    folder = tmp_path_factory.mktemp("voice_cache")
    os.environ["VOXTRAL_TTS_CACHE"] = str(folder)
    return folder


@pytest.fixture(scope="session", name="tiny_checkpoint")
def tiny_checkpoint_fixture() -> Path:
    return tiny_checkpoint()


@pytest.fixture(scope="session")
def export_tiny(tiny_checkpoint: Path) -> Export:
    """export_tiny(*flags) -> the tiny checkpoint's exported folder."""
    weights = (tiny_checkpoint / "consolidated.safetensors").read_bytes()
    tokenizer = (tiny_checkpoint / "tekken.json").read_bytes()

    def export(*flags: str) -> Path:
        key = digest(weights, tokenizer, sources(), " ".join(flags).encode())

        def make(folder: Path) -> None:
            arguments = ["--model-path", str(tiny_checkpoint), "--output-dir", str(folder)]
            limits = ["--max-seq-len", str(MAX_SEQ_LEN)]
            run_module("export", *arguments, *limits, *flags)

        return cached(f"exports/{key}", make)

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
