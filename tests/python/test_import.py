"""What importing the package loads, and what it says where it cannot."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import voxtral_tts

TIMEOUT_S = 120


def test_text_alone_loads_neither_executorch_nor_mlx() -> None:
    code = (
        "import sys, voxtral_tts.text, voxtral_tts.errors\n"
        "loaded = open('/proc/self/maps').read() if sys.platform == 'linux' else ''\n"
        "assert 'numpy' not in sys.modules and 'voxtral_tts._core' not in sys.modules\n"
        "assert 'libexecutorch' not in loaded and 'libmlx' not in loaded\n"
        "import voxtral_tts\n"
        "assert 'Runner' in dir(voxtral_tts) and not hasattr(voxtral_tts, 'Rummer')\n"
        "assert voxtral_tts.Runner.__module__ == 'voxtral_tts.runner'\n"
        "assert 'voxtral_tts._core' in sys.modules and voxtral_tts.__version__\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=TIMEOUT_S)


def test_import_needs_numpy_only() -> None:
    code = (
        "import sys, voxtral_tts\n"
        "from voxtral_tts import *\n"
        "heavy = {'torch', 'mlx', 'executorch', 'safetensors'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=TIMEOUT_S)


def test_import_without_executorch_says_what_to_do(tmp_path: Path) -> None:
    # A broken _core stands for libraries that cannot be found or do not fit.
    package = tmp_path / "voxtral_tts"
    package.mkdir()
    source = Path(voxtral_tts.__file__).parent
    for name in ("__init__", "_native", "audio", "errors", "runner"):
        (package / f"{name}.py").write_text((source / f"{name}.py").read_text())
    (package / "_core.py").write_text("raise ImportError('libexecutorch.so: not found')")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    result = subprocess.run(
        [sys.executable, "-c", "from voxtral_tts import Runner"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    assert result.returncode == 1
    last = result.stderr.splitlines()[-1]
    assert "libexecutorch.so" in last
    assert "pip install 'executorch==" in last
    assert "--force-reinstall ." in last  # no index has the package itself
