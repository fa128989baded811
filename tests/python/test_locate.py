"""What is found when a command is not told, and what a manifest says of a model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from voxtral_tts import ModelLoadError, Runner
from voxtral_tts.locate import (
    SMALL_VOICE,
    default_model,
    model_file,
    segment_characters,
    voices_folder,
)


def test_a_manifest_limits_segments(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({"segment_characters": 60, "files": {}}))
    assert segment_characters(tmp_path / "model.pte") == 60


@pytest.mark.parametrize(
    "content",
    [None, "", "[]", "{", "[" * 100_000, "{}"]
    + [
        f'{{"segment_characters": {value}}}' for value in ("null", "0", "-1", "true", '"60"', "6.5")
    ],
)
def test_any_other_manifest_limits_nothing(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "manifest.json").write_text(content)
    assert segment_characters(tmp_path / "model.pte") is None


def test_a_model_may_be_named_by_its_folder(tmp_path: Path) -> None:
    assert model_file(tmp_path) == tmp_path / "model.pte"
    for name in ("x" * 5000, "nowhere"):
        assert model_file(name) == Path(name)
        with pytest.raises(ModelLoadError, match=r"File name too long|No such file"):
            Runner(name)


def test_the_default_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VOXTRAL_TTS_MODEL", raising=False)
    assert default_model() == model_file(None) == SMALL_VOICE / "model.pte"
    Path("model.pte").touch()
    assert default_model() == Path("model.pte")
    monkeypatch.setenv("VOXTRAL_TTS_MODEL", str(SMALL_VOICE))
    assert default_model() == SMALL_VOICE / "model.pte"


def test_the_folder_of_voices_is_the_runners(tmp_path: Path) -> None:
    """As `default_voices_folder` of cpp/runner/src/engine/runner.cpp has it."""
    tokenizer = tmp_path / "tekken.json"
    assert voices_folder(tokenizer, None) == tmp_path / "voice_embedding"
    (tmp_path / "voices").mkdir()
    assert voices_folder(tokenizer, None) == tmp_path / "voices"
    (tmp_path / "voice_embedding").mkdir()
    assert voices_folder(tokenizer, None) == tmp_path / "voice_embedding"
    assert voices_folder(tokenizer, "other") == Path("other")
