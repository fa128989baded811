"""Code on the pages does what it says: what can run here is run, with a small model."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from command_line import TIMEOUT_S
from exporting import ROOT
from fault_models import cached_fault_models
from voxtral_cli import ENVIRONMENT

ELSEWHERE = {"server.md"}  # tests/server/test_server_docs.py runs it against a server
DOCS = sorted(path.name for path in (ROOT / "docs").glob("*.md") if path.name not in ELSEWHERE)
PAGES = ["README.md", *(f"docs/{name}" for name in DOCS)]
BUILDS = "builds, exports or installs: make test, the exporter's and the consumer's tests do"
# First line of a snippet -> why it is not run.
NOT_RUN = {
    "make demo   # set up": BUILDS,
    "make demo TORCH_INDEX": BUILDS,
    "source .venv/bin/activate": BUILDS,
    "make voxtral_tts-xnnpack": BUILDS,
    "make python": BUILDS,
    "make setup": BUILDS,
    "make bench": BUILDS,
    "make mlx-op-suite": BUILDS,
    "pip install '.[audio]'": BUILDS,
    "bash scripts/run_mlx_e2e.sh": BUILDS,
    "python -m export": "needs the checkpoint's export; tests/python/test_export.py",
    "python -m training": "takes hours; tests/python/test_training*.py try its parts",
    "torchrun": "takes hours; tests/python/test_training*.py try its parts",
    "voxtral-tts serve": "serves until it is stopped: tests/server",
    "import ray": "starts a cluster: tests/on_ray",
    "from ray import serve": "starts a cluster: tests/on_ray",
    "runner.synthesize": "a line of a program: tests/python/test_voice_blend.py",
    "find_package(voxtral_tts": "tests/consumer has it",
    "#include <voxtral_tts/": "tests/consumer has it",
    'voxtral-tts say "Bonjour tout le monde." --voice fr_female --play': "needs a loudspeaker",
    "ollama run": "needs a language model and a loudspeaker",
    "shell_command:": "needs Home Assistant",
}
RUNNABLE = ("bash", "python")


class Snippet(NamedTuple):
    page: str
    language: str
    code: str

    @property
    def first_line(self) -> str:
        return self.code.partition("\n")[0]

    @property
    def reason(self) -> str | None:
        starts = (why for start, why in NOT_RUN.items() if self.first_line.startswith(start))
        return next(starts, None)


def snippets() -> Iterator[Snippet]:
    for page in PAGES:
        text = (ROOT / page).read_text()
        for language, code in re.findall(r"^```(\w+)\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
            if language != "text":
                yield Snippet(page, language, code)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, runner_binary: Path) -> Path:
    """What a reader has: an exported folder, the programs, players, some texts."""
    place = tmp_path_factory.mktemp("reader")
    good = next(fault for fault in cached_fault_models("ending") if fault.name == "ending/good")
    for exported in (place / "voxtral", place):  # docs/cli.md runs in the folder itself
        exported.mkdir(exist_ok=True)
        (exported / "model.pte").symlink_to(good.model)
        (exported / "codec_decoder.pte").symlink_to(good.codec)
        for name in ("tekken.json", "voice_embedding"):
            (exported / name).symlink_to(good.model.parent / name)
    (place / "voxtral_tts_runner").symlink_to(runner_binary)
    for name in ("book.txt", "notes.txt", "text.txt"):
        (place / name).write_text("A first sentence, of 12 words. And a second one.\n")
    programs = place / "bin"
    programs.mkdir()
    scripts = {
        "voxtral-tts": f'exec {sys.executable} -m voxtral_tts "$@"',
        "python": f'exec {sys.executable} "$@"',
        "aplay": "cat > /dev/null",
        "ffplay": "cat > /dev/null",
        "sox": "cat > /dev/null",
        "voxtral_tts_runner": f'exec {runner_binary} "$@"',
    }
    for name, script in scripts.items():
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)
    return place


@pytest.mark.parametrize("snippet", list(snippets()), ids=lambda s: f"{s.page}:{s.first_line[:40]}")
def test_snippet(snippet: Snippet, folder: Path) -> None:
    if snippet.reason is not None:
        pytest.skip(snippet.reason)
    assert snippet.language in RUNNABLE, "run it, or list it with a reason"
    command = {
        "bash": ["bash", "-euo", "pipefail", "-c", snippet.code],
        "python": [sys.executable, "-c", snippet.code],
    }[snippet.language]
    environment = ENVIRONMENT | {
        "PATH": os.pathsep.join([str(folder / "bin"), os.environ["PATH"]]),
        "HOME": str(folder),
        "VOXTRAL_TTS_MODEL": str(folder / "voxtral"),
    }
    result = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, timeout=TIMEOUT_S
    )
    assert result.returncode == 0, result.stderr.decode()
    assert b"error" not in result.stderr


def test_every_reason_is_still_needed() -> None:
    starts = {start for start in NOT_RUN for s in snippets() if s.first_line.startswith(start)}
    assert starts == set(NOT_RUN)
