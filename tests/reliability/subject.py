"""What the harness asks: a small export, its files, and the request that has to work."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path
from typing import NamedTuple

from command_line import FRAME, TEXT, runner_binary
from exporting import export_tiny

FRAMES = 6
TIME_LIMIT_S = 5.0  # for a bad input; the small model needs a tenth
HARD_LIMIT_S = 60.0
MORE_MEMORY_KB = 64 * 1024


class Subject(NamedTuple):
    """Program and files of the good request."""

    binary: Path
    exported: Path

    @property
    def files(self) -> dict[str, str]:
        """The files of the good request, by flag; keywords of voxtral_tts.Runner."""
        return {
            "model": str(self.exported / "model.pte"),
            "codec": str(self.exported / "codec_decoder.pte"),
            "tokenizer": str(self.exported / "tekken.json"),
            "voices": str(self.exported / "voice_embedding"),
        }

    def command(self, **others: object) -> list[str]:
        """The command line with its files, others in their place, on one thread."""
        flags = {**self.files, "threads": 1, **others}
        return [str(self.binary), *as_flags(flags)]


def as_flags(options: dict[str, object]) -> list[str]:
    """{"max_frames": 6} -> ["--max-frames", "6"]."""
    pairs = [(f"--{name.replace('_', '-')}", str(value)) for name, value in options.items()]
    return [word for pair in pairs for word in pair]


@cache
def subject() -> Subject:
    """The tests' own export, made when it is not there."""
    return Subject(runner_binary(), export_tiny("--backend", "xnnpack"))


def golden(good: Subject, text: str = TEXT, **options: object) -> bytes:
    """Samples of a good request, float32, from a process of its own that sees nothing bad."""
    flags = as_flags({"max_frames": FRAMES, **options})
    command = [*good.command(), *flags, "--speaker", "--quiet"]
    result = subprocess.run(command, input=text.encode(), capture_output=True, check=False)
    if result.returncode != 0 or len(result.stdout) % (FRAME * 4) != 0 or not result.stdout:
        raise SystemExit(f"the good request fails: {result.stderr.decode()}")
    return result.stdout
