"""A damaged .pte is found by verifying it. Oracle: ExecuTorch's own runtime, in the wheel."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path

import pytest

from command_line import TEXT, Run, assert_error
from fault_models import cached_fault_models
from voxtral_tts import ModelLoadError, Runner

# What `Runtime.load_program` calls. `_load_for_executorch` takes the argument and does without.
LOAD = """
import sys
from executorch.extension.pybindings.portable_lib import Verification, _load_program
for arguments in sys.argv[1:]:
    verification, file = arguments.split(":")
    try:
        _load_program(file, program_verification=getattr(Verification, verification))
        print("loaded", flush=True)
    except RuntimeError as error:
        print(error, flush=True)
"""


def with_a_wrong_offset(program: bytes, name: str) -> bytes:
    """The flatbuffer's reference to this string leads far behind the end of the file."""
    text = name.encode()
    start = program.index(struct.pack("<I", len(text)) + text + b"\0")
    places = (
        at for at in range(0, start, 4) if at + struct.unpack_from("<I", program, at)[0] == start
    )
    damaged = bytearray(program)
    struct.pack_into("<I", damaged, next(places), 0x7FFFFFF0)
    return bytes(damaged)


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    good = cached_fault_models("ending")[0]
    path = tmp_path_factory.mktemp("damaged") / "damaged.pte"
    path.write_bytes(with_a_wrong_offset(good.model.read_bytes(), "aten::cat"))
    return path


def test_the_wheel_verifies_programs_when_asked_to(damaged: Path) -> None:
    """Were the check not compiled in, ExecuTorch would quietly do without it."""
    good = cached_fault_models("ending")[0].model
    programs = (f"InternalConsistency:{good}", f"InternalConsistency:{damaged}")
    # In a process of its own, which an unverified program may end.
    command = [sys.executable, "-c", LOAD, *programs, f"Minimal:{damaged}"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120)
    intact, verified, unverified = result.stdout.splitlines()
    assert (intact, unverified) == ("loaded", "loaded"), result.stderr
    assert "error: 0x:23" in verified  # InvalidProgram


def test_the_runner_refuses_what_only_verification_finds(damaged: Path, run: Run) -> None:
    good = cached_fault_models("ending")[0]
    for pair in ((damaged, good.codec), (good.model, damaged)):
        with pytest.raises(ModelLoadError, match=r"damaged\.pte"):
            Runner(*pair)
    result = run("--model", damaged, "--codec", good.codec, "-t", TEXT)
    assert_error(result, 3, "ModelLoad", "damaged.pte")
