"""The command line when something is wrong. Oracle: the error model of docs/cli.md."""

from __future__ import annotations

import json
import os
import resource
import signal
import stat
import subprocess
import time
from pathlib import Path

import pytest

from command_line import (
    FRAME,
    TEXT,
    TIMEOUT_S,
    WAV_HEADER,
    Result,
    Run,
    assert_error,
    wav_samples,
)


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--seed", "18446744073709551616"], "--seed"),
        (["--seed", "-1"], "'-1'"),
        (["--temperature", "nan"], "'nan'"),
        (["--temperature", "1e38"], "up to 100"),
        (["--temperature", "100.001"], "up to 100"),
        (["--cfg-alpha", "1e38"], "between -100 and 100"),
        (["--cfg-alpha", "-100.001"], "between -100 and 100"),
        (["--max_frames", "-3"], "'-3'"),
        (["--format", "mp3"], "mp3"),
        (["--device", "tpu"], "auto, gpu or cpu"),
        (["--chunk-frames", "100000"], "chunk_frames"),
        (["--unknown"], "--unknown"),
        (["Hello."], "Hello."),
        (["--voice"], "--voice"),
        (["-t", "a", "-i", "b"], "--text-file"),
        (["--speaker", "-o", "a.wav"], "--output"),
    ],
)
def test_usage_errors(
    run: Run, files: list[str], tmp_path: Path, arguments: list[str], part: str
) -> None:
    assert_error(run(*files, *arguments, stdin=b"a"), 2, "Usage", part)
    assert list(tmp_path.iterdir()) == []


def test_exit_codes_of_files_and_text(
    run: Run, speak: Run, files: list[str], exported: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad"
    bad.write_bytes(b"not what it should be")
    model, codec, presets = files[1], files[3], exported / "voice_embedding"
    cases: list[tuple[Result, int, str, str]] = [
        (run("--codec", codec), 2, "Usage", "--model"),
        (run("--model", "no.pte", "--codec", codec, "-t", "a"), 3, "ModelLoad", "no.pte"),
        (run("--model", bad, "--codec", codec, "-t", "a"), 3, "ModelLoad", "bad"),
        (run("--model", model, "--codec", bad, "-t", "a"), 3, "ModelLoad", "bad"),
        (speak("--tokenizer", bad, "--voices", presets), 5, "Tokenizer", "bad"),
        (speak("--voice", "nobody"), 6, "Voice", "casual_male"),
        (speak("--voices", tmp_path), 6, "Voice", str(tmp_path)),
        (speak("--text", ""), 7, "Text", "empty"),
        (speak(stdin=b" \n"), 7, "Text", "empty"),
        (speak(stdin=b"caf\xe9"), 7, "Text", ""),
        (speak("--text", "word " * 20000), 7, "Text", ""),
        (speak("-i", "missing.txt"), 7, "Text", "missing.txt"),
        (speak("-o", "nowhere/a.wav"), 8, "OutputIO", "nowhere/a.wav"),
        (speak("-o", "."), 8, "OutputIO", "."),
        (speak("-o", "/dev/full"), 8, "OutputIO", "No space left"),
        (speak("-o", "/dev/full", "--format", "s16le"), 8, "OutputIO", "No space left"),
        (speak("--stats-json", "nowhere/s.json"), 8, "OutputIO", "nowhere/s.json"),
    ]
    for result, code, name, part in cases:
        assert_error(result, code, name, part)
    assert list(tmp_path.iterdir()) == [bad]


@pytest.mark.parametrize(
    "name", ["<s>", "[AUDIO]", "[BEGIN_AUDIO]", "[NEXT_AUDIO_TEXT]", "[REPEAT_AUDIO_TEXT]"]
)
def test_a_tokenizer_with_another_id_for_a_token_of_the_prompt(
    speak: Run, exported: Path, tmp_path: Path, name: str
) -> None:
    tekken = json.loads((exported / "tekken.json").read_text())
    tokens = {token["token_str"]: token for token in tekken["special_tokens"]}
    tokens[name]["token_str"], tokens["</s>"]["token_str"] = "</s>", name
    other = tmp_path / "other.json"
    other.write_text(json.dumps(tekken))
    result = speak("--tokenizer", other, "--voices", exported / "voice_embedding")
    assert_error(result, 4, "ModelMismatch", "other.json", f"{name} is 2,")


@pytest.mark.parametrize("form", ["wav", "s16le"])
def test_a_link_to_itself_is_no_output(speak: Run, tmp_path: Path, form: str) -> None:
    link = tmp_path / "a.out"
    link.symlink_to(link)
    assert_error(speak("-o", link, "--format", form), 8, "OutputIO", "a.out")
    assert link.is_symlink()


@pytest.mark.parametrize("form", ["wav", "s16le", "f32le"])
def test_a_failure_leaves_an_older_file_or_a_valid_new_one(
    run: Run, runner_binary: Path, files: list[str], tmp_path: Path, form: str
) -> None:
    output = tmp_path / "old"
    output.write_bytes(b"old")
    arguments = [*files, "-t", TEXT, "-o", "old", "--format", form]
    assert run(*arguments, "--voice", "nobody").returncode == 6
    assert output.read_bytes() == b"old"
    limit_bytes = 10 * FRAME + 1  # in the middle of a sample
    result = subprocess.run(
        [runner_binary, *arguments],
        cwd=tmp_path,
        capture_output=True,
        timeout=TIMEOUT_S,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes,) * 2),
    )
    assert_error(result, 8, "OutputIO", "File too large")
    assert list(tmp_path.iterdir()) == [output]
    n_bytes = wav_samples(output).nbytes if form == "wav" else output.stat().st_size
    assert 0 < n_bytes <= limit_bytes
    if form != "wav":
        assert n_bytes % (FRAME * (4 if form == "f32le" else 2)) == 0  # whole writes


def test_a_closed_pipe_is_exit_13(runner_binary: Path, files: list[str]) -> None:
    process = subprocess.Popen(
        [runner_binary, *files, "-t", TEXT, "--speaker"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.read(FRAME)
    process.stdout.close()
    assert process.stderr is not None
    errors = process.stderr.read()
    assert process.wait(TIMEOUT_S) == 13
    assert errors.count(b"error: ReaderGone: ") == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux only")
def test_help_on_a_full_disk_is_no_success(runner_binary: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run([runner_binary, "--help"], stdout=full, stderr=subprocess.PIPE)
    assert result.returncode == 8


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("form", ["wav", "s16le"])
def test_a_signal_keeps_the_audio_so_far(
    runner_binary: Path, files: list[str], tmp_path: Path, number: signal.Signals, form: str
) -> None:
    command = [str(runner_binary), *files, "-t", TEXT, "-o", "a.out", "--format", form]
    command += ["--stats-json", "s.json"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE)
    deadline = time.monotonic() + TIMEOUT_S
    # Audio is in the temporary file: then it is too late to leave nothing behind.
    while not any(path.stat().st_size > 10 * FRAME for path in tmp_path.iterdir()):
        assert process.poll() is None, "ended before it could be interrupted"
        assert time.monotonic() < deadline
        time.sleep(0.002)
    process.send_signal(number)
    _, errors = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 128 + number
    assert errors.count(b"error: Interrupted: " + number.name.encode()) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.out", "s.json"]
    stats = json.loads((tmp_path / "s.json").read_text())
    assert stats["finish_reason"] == "cancelled"
    output = tmp_path / "a.out"
    n_samples = len(wav_samples(output)) if form == "wav" else output.stat().st_size // 2
    assert n_samples == stats["codec_frames"] * FRAME > 0
    assert stats["decoded_frames"] == stats["codec_frames"]


def test_a_signal_while_waiting_for_the_text(runner_binary: Path, files: list[str]) -> None:
    process = subprocess.Popen(
        [runner_binary, *files, "--data-path", "x"], stdin=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stderr is not None
    assert process.stderr.readline().startswith(b"note: ")  # its handlers are set by now
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 130
    assert errors.startswith(b"error: Interrupted: ")


def test_a_fifo_gets_a_wav_stream(runner_binary: Path, files: list[str], tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    command = [runner_binary, *files, "-t", TEXT, "--max-frames", "3", "-o", fifo]
    reader = subprocess.Popen(["cat", fifo], stdout=subprocess.PIPE)
    result = subprocess.run(command, stderr=subprocess.DEVNULL, timeout=TIMEOUT_S, check=False)
    if result.returncode != 0:
        reader.kill()  # it may wait for a writer that never came
    content, _ = reader.communicate(timeout=TIMEOUT_S)
    assert result.returncode == 0
    assert len(content) == WAV_HEADER + 3 * FRAME * 2
    assert stat.S_ISFIFO(fifo.stat().st_mode)
