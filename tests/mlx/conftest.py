"""Fixtures of the MLX backend's tests."""

from __future__ import annotations

from pathlib import Path

import op_suite
import pytest


@pytest.fixture(scope="session")
def op_test_runner() -> Path:
    """The program that runs one operator case on our delegate."""
    try:
        return op_suite.runner_path()
    except FileNotFoundError as error:
        pytest.fail(str(error))
