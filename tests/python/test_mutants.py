"""The list of planted faults fits the tree: a fault that is no longer there tests nothing."""

from __future__ import annotations

import importlib.util
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SPEC = importlib.util.spec_from_file_location("mutants", ROOT / "scripts" / "mutants.py")
assert SPEC is not None and SPEC.loader is not None
mutants = importlib.util.module_from_spec(SPEC)
sys.modules["mutants"] = mutants  # dataclasses look for it there
SPEC.loader.exec_module(mutants)

STAGES = {
    *("export", "operators", "text tokenizer", "prompt", "generate", "codec", "audio", "engine"),
    *("cli", "speech", "encode", "formats", "batch", "server", "text"),
}


@pytest.mark.parametrize("fault", mutants.faults(), ids=lambda fault: fault.name)
def test_a_fault_can_be_planted(fault: object) -> None:
    assert fault.planted() != (ROOT / fault.file).read_text()  # type: ignore[attr-defined]
    assert fault.test_files() and all(path.is_file() for path in fault.test_files())  # type: ignore[attr-defined]


def test_every_stage_has_faults() -> None:
    stages = Counter(fault.stage for fault in mutants.faults())
    assert set(stages) == STAGES
    assert sum(stages.values()) >= 60
