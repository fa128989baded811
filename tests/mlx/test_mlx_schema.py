"""The generated schema: made once, complete or not at all, nowhere but in the cache folder.

Its bytes are compared with those of the macOS wheel of executorch 1.5.1 through a digest that was
taken from that wheel: with `_digest` below, on executorch/backends/mlx as unpacked.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import pytest

from export.mlx_schema import SCHEMA_SHA256, MlxSchemaError, generated_folder

ROOT = Path(__file__).parents[2]
MACOS_WHEEL_DIGEST = "c541817ba3c8af8039e7c6e79fc6d1b3fb48b269e5af76805285ef1412aaf5ce"
GENERATED = ("serialization", "_generated_inspector.py")


pytestmark = pytest.mark.skipif(
    sys.platform == "darwin", reason="the macOS wheel has the generated files"
)


def _wheel() -> Path:
    spec = find_spec("executorch.backends")
    assert spec is not None and spec.submodule_search_locations is not None
    return Path(next(iter(spec.submodule_search_locations))) / "mlx"


WHEEL = _wheel()
FLATC = WHEEL.parents[1] / "data" / "bin" / "flatc"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder, for this process and its children."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A copy of the wheel's MLX package, as far as the generator needs it."""
    package = tmp_path / "executorch" / "backends" / "mlx"
    package.mkdir(parents=True)
    shutil.copytree(WHEEL / "serialization", package / "serialization")
    return package


def _make(package: Path = WHEEL, flatc: Path = FLATC) -> Path:
    folder = generated_folder(package, flatc)
    assert folder is not None, "the wheel ships the generated files"
    return folder


def _listing(folder: Path) -> dict[str, tuple[int, int]]:
    """Path -> size and time of change of every file, byte code apart."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in files}


def _digest(folder: Path) -> str:
    """sha256 over names and contents of the part of the package that holds generated modules."""
    whole = hashlib.sha256()
    paths = [folder / "_generated_inspector.py", *(folder / "serialization").rglob("*")]
    for path in sorted(path for path in paths if path.suffix in (".py", ".fbs")):
        name = path.relative_to(folder).as_posix()
        whole.update(f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return whole.hexdigest()


def _python(code: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "ignore", "-c", code]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_same_bytes_as_macos_wheel(cache: Path) -> None:
    assert _digest(_make()) == MACOS_WHEEL_DIGEST


def test_site_packages_stay_untouched(cache: Path) -> None:
    before = _listing(WHEEL)
    folder = _make()
    assert folder.is_relative_to(cache)
    assert _listing(WHEEL) == before


def test_second_call_changes_nothing(cache: Path) -> None:
    before = _listing(_make())
    assert _listing(_make()) == before


def test_a_made_folder_can_be_read_only(cache: Path, tmp_path: Path) -> None:
    folder = _make()
    # A compiler that does not exist would be noticed if anything were made again.
    assert _make(flatc=tmp_path / "no-flatc") == folder


def test_four_processes_race(cache: Path) -> None:
    code = (
        "from pathlib import Path; from export.mlx_schema import generated_folder; "
        f"print(generated_folder(Path({str(WHEEL)!r}), Path({str(FLATC)!r})))"
    )
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(_python, [code] * 4))
    assert [result.returncode for result in results] == [0] * 4, results[0].stderr
    assert len({result.stdout for result in results}) == 1
    assert results[0].stdout.startswith(str(cache))
    folders = [path for path in (cache / "voxtral_tts").iterdir() if path.is_dir()]
    assert len(folders) == 1, "temporary folders stayed behind"
    assert _digest(folders[0]) == MACOS_WHEEL_DIGEST


@pytest.mark.parametrize("damage", ["changed file", "missing file", "no marker", "empty folder"])
def test_damaged_folder_is_made_again(cache: Path, damage: str) -> None:
    folder = _make()
    schema = folder / "serialization" / "mlx_graph_schema.py"
    if damage == "changed file":
        schema.write_text(schema.read_text() + "x = 1\n")
    elif damage == "missing file":
        schema.unlink()
    elif damage == "no marker":
        (folder / "complete.json").unlink()
        schema.unlink()
    else:
        shutil.rmtree(folder)
        folder.mkdir()
    assert _make() == folder
    assert _digest(folder) == MACOS_WHEEL_DIGEST


def test_import_works_after_it_failed(cache: Path) -> None:
    """Also: nothing of ours on stdout or stderr, and the inspector can be imported."""
    code = """
import importlib, os, sys
try:
    import executorch.backends.mlx
except ImportError:
    pass
from export.mlx_schema import ensure_mlx_schema
sys.stdout.flush(); sys.stderr.flush()
print("begin", file=sys.stderr)
ensure_mlx_schema()
finders = len(sys.meta_path)
ensure_mlx_schema()
assert len(sys.meta_path) == finders
print("end", file=sys.stderr)
from executorch.backends.mlx import MLXBackend, MLXPartitioner
from executorch.backends.mlx.pte_inspector import parse_mlx_payload
from executorch.backends.mlx.builder.op_registry import REGISTRY
ensure_mlx_schema()
assert importlib.import_module("executorch.backends.mlx").MLXBackend is MLXBackend
assert len(REGISTRY.registered_ops()) > 100
"""
    result = _python(code)
    assert result.returncode == 0, result.stderr
    assert result.stdout == ""
    assert "begin\nend\n" in result.stderr


def test_nothing_is_made_where_the_wheel_has_the_files(cache: Path, wheel: Path) -> None:
    made = _make()
    shutil.copytree(made, wheel, dirs_exist_ok=True)
    shutil.rmtree(cache)
    assert generated_folder(wheel, FLATC) is None
    assert not cache.exists()


def test_other_schema_is_refused(cache: Path, wheel: Path) -> None:
    schema = wheel / "serialization" / "schema.fbs"
    schema.write_text(schema.read_text() + "\n// 1.6\n")
    found = hashlib.sha256(schema.read_bytes()).hexdigest()
    with pytest.raises(MlxSchemaError, match=r"pip install executorch==1\.5\.1") as error:
        generated_folder(wheel, FLATC)
    assert found in str(error.value) and SCHEMA_SHA256 in str(error.value)


def test_missing_compiler(cache: Path, wheel: Path, tmp_path: Path) -> None:
    with pytest.raises(MlxSchemaError, match="no-flatc is missing"):
        generated_folder(wheel, tmp_path / "no-flatc")


@pytest.mark.parametrize("script", ["exit 1", "exit 0"])
def test_failing_compiler(cache: Path, wheel: Path, tmp_path: Path, script: str) -> None:
    """The generator exits with 0 in both cases."""
    flatc = tmp_path / "flatc"
    flatc.write_text(f"#!/bin/sh\n{script}\n")
    flatc.chmod(0o755)
    with pytest.raises(MlxSchemaError, match=r"missing: .*MLXGraph\.py"):
        generated_folder(wheel, flatc)
    assert [path.name for path in (cache / "voxtral_tts").iterdir()] == [".mlx-schema.lock"]


def test_cache_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Below a file, as root may write to a folder without permissions too.
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(file / "cache"))
    with pytest.raises(MlxSchemaError, match="XDG_CACHE_HOME") as error:
        generated_folder(WHEEL, FLATC)
    assert str(file / "cache") in str(error.value)


def test_default_cache_is_in_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert _make().is_relative_to(tmp_path / ".cache" / "voxtral_tts")
