"""The library's messages as Python's. Oracle: what integrity.cpp says of a missing manifest."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from command_line import TEXT, TIMEOUT_S
from voxtral_tts import Runner

LOGGER = logging.getLogger("voxtral_tts")


@pytest.fixture(scope="module")
def bare(exported: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The exported folder without a manifest, which is a warning."""
    folder = tmp_path_factory.mktemp("bare") / "folder"
    shutil.copytree(exported, folder)
    (folder / "manifest.json").unlink()
    return folder


@pytest.fixture(autouse=True)
def level() -> Iterator[None]:
    before = LOGGER.level
    yield
    LOGGER.setLevel(before)


def load(folder: Path) -> Runner:
    return Runner(folder / "model.pte", folder / "codec_decoder.pte", cache_dir=folder / "cache")


def test_levels_are_mapped_and_followed(bare: Path, caplog: pytest.LogCaptureFixture) -> None:
    LOGGER.setLevel(logging.DEBUG)
    with load(bare) as runner:
        runner.synthesize(TEXT, max_frames=4)
    found = {record.levelno for record in caplog.records if record.name == "voxtral_tts"}
    assert {logging.WARNING, logging.DEBUG} <= found <= {10, 20, 30, 40}
    assert any("manifest.json" in record.message for record in caplog.records)
    for quiet, expected in ((logging.WARNING, True), (logging.ERROR, False)):
        caplog.clear()
        LOGGER.setLevel(quiet)
        load(bare).close()
        assert bool(caplog.records) == expected
        assert all(record.levelno >= quiet for record in caplog.records)


def test_threads_log_without_waiting_for_each_other(
    bare: Path, caplog: pytest.LogCaptureFixture
) -> None:
    LOGGER.setLevel(logging.WARNING)
    threads = [threading.Thread(target=lambda: load(bare).close()) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TIMEOUT_S)
    assert len([r for r in caplog.records if "model.pte" in r.message]) >= 4


def test_a_handler_that_raises_does_not_end_the_call(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[object] = []

    class Raises(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise ValueError("of a handler")

    handler = Raises()
    monkeypatch.setattr(sys, "unraisablehook", lambda report: seen.append(report.exc_value))
    LOGGER.addHandler(handler)
    try:
        load(bare).close()
    finally:
        LOGGER.removeHandler(handler)
    assert seen and all(isinstance(error, ValueError) for error in seen)


def child(folder: Path, script: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
    program = f"from voxtral_tts import Runner\nfolder = {str(folder)!r}\n{script}"
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "VOXTRAL_TTS_CACHE": str(folder / "cache"), **variables},
        capture_output=True,
        timeout=TIMEOUT_S,
        check=False,
    )


LOAD = "Runner(folder + '/model.pte', folder + '/codec_decoder.pte')\n"


def test_silent_unless_configured(bare: Path) -> None:
    result = child(bare, LOAD)
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")
    result = child(bare, LOAD, VOXTRAL_TTS_LOG="error")
    assert result.stderr == b""
    result = child(bare, LOAD, VOXTRAL_TTS_LOG="debug")
    assert result.returncode == 0
    assert b"voxtral_tts: WARNING: " in result.stderr


def test_the_interpreter_ends_while_threads_log(bare: Path) -> None:
    script = (
        "import logging, threading, time\n"
        "logging.basicConfig(level=logging.DEBUG)\n"
        "def again():\n"
        "    while True:\n"
        f"        {LOAD}"
        "for _ in range(3): threading.Thread(target=again, daemon=True).start()\n"
        "time.sleep(0.5)\n"
    )
    result = child(bare, script)
    assert result.returncode == 0, result.stderr
    assert b"manifest.json" in result.stderr
