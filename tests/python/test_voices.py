"""Voices and what their names say."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from command_line import assert_error
from voxtral_cli import program
from voxtral_tts import Runner, UsageError, VoiceError
from voxtral_tts.voices import LANGUAGES, Voice, refuse_cloning, voices_in


def test_shipped_voices(exported: Path) -> None:
    folder = exported / "voice_embedding"
    assert voices_in(folder) == [
        Voice("casual_male", "en", "male", folder / "casual_male.pt"),
        Voice("fr_female", "fr", "female", folder / "fr_female.pt"),
        Voice("neutral_female", "en", "female", folder / "neutral_female.pt"),
    ]


def test_a_folder_of_ones_own(exported: Path, tmp_path: Path) -> None:
    shutil.copy(exported / "voice_embedding" / "fr_female.pt", tmp_path / "de_anna.pt")
    assert voices_in(tmp_path) == [Voice("de_anna", "de", None, tmp_path / "de_anna.pt")]
    with Runner(exported / "model.pte", exported / "codec_decoder.pte", voices=tmp_path) as runner:
        assert runner.voices() == ["de_anna"]
        assert runner.synthesize("Hallo.", voice="de_anna", max_frames=2).duration > 0
    with pytest.raises(VoiceError, match="nowhere"):
        voices_in(tmp_path / "nowhere")


def test_the_names_of_all_languages_are_known() -> None:
    from export.synthetic import VOICE_ROWS

    prefixes = {name.split("_")[0] for name in VOICE_ROWS}
    assert prefixes & set(LANGUAGES) == set(LANGUAGES) - {"en"}


def test_the_command_lists_them(exported: Path, tmp_path: Path) -> None:
    lines = program(tmp_path, "voices", "--model", exported).stdout.decode().splitlines()
    assert [line.split() for line in lines] == [
        ["casual_male", "English", "male"],
        ["fr_female", "French", "female"],
        ["neutral_female", "English", "female"],
    ]
    folder = exported / "voice_embedding"
    listed = json.loads(program(tmp_path, "voices", "--voices", folder, "--json").stdout)
    assert listed[1] == {
        "name": "fr_female",
        "language": "fr",
        "gender": "female",
        "path": str(folder / "fr_female.pt"),
    }
    assert_error(program(tmp_path, "voices", "--voices", "nowhere"), 6, "Voice", "nowhere")
    assert program(tmp_path, "voices").stdout.startswith(b"rms ")  # of the package


def test_cloning_is_refused_with_the_reason() -> None:
    with pytest.raises(UsageError, match=r"no encoder.*--voice a:0.6"):
        refuse_cloning()
