"""What the tests of the Python command line share."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from command_line import TIMEOUT_S, Result

ENVIRONMENT = dict(os.environ)
COMMAND = [sys.executable, "-m", "voxtral_tts"]
Program = Callable[..., Result]


def program(cwd: Path, *arguments: object, stdin: bytes = b"", **environment: str) -> Result:
    """voxtral-tts with the arguments, finished, run in `cwd`."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        input=stdin,
        cwd=cwd,
        capture_output=True,
        timeout=TIMEOUT_S,
        check=False,
        env=ENVIRONMENT | environment,
    )
