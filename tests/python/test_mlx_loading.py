"""How the MLX delegate is found and loaded. Oracle: docs/python.md and docs/cli.md.

The programs here say that they are MLX's and are not: XNNPACK's with the name replaced. What they
compute with real ones is for tests/mlx to show.
"""

from __future__ import annotations

import itertools
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from command_line import TEXT, TIMEOUT_S, Run, assert_error
from voxtral_tts import ModelLoadError, Runner, UsageError

XNNPACK, MLX = b"XnnpackBackend", b"MLXBackend"

linux_only = pytest.mark.skipif(
    sys.platform == "darwin", reason="on macOS ExecuTorch brings the delegate"
)


def flatbuffer_string(text: bytes, room: int) -> bytes:
    return struct.pack("<I", len(text)) + text.ljust(room + 1, b"\0")


@pytest.fixture(scope="module")
def named_mlx(exported: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An exported folder whose programs ask for MLX with payloads that it cannot read."""
    folder = tmp_path_factory.mktemp("mlx") / "exported"
    shutil.copytree(exported, folder)
    old, new = (flatbuffer_string(name, len(XNNPACK)) for name in (XNNPACK, MLX))
    for name in ("model.pte", "codec_decoder.pte"):
        content = (folder / name).read_bytes()
        assert old in content
        (folder / name).write_bytes(content.replace(old, new))
    (folder / "manifest.json").unlink()  # it would refuse them earlier
    return folder


def python(code: str, *arguments: object) -> str:
    """The output of a fresh interpreter."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_a_payload_that_is_none_is_a_load_error(named_mlx: Path, run: Run) -> None:
    files = (named_mlx / "model.pte", named_mlx / "codec_decoder.pte")
    with pytest.raises(ModelLoadError, match=r"model\.pte: method 'step' does not load"):
        Runner(*files)
    result = run("--model", files[0], "--codec", files[1], "--text", TEXT)
    assert_error(result, 3, "ModelLoad", "model.pte", "does not load")


@linux_only
def test_a_missing_delegate_is_named(named_mlx: Path, runner_binary: Path, tmp_path: Path) -> None:
    """The library looks beside itself: a copy elsewhere has no delegate."""
    for library in (runner_binary.parent / "cpp" / "runner").glob("libvoxtral_tts.so*"):
        shutil.copy(library, tmp_path, follow_symlinks=False)
    command = [runner_binary, "--model", named_mlx / "model.pte"]
    command += ["--codec", named_mlx / "codec_decoder.pte", "--text", TEXT]
    result = subprocess.run(
        command,
        env={**os.environ, "LD_LIBRARY_PATH": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        timeout=TIMEOUT_S,
    )
    library = f"{tmp_path}/libvoxtral_tts_mlx.so"
    assert_error(result, 3, "ModelLoad", "model.pte", library, "pip install 'voxtral_tts[mlx]'")


def test_the_device_reaches_the_runner(exported: Path) -> None:
    files = (exported / "model.pte", exported / "codec_decoder.pte")
    with pytest.raises(UsageError, match=r"model\.pte: device gpu: .*--backend mlx"):
        Runner(*files, device="gpu")
    with pytest.raises(UsageError, match=r"'tpu': must be 'auto', 'gpu' or 'cpu'"):
        Runner(*files, device="tpu")  # type: ignore[arg-type]
    with Runner(*files, device="cpu") as runner:
        assert len(runner.synthesize(TEXT, max_frames=1).samples) > 0


@linux_only
@pytest.mark.parametrize(
    "order",
    [
        ("voxtral_tts.runner", "executorch.runtime"),
        ("executorch.runtime", "voxtral_tts.runner"),
        ("mlx.core", "voxtral_tts.runner", "executorch.runtime"),
        ("torch", "executorch.runtime", "voxtral_tts.runner", "mlx.core"),
    ],
)
def test_any_order_of_imports_registers_the_backend_once(order: tuple[str, ...]) -> None:
    code = (
        f"import {', '.join(order)}, pathlib\n"
        "names = executorch.runtime.Runtime.get().backend_registry.registered_backend_names\n"
        "assert names.count('MLXBackend') == 1, names\n"
        "maps = pathlib.Path('/proc/self/maps').read_text().split()\n"
        "print(*{name for name in maps if name.endswith('/libmlx.so')})"
    )
    assert len(python(code).split()) == 1  # one copy of MLX


@linux_only
def test_without_mlx_the_import_says_nothing() -> None:
    """None in sys.modules makes find_spec find nothing."""
    code = (
        "import sys; sys.modules['mlx'] = None\n"
        "import voxtral_tts.runner, pathlib\n"
        "print('libmlx' in pathlib.Path('/proc/self/maps').read_text())"
    )
    assert python(code) == "False\n"


def test_pins_of_mlx_agree() -> None:
    root = Path(__file__).parents[2]
    version = "set(VOXTRAL_TTS_MLX_VERSION "
    cmake = (root / "cmake" / "MlxFromWheel.cmake").read_text()
    pin = cmake.split(version)[1].split(")")[0]
    project = (root / "pyproject.toml").read_text().split("mlx[cpu]==")[1:]
    assert [text.split(";")[0] for text in project] == list(itertools.repeat(pin, 3))


@pytest.mark.parametrize(
    ("installed", "refused"),
    [("1.5.0", True), ("1.4", True), ("0.9.9+cpu", True), ("1.5.1+cpu", False), ("1.10.0", False)],
)
def test_an_executorch_that_binds_streams_to_threads_is_refused_at_import(
    installed: str, refused: bool
) -> None:
    code = """
import importlib.metadata as metadata, sys
metadata.version = lambda package, true=metadata.version: (
    sys.argv[1] if package == "executorch" else true(package)
)
try:
    import voxtral_tts.runner
except ImportError as error:
    print(error)
"""
    said = python(code, installed)
    assert said.startswith(f"executorch {installed} is too old") == refused
    assert ("thread" in said and "pip install executorch==1.5.1" in said) == refused
