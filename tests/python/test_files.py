"""Files that take their name when they are complete, where the last step fails.

Oracle: nothing that was written is lost, and the error names where it is.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from pathlib import Path

import numpy as np
import pytest

from voxtral_tts import OutputError
from voxtral_tts.batch.results import OutputFolder, Result, make_durable
from voxtral_tts.encode import AudioFile
from voxtral_tts.files import Replacement, check_target, replace_file

SAMPLES = np.linspace(-0.5, 0.5, 1000, dtype=np.float32)
CONTENT = np.round(SAMPLES * 32767).astype("<i2").tobytes()


def refuse(monkeypatch: pytest.MonkeyPatch, module: object, name: str, number: int) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(module, name, fail)


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP])
def test_a_file_system_without_fsync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    refuse(monkeypatch, os, "fsync", number)
    with AudioFile(tmp_path / "a.pcm") as file:
        file.write(SAMPLES)
    replace_file(tmp_path / "b", b"content")
    assert (tmp_path / "a.pcm").read_bytes() == CONTENT
    assert (tmp_path / "b").read_bytes() == b"content"
    assert len(list(tmp_path.iterdir())) == 2


def test_a_batch_on_a_file_system_without_fsync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(monkeypatch, os, "fsync", errno.EINVAL)
    result = Result(id="a", status="failed", fingerprint="f")
    with OutputFolder(tmp_path) as folder:
        make_durable(folder.pending, result)
        folder.commit(result)
    with OutputFolder(tmp_path) as folder:
        assert folder.finished("a", "f") == result


def stays(folder: Path, error: OutputError, number: int) -> bytes:
    """What is in the only file of the folder besides an older one, which the error names."""
    (temporary,) = (path for path in folder.iterdir() if path.name.startswith(".voxtral_tts-"))
    assert error.errno == number
    assert f"'{folder / 'a.pcm'}': {os.strerror(number)}" in str(error)
    assert f"complete in '{temporary}'" in str(error)
    return temporary.read_bytes()


@pytest.mark.parametrize(
    ("step", "number"),
    [("rename", errno.EPERM), ("rename", errno.EXDEV), ("fsync", errno.EIO)],
)
def test_a_refused_last_step_keeps_the_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, number: int
) -> None:
    (tmp_path / "a.pcm").write_bytes(b"older")
    refuse(monkeypatch, Path if step == "rename" else os, step, number)
    with pytest.raises(OutputError) as caught, AudioFile(tmp_path / "a.pcm") as file:
        file.write(SAMPLES)
    assert stays(tmp_path, caught.value, number) == CONTENT
    assert (tmp_path / "a.pcm").read_bytes() == b"older"
    assert len(list(tmp_path.iterdir())) == 2


def test_a_refused_last_step_after_an_error_is_told_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The error in the block is raised; the file that stays is named by a warning."""
    refuse(monkeypatch, Path, "rename", errno.EPERM)
    with (
        caplog.at_level("WARNING", "voxtral_tts"),
        contextlib.suppress(KeyboardInterrupt),
        AudioFile(tmp_path / "a.pcm") as file,
    ):
        file.write(SAMPLES)
        raise KeyboardInterrupt
    (temporary,) = tmp_path.iterdir()
    assert temporary.read_bytes() == CONTENT
    assert f"complete in '{temporary}'" in caplog.text


def test_a_target_is_checked_without_a_trace(tmp_path: Path) -> None:
    old, fifo = tmp_path / "old.wav", tmp_path / "fifo.wav"
    old.write_bytes(b"old")
    os.mkfifo(fifo)
    for path in (old, fifo, tmp_path / "new.wav", Path("/dev/null")):
        check_target(path)  # which would wait for a reader of the FIFO
    assert {path.name for path in tmp_path.iterdir()} == {"old.wav", "fifo.wav"}
    assert old.read_bytes() == b"old"
    for path in (tmp_path, tmp_path / "none" / "a.wav", Path("/proc/a.wav")):
        with pytest.raises(OutputError, match=str(path)):
            check_target(path)


@pytest.mark.parametrize("known", [True, False])
def test_macos_flushes_the_drive_where_the_file_system_can(
    known: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def control(fd: int, command: int) -> int:
        calls.append(command)
        if not known:
            raise OSError(45, "Operation not supported")
        return 0

    monkeypatch.setattr(fcntl, "F_FULLFSYNC", 51, raising=False)
    monkeypatch.setattr(fcntl, "fcntl", control)
    monkeypatch.setattr(os, "fsync", lambda fd: calls.append("fsync"))
    with Replacement(tmp_path / "a") as file:
        file.replace(b"content")
    assert calls == [51] if known else [51, "fsync"]
    assert (tmp_path / "a").read_bytes() == b"content"
