"""Fixtures of the MLX backend's tests."""

from __future__ import annotations

import sys
from pathlib import Path

import op_suite
import pytest


@pytest.fixture(scope="session")
def op_test_runner() -> Path:
    """The program that runs one operator case on our delegate."""
    if sys.platform == "darwin":
        pytest.skip("macOS runs ExecuTorch's own delegate, which this program does not link")
    try:
        return op_suite.runner_path()
    except FileNotFoundError as error:
        pytest.fail(str(error))
