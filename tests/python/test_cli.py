"""The command line as its users meet it. Oracle: docs/cli.md."""

from __future__ import annotations

import io
import json
import os
import re
import resource
import shutil
import signal
import stat
import struct
import subprocess
import time
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
SAMPLE_RATE = 24000
FRAME = 1920  # samples
WAV_HEADER = 44  # bytes
TIMEOUT_S = 120
TEXT = "The weather is fine."

Result = subprocess.CompletedProcess[bytes]
Run = Callable[..., Result]


@pytest.fixture
def files(exported: Path) -> list[str]:
    return ["--model", str(exported / "model.pte"), "--codec", str(exported / "codec_decoder.pte")]


@pytest.fixture
def run(runner_binary: Path, tmp_path: Path) -> Run:
    """run(*arguments, stdin=b"") -> the finished process; it runs in tmp_path."""

    def run_with(*arguments: object, stdin: bytes = b"", cwd: Path = tmp_path) -> Result:
        command = [str(runner_binary), *map(str, arguments)]
        return subprocess.run(
            command, input=stdin, cwd=cwd, capture_output=True, timeout=TIMEOUT_S, check=False
        )

    return run_with


@pytest.fixture
def speak(run: Run, files: list[str]) -> Run:
    """Like run, with the model's files and a limit of 6 frames."""

    def speak_with(*arguments: object, stdin: bytes = TEXT.encode()) -> Result:
        return run(*files, "--max-frames", 6, *arguments, stdin=stdin)

    return speak_with


def assert_error(result: Result, code: int, name: str, *parts: str) -> None:
    """One `error: <Class>:` line, its exit code, and nothing on stdout."""
    errors = [line for line in result.stderr.decode().splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, result.stderr
    assert errors[0].startswith(f"error: {name}: ")
    assert result.returncode == code
    assert result.stdout == b""
    for part in parts:
        assert part in errors[0]


def wav_samples(path: Path) -> np.ndarray:
    """The samples; the header has to describe the file exactly."""
    content = path.read_bytes()
    riff, data = struct.unpack_from("<I", content, 4)[0], struct.unpack_from("<I", content, 40)[0]
    assert riff == len(content) - 8
    assert data == len(content) - WAV_HEADER
    with wave.open(io.BytesIO(content)) as file:
        assert file.getparams()[:3] == (1, 2, SAMPLE_RATE)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


def test_help_is_the_block_in_the_docs(run: Run) -> None:
    blocks = re.findall(r"```text\n(Usage: .*?)```", (ROOT / "docs/cli.md").read_text(), re.DOTALL)
    result = run("--help")
    assert result.returncode == 0
    assert [result.stdout.decode()] == blocks
    assert max(map(len, result.stdout.decode().splitlines())) <= 80


def test_version_names_program_runtime_and_backends(run: Run) -> None:
    lines = run("-V").stdout.decode().splitlines()
    assert [line.split()[0] for line in lines] == ["voxtral_tts_runner", "ExecuTorch", "backends:"]


def test_required_command_inside_the_exported_folder(
    run: Run, exported: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    shutil.copytree(exported, folder)
    command = ["--model", "model.pte", "--codec", "codec_decoder.pte"]
    result = run(*command, stdin=b"Hello.\n", cwd=folder)
    # How it ends is the synthetic model's business; the exit code has to say it.
    ending = re.search(rb"finish (\w+)", result.stderr)
    assert ending is not None
    assert result.returncode == {b"end_of_audio": 0, b"frame_budget": 10}[ending[1]]
    assert (b"warning: " in result.stderr) == (result.returncode == 10)
    assert result.stdout == b""
    samples = wav_samples(folder / "output.wav")
    frames = re.search(rb"frames (\d+)", result.stderr)
    assert frames is not None
    assert len(samples) == int(frames[1]) * FRAME > 0
    assert samples.any()


def test_default_report_is_one_line_before_and_one_after(speak: Run) -> None:
    lines = speak().stderr.decode().splitlines()
    assert len(lines) == 2
    assert re.fullmatch(r"loaded .*model\.pte and .*codec_decoder\.pte in \d+ ms", lines[0])
    number = r"\d+\.\d\d"
    assert re.fullmatch(
        rf"audio 0\.48 s, wall {number} s, RTF {number} \(generation RTF {number}\), "
        rf"TTFA \d+ ms, frames 6, peak {number}, clipped \d+, finish length",
        lines[1],
    )


def test_quiet_is_silent_and_a_limit_of_ones_own_is_success(speak: Run, tmp_path: Path) -> None:
    result = speak("-q")
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")
    assert len(wav_samples(tmp_path / "output.wav")) == 6 * FRAME


def test_all_ways_to_give_the_text_are_the_same(speak: Run, tmp_path: Path) -> None:
    file = tmp_path / "text.txt"
    file.write_bytes(TEXT.encode() + b"\r\n")
    ways: list[tuple[list[object], bytes]] = [
        ([], TEXT.encode()),
        ([], TEXT.encode() + b"\n"),
        (["--text", "-"], TEXT.encode()),
        (["-i", "-"], TEXT.encode()),
        (["--text_file", file], b""),
        (["-t", TEXT], b"ignored"),
    ]
    outputs = {speak("-o", "-", *arguments, stdin=stdin).stdout for arguments, stdin in ways}
    assert len(outputs) == 1


def test_same_input_same_bytes_and_each_input_matters(speak: Run) -> None:
    variants: list[list[object]] = [
        [],
        ["--text", "Another text."],
        ["--voice", "casual_male"],
        ["--seed", 43],
        ["--temperature", 5],
        ["--cfg_alpha", 3],
    ]
    outputs = [speak("-o", "-", *arguments).stdout for arguments in variants]
    assert len(set(outputs)) == len(variants)
    assert outputs == [speak("-o", "-", *arguments).stdout for arguments in variants]


def test_defaults_are_neutral_female_and_seed_42(speak: Run) -> None:
    explicit = speak("-o", "-", "-v", "neutral_female", "--seed", 42, "--temperature", 0)
    assert speak("-o", "-").stdout == explicit.stdout


def test_a_voice_can_be_a_file(speak: Run, exported: Path) -> None:
    by_path = speak("-o", "-", "-v", exported / "voice_embedding" / "fr_female.pt")
    assert by_path.stdout == speak("-o", "-", "--voice", "fr_female").stdout


def test_tokenizer_and_voices_from_elsewhere(run: Run, exported: Path, tmp_path: Path) -> None:
    for name in ("model.pte", "codec_decoder.pte"):
        (tmp_path / name).symlink_to(exported / name)
    (tmp_path / "t.json").symlink_to(exported / "tekken.json")
    (tmp_path / "presets").symlink_to(exported / "voice_embedding")
    command = ["--model=model.pte", "--codec=codec_decoder.pte", "-t", TEXT, "--max_frames=2"]
    found = run(*command, "--tokenizer", "t.json", "--voices", "presets")
    assert found.returncode == 0
    assert_error(run(*command, "--voices", "presets"), 5, "Tokenizer", "tekken.json")


def test_every_flag_of_the_executorch_example(speak: Run, run: Run, exported: Path) -> None:
    arguments = ["--model", exported / "model.pte", "--codec", exported / "codec_decoder.pte"]
    arguments += ["--tokenizer", exported / "tekken.json", "--voice", "neutral_female"]
    arguments += ["--text", TEXT, "--output", "-", "--seed", "42", "--temperature", "0"]
    arguments += ["--data_path", "a", "--codec_data_path", "b", "--trace_json", "c"]
    result = run(*arguments, "--max_new_tokens", 6, "--streaming")
    assert result.returncode == 0
    assert result.stdout == speak("-o", "-").stdout
    notes = [line for line in result.stderr.decode().splitlines() if line.startswith("note: ")]
    assert len(notes) == 3


def test_formats_hold_the_same_samples(speak: Run, tmp_path: Path) -> None:
    assert speak("-o", "a.wav").returncode == 0
    assert speak("-o", "a.raw", "--format", "s16le").returncode == 0
    pcm = wav_samples(tmp_path / "a.wav")
    assert (tmp_path / "a.raw").read_bytes() == pcm.tobytes()
    streamed = speak("--output", "-").stdout
    assert streamed[4:8] == streamed[40:44] == b"\xff\xff\xff\xff"
    assert streamed[WAV_HEADER:] == pcm.tobytes()
    floats = np.frombuffer(speak("--speaker").stdout, "<f4")
    # 16 bits are the nearest of the levels k / 32767: half a level at most.
    assert np.abs(floats * 32767 - pcm).max() <= 0.5001
    assert speak("-o", "-", "--format", "f32le").stdout == floats.tobytes()


def test_chunks_of_any_size_give_the_same_samples(speak: Run) -> None:
    whole, small = (
        np.frombuffer(speak("--speaker", "--chunk-frames", n).stdout, "<f4") for n in (6, 1)
    )
    # The codec sums the same terms in blocks of another size; see docs/contract.md.
    np.testing.assert_allclose(whole, small, atol=1e-5)


def test_speaker_writes_no_file(speak: Run, tmp_path: Path) -> None:
    result = speak("--speaker")
    assert len(result.stdout) == 6 * FRAME * 4
    assert list(tmp_path.iterdir()) == []


def test_list_voices_needs_no_model(run: Run, exported: Path) -> None:
    names = b"casual_male\nfr_female\nneutral_female\n"
    assert run("--list_voices", "--voices", exported / "voice_embedding").stdout == names
    assert run("--list-voices", "--model", exported / "no such.pte").stdout == names
    assert_error(run("--list-voices", "--voices", "nowhere"), 6, "Voice", "nowhere")


def test_stats_json(speak: Run, tmp_path: Path) -> None:
    assert speak("--stats_json", "s.json", "--seed", 7).returncode == 0
    stats = json.loads((tmp_path / "s.json").read_text())
    header = (ROOT / "cpp/runner/include/voxtral_tts/stats.h").read_text()
    struct_text = header[header.index("struct SynthesisStats") : header.index("struct LoadStats")]
    members = re.findall(r"^  \S+ (\w+) = ", struct_text, re.MULTILINE)
    added = ["load_ms", "process_wall_ms", "voice", "seed", "output", "text_bytes"]
    assert len(members) > 10
    assert list(stats) == members + added
    assert stats["voice"] == "neutral_female"
    assert (stats["seed"], stats["output"]) == (7, "output.wav")
    assert stats["text_bytes"] == len(TEXT)
    assert (stats["codec_frames"], stats["finish_reason"]) == (6, "length")
    assert stats["process_wall_ms"] >= stats["load_ms"] + stats["wall_ms"] > 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["output.wav", "s.json"]


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--seed", "18446744073709551616"], "--seed"),
        (["--seed", "-1"], "'-1'"),
        (["--temperature", "nan"], "'nan'"),
        (["--max_frames", "-3"], "'-3'"),
        (["--format", "mp3"], "mp3"),
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


@pytest.mark.parametrize("form", ["wav", "s16le"])
def test_a_failure_leaves_an_older_file_or_a_valid_new_one(
    run: Run, runner_binary: Path, files: list[str], tmp_path: Path, form: str
) -> None:
    output = tmp_path / "old"
    output.write_bytes(b"old")
    arguments = [*files, "-t", TEXT, "-o", "old", "--format", form]
    assert run(*arguments, "--voice", "nobody").returncode == 6
    assert output.read_bytes() == b"old"
    limit_bytes = 10 * FRAME
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
    assert n_bytes % 2 == 0


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
