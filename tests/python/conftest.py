"""Fixtures of the command line's tests."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from command_line import TEXT, TIMEOUT_S, Result, Run


@pytest.fixture
def files(exported: Path) -> list[str]:
    return ["--model", str(exported / "model.pte"), "--codec", str(exported / "codec_decoder.pte")]


@pytest.fixture
def run(runner_binary: Path, tmp_path: Path) -> Run:
    """run(*arguments, stdin=b"") -> the finished process; it runs in tmp_path."""

    def run_with(*arguments: object, stdin: bytes = b"", cwd: Path = tmp_path) -> Result:
        command = [str(runner_binary), *map(str, arguments)]
        return subprocess.run(
            command, input=stdin, cwd=cwd, capture_output=True, timeout=TIMEOUT_S, check=False
        )

    return run_with


@pytest.fixture
def speak(run: Run, files: list[str]) -> Run:
    """Like run, with the model's files and a limit of 6 frames."""

    def speak_with(*arguments: object, stdin: bytes = TEXT.encode()) -> Result:
        return run(*files, "--max-frames", 6, *arguments, stdin=stdin)

    return speak_with
