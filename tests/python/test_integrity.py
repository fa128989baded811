"""Program files that are not what was exported never reach the runtime."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from executorch.exir._serialize._program import deserialize_pte_binary

from command_line import Run, assert_error

voxtral_tts = pytest.importorskip("voxtral_tts")
from voxtral_tts import ModelLoadError, Runner  # noqa: E402

FILES = ("model.pte", "codec_decoder.pte")
PACKAGED = Path(__file__).parents[2] / "python/voxtral_tts/assets"


@pytest.fixture
def folder(exported: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(exported, tmp_path / "exported"))


def load(folder: Path, cache: Path, verify: bool = False) -> None:
    paths = [folder / name for name in FILES]
    Runner(*paths, cache_dir=cache, verify=verify).close()


def flip(file: Path, offset: int) -> None:
    """Changes one byte; size, time of change and inode stay."""
    status = file.stat()
    with file.open("r+b") as opened:
        opened.seek(offset)
        (byte,) = opened.read(1)
        opened.seek(offset)
        opened.write(bytes([byte ^ 1]))
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


def interpreted(folder: Path, name: str) -> dict[str, Any]:
    entry = json.loads((folder / "manifest.json").read_text())["files"][name]
    found: dict[str, Any] = entry["interpreted"]
    return found


@pytest.mark.parametrize("kind", ["xnnpack", "mlx", "packaged"])
@pytest.mark.parametrize("name", FILES)
def test_the_manifest_covers_all_that_is_interpreted(
    export_tiny: Callable[..., Path], kind: str, name: str
) -> None:
    """Oracles: the file's own header, bytes 16 to 23 (ExecuTorch, extended header), and the
    payloads as the wheel's reader takes them out; nothing else but what pads them is covered."""
    folder = PACKAGED if kind == "packaged" else export_tiny("--backend", kind)
    alignment = 16384 if kind == "mlx" else 128
    part, content = interpreted(folder, name), (folder / name).read_bytes()
    (size,) = struct.unpack_from("<Q", content, 16)
    assert content[8:12] == b"eh00"
    assert part["ranges"][0] == [0, size]
    covered = [content[offset : offset + size] for offset, size in part["ranges"]]
    assert part["sha256"] == hashlib.sha256(b"".join(covered)).hexdigest()
    program = deserialize_pte_binary(content).program
    payloads = [delegate.data for delegate in program.backend_delegate_data]
    assert payloads
    for payload in payloads:
        assert any(payload in piece for piece in covered[1:])
    padding = alignment * len(payloads)
    assert sum(map(len, covered[1:])) <= sum(map(len, payloads)) + padding


@pytest.mark.parametrize("name", FILES)
def test_damage_is_found(folder: Path, tmp_path: Path, name: str) -> None:
    """In what is interpreted always; in weights when the file is new, and with `verify`."""
    file, cache = folder / name, tmp_path / "cache"
    flip(file, file.stat().st_size - 1)
    with pytest.raises(ModelLoadError, match=f"{name}: has another SHA-256"):
        load(folder, cache)
    flip(file, file.stat().st_size - 1)
    load(folder, cache)
    flip(file, file.stat().st_size - 1)
    load(folder, cache)  # seen before: its weights are not read again
    with pytest.raises(ModelLoadError, match="another SHA-256"):
        load(folder, cache, verify=True)
    os.truncate(file, file.stat().st_size - 1)
    with pytest.raises(ModelLoadError, match=r"bytes, manifest\.json says"):
        load(folder, cache)


@pytest.mark.parametrize("backend", ["xnnpack", "mlx"])
@pytest.mark.parametrize("name", FILES)
def test_damage_to_what_is_interpreted_is_found_at_every_load(
    tmp_path: Path, export_tiny: Callable[..., Path], backend: str, name: str
) -> None:
    """The last byte of the program and of every payload, where an MLX graph has its root tables."""
    folder = Path(shutil.copytree(export_tiny("--backend", backend), tmp_path / "copy"))
    file, cache = folder / name, tmp_path / "cache"
    load(folder, cache)
    ends = [offset + size - 1 for offset, size in interpreted(folder, name)["ranges"]]
    assert len(ends) > 1
    for end in ends:
        flip(file, end)
        with pytest.raises(ModelLoadError, match="its program has another SHA-256"):
            load(folder, cache)
        flip(file, end)
    load(folder, cache)


def test_an_older_manifest_is_read_and_all_of_the_file_with_it(
    folder: Path, tmp_path: Path
) -> None:
    """Its hash ended before the delegates' payloads, so it is not relied on."""
    cache, manifest = tmp_path / "cache", folder / "manifest.json"
    described = json.loads(manifest.read_text())
    for name in FILES:
        entry = described["files"][name]
        size = entry.pop("interpreted")["ranges"][0][1]
        digest = hashlib.sha256((folder / name).read_bytes()[:size]).hexdigest()
        entry["program"] = {"bytes": size, "sha256": digest}
    manifest.write_text(json.dumps(described))
    load(folder, cache)
    flip(folder / "model.pte", (folder / "model.pte").stat().st_size - 1)
    with pytest.raises(ModelLoadError, match=r"model\.pte: has another SHA-256"):
        load(folder, cache)


def test_a_damaged_manifest_is_an_error_and_none_is_a_warning(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    files = ["--model", folder / "model.pte", "--codec", folder / "codec_decoder.pte"]
    arguments = (*files, "--text", "Hello.", "--max-frames", "2", "-o", tmp_path / "a.wav")
    manifest = folder / "manifest.json"
    for damaged in ("", "[]", '{"files": {"model.pte": {"bytes": "1"}}}', "\0"):
        manifest.write_text(damaged)
        assert_error(run(*arguments), 3, "ModelLoad", "manifest.json")
    manifest.unlink()
    result = run(*arguments)
    assert result.returncode == 0
    assert result.stderr.count(b"warning: ") == 2  # model and codec
    assert b"no manifest.json beside it" in result.stderr


def test_the_command_line_verifies(run: Run, folder: Path, tmp_path: Path) -> None:
    files = ["--model", folder / "model.pte", "--codec", folder / "codec_decoder.pte"]
    options = ("--cache-dir", tmp_path / "cache", "--max-frames", "2", "-o", tmp_path / "a.wav")
    arguments = (*files, "--text", "Hello.", *options)
    assert run(*arguments).returncode == 0
    flip(folder / "model.pte", (folder / "model.pte").stat().st_size - 1)
    assert run(*arguments).returncode == 0
    assert_error(run(*arguments, "--verify"), 3, "ModelLoad", "model.pte: has another SHA-256")
