"""Pairs of small programs that misbehave, each with the error it has to end in.

`cached_fault_models()` makes them once and keeps them beside the tests' exports. The expected
classes are those of docs/contract.md, docs/cli.md and docs/python.md:

- Numeric: NaN or infinity in the model's results, naming the stage and the frame;
- Text: the model found nothing to say;
- ModelMismatch: metadata missing, of another type or out of its range, a method missing or with
  another signature, two programs that do not belong together;
- ModelLoad: another format_version, a backend or an operator that is not there.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from exporting import cached, digest, sources

FRAMES = 6
"""What a pair says that has no other fault."""
MAX_FRAMES = 12
"""The models' default budget."""
LOUDNESS = (0.5, 0.0)
"""Amplitude and offset of the square wave that codecs make, 60 samples up and 60 down."""
KINDS = ("ending", "numeric", "audio", "metadata", "signature", "pair", "load")
_SOURCES = ("fault_models.py", "fault_table.py", "fault_programs.py")


class Fault(NamedTuple):
    name: str  # begins with its kind
    model: Path
    codec: Path
    error: str  # class as in cpp/runner/src/support/error.cpp; "" when the audio is fine
    stage: str  # what the message names besides file and frame: a stage, key or method

    @property
    def kind(self) -> str:
        return self.name.split("/")[0]

    @property
    def frame(self) -> int:
        """The frame at which a fault of kind "numeric" happens."""
        return int(self.name.rsplit("_", 1)[1])


def cached_fault_models(kind: str | None = None) -> list[Fault]:
    """All pairs, or those of one of KINDS, made when they are not there."""
    files = (Path(__file__).with_name(name) for name in _SOURCES)
    key = digest(sources(), *(file.read_bytes() for file in files))

    def make(folder: Path) -> None:
        fault_models(folder)

    return fault_models(cached(f"faults/{key}", make), kind)


def fault_models(folder: Path, kind: str | None = None) -> list[Fault]:
    """The pairs in `folder`, beside one tokenizer and its voices; made when they are not there."""
    index = folder / "faults.json"
    if not index.exists():
        from fault_table import make  # it imports PyTorch

        index.write_text(json.dumps(make(folder)))
    return [
        Fault(name, folder / model, folder / codec, error, stage)
        for name, model, codec, error, stage in json.loads(index.read_text())
        if kind in (None, name.split("/")[0])
    ]
