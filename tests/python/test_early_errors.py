"""What commands say before a model is loaded, and of files that are missing or confused.

Oracle: docs/voxtral-tts.md and its exit codes.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from command_line import TEXT, assert_error
from voxtral_cli import program
from voxtral_tts.locate import SMALL_VOICE


@pytest.mark.parametrize(
    ("arguments", "code", "name"),
    [
        (["-o", "a.aac"], 2, "Usage"),
        (["-o", "a.wav", "--format", "mp3"], 2, "Usage"),
        (["-o", "a.opus", "--sample-rate", "44100"], 2, "Usage"),
        (["-o", "nowhere/a.wav"], 8, "OutputIO"),
        (["-o", "/proc/a.wav"], 8, "OutputIO"),
        (["--voice", "nobody"], 6, "Voice"),
        (["--voice", "nobody.pt"], 6, "Voice"),
        (["--voices", "."], 6, "Voice"),
    ],
)
def test_what_cannot_be_is_told_before_the_model_is_loaded(
    tmp_path: Path, arguments: list[str], code: int, name: str
) -> None:
    """The model here is none: loading it would be the error."""
    folder = tmp_path / "model"
    folder.mkdir()
    shutil.copytree(SMALL_VOICE / "voice_embedding", folder / "voice_embedding")
    for file in ("model.pte", "codec_decoder.pte", "tekken.json"):
        (folder / file).write_bytes(b"not what it should be")
    flags = ["--model", folder, "-t", TEXT]
    assert_error(program(tmp_path, "say", *flags, *arguments), code, name)
    loaded = program(tmp_path, "say", *flags, "--voice", "rms")
    assert_error(loaded, 3, "ModelLoad", "model.pte")
    shutil.rmtree(folder / "voice_embedding")  # which a voice given by its path does without
    own = program(tmp_path, "say", *flags, "--voice", SMALL_VOICE / "voice_embedding" / "rms.pt")
    assert_error(own, 3, "ModelLoad", "model.pte")


def test_a_batch_is_told_early_of_a_voice_there_is_none_of(tmp_path: Path) -> None:
    (tmp_path / "jobs.jsonl").write_text('{"id": "a", "text": "Hello."}')
    flags = ["jobs.jsonl", "--output-dir", "out", "--voice", "nobody"]
    assert_error(program(tmp_path, "batch", *flags), 6, "Voice", "nobody", "rms")
    assert not (tmp_path / "out").exists()


def test_a_server_is_told_early_of_a_folder_without_voices(tmp_path: Path) -> None:
    pytest.importorskip("fastapi")
    folder = tmp_path / "empty"
    for problem in ("cannot list the voices in", "there are no voices in"):
        result = program(tmp_path, "serve", "--port", 0, "--voices", folder)
        assert_error(result, 6, "Voice", f"{problem} '{folder}'")
        folder.mkdir(exist_ok=True)


def test_the_programs_of_an_export_are_told_apart(tmp_path: Path) -> None:
    model, codec = SMALL_VOICE / "model.pte", SMALL_VOICE / "codec_decoder.pte"
    as_model = program(tmp_path, "say", TEXT, "--model", codec)
    assert_error(as_model, 4, "ModelMismatch", "codec_decoder.pte", "this is the codec")
    as_codec = program(tmp_path, "say", TEXT, "--model", model, "--codec", model)
    assert_error(as_codec, 4, "ModelMismatch", "model.pte", "this is the language model")


@pytest.mark.parametrize(
    ("missing", "code", "name"), [("tekken.json", 5, "Tokenizer"), ("voice_embedding", 6, "Voice")]
)
def test_what_is_missing_of_an_export_is_named(
    tmp_path: Path, missing: str, code: int, name: str
) -> None:
    folder = shutil.copytree(SMALL_VOICE, tmp_path / "model")
    path = folder / missing
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    result = program(tmp_path, "say", TEXT, "--model", folder)
    assert_error(result, code, name, f"'{path}'", f"copy {missing} there")


def test_the_name_of_a_file_as_the_text(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text(TEXT)
    result = program(tmp_path, "say", "text.txt", "--max-frames", 2)
    assert result.returncode == 0
    assert b"note: the name 'text.txt' is spoken; what is in the file: -i 'text.txt'" in (
        result.stderr
    )
