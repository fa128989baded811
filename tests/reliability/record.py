"""What a part has counted: a file that further runs of the same build add to."""

from __future__ import annotations

import hashlib
import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import voxtral_tts
from command_line import runner_binary

Row = tuple[str, str, str, bool]  # what, asked, measured, met
Counts = dict[str, Any]

HERE = Path(__file__).parent
_MOST_MESSAGES = 40


@cache
def fingerprint(part: str) -> str:
    """Of what is measured, and of how: the built runner, the package's libraries, the part."""
    binary = runner_binary()
    package = Path(voxtral_tts.__file__).parent
    files = [binary, *sorted((binary.parent / "cpp" / "runner").glob("*.so*"))]
    files += sorted(package.glob("*.so*"))
    files += sorted(HERE.glob(f"{part.split('_')[0]}*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


def load(folder: Path, part: str) -> Counts:
    """What runs of this build have counted, and nothing of other builds."""
    try:
        counts: Counts = json.loads((folder / f"{part}.json").read_text())
    except (OSError, ValueError):
        counts = {}
    key = fingerprint(part)
    return counts if counts.get("build") == key else {"build": key, "wrong": []}


def save(folder: Path, part: str, counts: Counts) -> None:
    """Replaces the file at once, so that a run may end at any time."""
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{part}.{os.getpid()}.tmp"
    temporary.write_text(json.dumps(counts, indent=1) + "\n")
    temporary.replace(folder / f"{part}.json")


def add_wrong(counts: Counts, message: str) -> None:
    """Keeps the first messages; `wrong_count` counts all."""
    counts["wrong_count"] = counts.get("wrong_count", 0) + 1
    if len(counts["wrong"]) < _MOST_MESSAGES:
        counts["wrong"].append(message)


def number(value: float) -> str:
    """1234567 -> 1,234,567."""
    return f"{value:,}"
