"""Fixtures of the server's tests: a runner, and a server for the tests that share one."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import Served, served

from voxtral_tts import Runner, SpeechWarning


@pytest.fixture(scope="session")
def runner(exported: Path) -> Iterator[Runner]:
    warnings.simplefilter("ignore", SpeechWarning)
    model, codec = exported / "model.pte", exported / "codec_decoder.pte"
    with Runner(model, codec, num_threads=1, voice_cache="memory") as runner:
        yield runner


@pytest.fixture(scope="module")
def server(runner: Runner) -> Iterator[Served]:
    with served(runner) as server:
        yield server
