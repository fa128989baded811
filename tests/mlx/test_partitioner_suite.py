"""ExecuTorch's own tests of its MLX partitioner, executed through its Python runtime.

13 of the 15 run programs: importing the Runner is what gives that runtime an MLX backend here.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
RUN = """
from export.mlx_lowering import install_lowering_fixes
install_lowering_fixes()
from voxtral_tts import Runner
import unittest
unittest.main("executorch.backends.mlx.test.test_partitioner", argv=["test_partitioner"])
"""


def test_partitioner_suite() -> None:
    command = [sys.executable, "-W", "ignore", "-c", RUN]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr[-4000:]
    assert "Ran 15 tests" in result.stderr, result.stderr[-4000:]
