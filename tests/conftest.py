"""Shared fixtures: a tiny checkpoint, exported folders and the built runner."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import command_line
import exporting
from exporting import Export


@pytest.fixture(scope="session", autouse=True)
def voice_cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What tests leave on disk about voices never reaches the user's own cache folder."""
    folder = tmp_path_factory.mktemp("voice_cache")
    os.environ["VOXTRAL_TTS_CACHE"] = str(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_checkpoint() -> Path:
    """A tiny checkpoint in the published format."""
    return exporting.tiny_checkpoint()


@pytest.fixture(scope="session")
def export_tiny() -> Export:
    """export_tiny(*flags) -> the tiny checkpoint's exported folder."""
    return exporting.export_tiny


@pytest.fixture(scope="session")
def exported(export_tiny: Export) -> Path:
    """The default export: XNNPACK, fp32."""
    return export_tiny("--backend", "xnnpack")


@pytest.fixture(scope="session")
def runner_binary() -> Path:
    """voxtral_tts_runner, from the tests' build unless VOXTRAL_TTS_RUNNER names another."""
    return command_line.runner_binary()
