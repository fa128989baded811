"""Files outlive a loss of power on macOS too, whose call is counted here in its absence."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from voxtral_tts.files import Replacement


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
