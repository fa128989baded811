"""Program files that are not what was exported never reach the runtime."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import struct
from pathlib import Path

import pytest

from command_line import Run, assert_error

voxtral_tts = pytest.importorskip("voxtral_tts")
from voxtral_tts import ModelLoadError, Runner  # noqa: E402

FILES = ("model.pte", "codec_decoder.pte")


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


@pytest.mark.parametrize("name", FILES)
def test_the_manifest_has_the_program_s_own_hash(exported: Path, name: str) -> None:
    """Oracle: the file format's own header, bytes 16 to 23 (ExecuTorch, extended header)."""
    entry = json.loads((exported / "manifest.json").read_text())["files"][name]
    content = (exported / name).read_bytes()
    (size,) = struct.unpack_from("<Q", content, 16)
    assert content[8:12] == b"eh00" and 0 < size < len(content)
    digest = hashlib.sha256(content[:size]).hexdigest()
    assert entry["program"] == {"bytes": size, "sha256": digest}
    assert entry["sha256"] == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("name", FILES)
def test_damage_is_found(folder: Path, tmp_path: Path, name: str) -> None:
    """In the program always; in the weights when the file is new, and with `verify`."""
    file, cache = folder / name, tmp_path / "cache"
    program = json.loads((folder / "manifest.json").read_text())["files"][name]["program"]["bytes"]
    flip(file, file.stat().st_size - 1)
    with pytest.raises(ModelLoadError, match=f"{name}: has another SHA-256"):
        load(folder, cache)
    flip(file, file.stat().st_size - 1)
    load(folder, cache)
    flip(file, file.stat().st_size - 1)
    load(folder, cache)  # seen before: its weights are not read again
    with pytest.raises(ModelLoadError, match="another SHA-256"):
        load(folder, cache, verify=True)
    flip(file, program - 1)
    with pytest.raises(ModelLoadError, match="its program has another SHA-256"):
        load(folder, cache)
    os.truncate(file, file.stat().st_size - 1)
    with pytest.raises(ModelLoadError, match=r"bytes, manifest\.json says"):
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
