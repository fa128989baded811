"""docs/server.md: its examples run, its tables are complete."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from serving import FRAMES, Served, served
from test_api import decode

from exporting import ROOT
from voxtral_tts import Runner
from voxtral_tts.cli.arguments import Parser
from voxtral_tts.server.cli import add_arguments
from voxtral_tts.server.requests import SpeechRequest

PAGE = (ROOT / "docs" / "server.md").read_text()
USUAL = "http://127.0.0.1:8000"


def examples(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.S)


def section(title: str) -> str:
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


@pytest.fixture
def shorter(runner: Runner) -> Iterator[Served]:
    """The examples' texts would run to their budget with random weights."""

    class Shorter:
        sample_rate = runner.sample_rate
        voices = staticmethod(runner.voices)

        def speak(self, text: str, **arguments: object) -> object:
            return runner.speak(text, **{**arguments, "max_frames": FRAMES})  # type: ignore[arg-type]

    with served(Shorter()) as server:
        yield server


def test_curl(shorter: Served, tmp_path: Path) -> None:
    script = next(script for script in examples("bash") if "curl" in script)
    command = ["bash", "-euc", script.replace(USUAL, shorter.url)]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=60)
    samples, rate = decode((tmp_path / "hello.wav").read_bytes())
    assert rate == 24000 and abs(len(samples) - (tmp_path / "hello.pcm").stat().st_size / 2) < 2400


def test_the_openai_client(shorter: Served, tmp_path: Path) -> None:
    script = next(script for script in examples("python") if "openai" in script)
    command = [sys.executable, "-c", script.replace(USUAL, shorter.url)]
    environment = {**os.environ, "NO_PROXY": "127.0.0.1"}
    subprocess.run(command, cwd=tmp_path, check=True, timeout=60, env=environment)
    assert decode((tmp_path / "hello.mp3").read_bytes())[1] == 24000


def test_an_app_of_ones_own(exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(exported)
    names: dict[str, object] = {}
    exec(next(script for script in examples("python") if "create_app" in script), names)
    assert isinstance(names["app"], FastAPI)


def test_the_tables_are_complete() -> None:
    members = re.findall(r"^\| `(\w+)` \|", section("Speech").split("**Whole")[0], re.M)
    assert set(members) == {*SpeechRequest.model_fields}
    parser = Parser(prog="serve")
    add_arguments(parser)
    flags = set(re.findall(r"--[a-z-]+", parser.format_help()))
    documented = set(re.findall(r"--[a-z-]+", PAGE)) | {"--help", "--quiet", "--verbose", "--port"}
    assert flags <= documented, flags - documented


def test_the_defaults_are_the_flags() -> None:
    parser = Parser(prog="serve")
    add_arguments(parser)
    for flag, default in re.findall(r"^\| `--([a-z-]+)` \| (\d+) \|", section("Limits"), re.M):
        assert parser.get_default(flag.replace("-", "_")) == int(default), flag
