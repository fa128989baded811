"""voxtral-tts say as its users meet it. Oracles: docs/voxtral-tts.md, the C++ runner's flags."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import re
import select
import signal
import subprocess
import threading
import time
import tomllib
from pathlib import Path

import numpy as np
import pytest

from command_line import FRAME, TEXT, TIMEOUT_S, WAV_HEADER, Result, assert_error, wav_samples
from exporting import ROOT
from voxtral_cli import COMMAND, ENVIRONMENT, Program, program
from voxtral_tts import Runner
from voxtral_tts.cli import main as cli
from voxtral_tts.cli.console import Progress
from voxtral_tts.errors import EXIT_CODES
from voxtral_tts.speech import SpeechStats

soundfile = pytest.importorskip("soundfile")


@pytest.fixture
def say(exported: Path, tmp_path: Path) -> Program:
    """say(*arguments, stdin=b"") in tmp_path, with the model and a limit of 6 frames."""

    def run(*arguments: object, stdin: bytes = TEXT.encode(), **environment: str) -> Result:
        flags = ["--model", exported, "--max-frames", 6]
        return program(tmp_path, "say", *flags, *arguments, stdin=stdin, **environment)

    return run


def test_the_sentence_goes_into_output_wav(say: Program, tmp_path: Path, exported: Path) -> None:
    result = say(TEXT)
    assert (result.returncode, result.stdout) == (0, b"")
    lines = result.stderr.decode().splitlines()
    assert re.fullmatch(r"loaded the model in \d+ ms", lines[0])
    assert re.match(
        r"audio \d\.\d\d s, wall .*, frames 6, segments 1, .* backend xnnpack, in 'output.wav'",
        lines[1],
    )
    assert len(lines) == 2
    samples = wav_samples(tmp_path / "output.wav")
    with Runner(exported / "model.pte", exported / "codec_decoder.pte") as runner:
        floats = runner.synthesize(TEXT, max_frames=6).samples
    assert np.abs(samples[: 6 * FRAME] / 32767 - floats).max() < 1e-4


def test_quiet_is_silent(say: Program) -> None:
    result = say("-q")
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")


def test_every_flag_of_the_runner_is_known(say: Program) -> None:
    """In both spellings; what the Python program adds is its own business."""
    flags = (ROOT / "cpp/runner/cli/flags.cpp").read_text()
    names = set(re.findall(r'\{"(?:-\w,)?(--[a-z-]+)"', flags))
    assert len(names) > 25
    page = program(ROOT, "say", "--help").stdout.decode()
    known = set(re.findall(r"--[a-z-]+", page))
    assert names - known == {"--version"}  # of the program, not of a command
    assert program(ROOT, "--version").returncode == 0
    hyphens, underscores = (
        say("-o", "-", flag, "2", "-t", TEXT) for flag in ("--chunk-frames", "--chunk_frames")
    )
    assert hyphens.stdout == underscores.stdout != b""


def test_all_ways_to_give_the_text_are_the_same(say: Program, tmp_path: Path) -> None:
    file = tmp_path / "text.txt"
    file.write_bytes(TEXT.encode() + b"\r\n")
    ways: list[tuple[list[object], bytes]] = [
        ([], TEXT.encode() + b"\n"),
        (["-"], TEXT.encode()),
        (["-i", "-"], TEXT.encode()),
        (["--text_file", file], b""),
        (["-t", TEXT], b"ignored"),
        ([TEXT], b"ignored"),
    ]
    outputs = {say("-o", "-", *arguments, stdin=stdin).stdout for arguments, stdin in ways}
    assert len(outputs) == 1


def test_formats_hold_the_same_samples(say: Program, tmp_path: Path) -> None:
    for name in ("a.wav", "a.flac", "a.pcm", "a.mp3", "a.opus"):
        assert say("-o", name).returncode == 0, name
    assert say("-o", "raw", "--format", "s16le").returncode == 0
    assert say("--format", "flac").stderr.endswith(b", in 'output.flac'\n")
    assert (tmp_path / "output.flac").read_bytes() == (tmp_path / "a.flac").read_bytes()
    pcm = wav_samples(tmp_path / "a.wav")
    assert (tmp_path / "a.pcm").read_bytes() == (tmp_path / "raw").read_bytes() == pcm.tobytes()
    np.testing.assert_array_equal(soundfile.read(tmp_path / "a.flac", dtype="int16")[0], pcm)
    for name in ("a.mp3", "a.opus"):
        assert soundfile.info(tmp_path / name).frames == len(pcm)
    streamed = say("-o", "-").stdout
    assert streamed[4:8] == streamed[40:44] == b"\xff\xff\xff\xff"
    assert streamed[WAV_HEADER:] == pcm.tobytes()
    floats = np.frombuffer(say("--speaker").stdout, "<f4")
    assert np.abs(floats * 32767 - pcm).max() <= 0.5001
    assert say("-o", "-", "--format", "f32le").stdout == floats.tobytes()


def test_another_sample_rate(say: Program, tmp_path: Path) -> None:
    assert say("-o", "a.wav").returncode == 0
    assert say("-o", "b.wav", "--sample-rate", 48000).returncode == 0
    info = soundfile.info(tmp_path / "b.wav")
    assert info.samplerate == 48000
    assert abs(info.frames - 2 * len(wav_samples(tmp_path / "a.wav"))) <= 2


def test_reports(say: Program, tmp_path: Path) -> None:
    arguments = ["--stats-json", "s.json", "--trace", "t.json", "--trace-json", "c.json"]
    assert say(*arguments, "--spectrogram", "a.png", "--seed", 7).returncode == 0
    stats = json.loads((tmp_path / "s.json").read_text())
    assert (stats["codec_frames"], stats["finish_reason"], stats["seed"]) == (6, "length", 7)
    assert (stats["voice"], stats["output"]) == ("neutral_female", "output.wav")
    assert set(SpeechStats().to_dict()) <= set(stats)
    codes = json.loads((tmp_path / "c.json").read_text())["codes"]
    assert [len(frame) for frame in codes] == [37] * 6
    events = json.loads((tmp_path / "t.json").read_text())["traceEvents"]
    names = {event["name"] for event in events if event["ph"] == "X"}
    assert {"load", "chunk", "segment 1", "encode and write"} <= names
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert len(list(tmp_path.iterdir())) == 5


def test_the_model_is_found(exported: Path, tmp_path: Path) -> None:
    flags = ["say", TEXT, "--max-frames", 2, "-q", "-o", tmp_path / "a.wav"]
    assert program(exported, *flags).returncode == 0
    assert program(tmp_path, *flags, VOXTRAL_TTS_MODEL=str(exported)).returncode == 0
    file = exported / "model.pte"
    assert program(tmp_path, *flags, "--model", file).returncode == 0
    missing = program(tmp_path, *flags, VOXTRAL_TTS_MODEL="nowhere")
    assert_error(missing, 3, "ModelLoad", "nowhere")


def test_without_a_model_the_small_voice_of_the_package_speaks(tmp_path: Path) -> None:
    result = program(tmp_path, "say", "Hello, how are you today?", "-o", "a.wav")
    assert result.returncode == 0 and b"the small voice" in result.stderr
    assert 24000 < len(wav_samples(tmp_path / "a.wav")) < 3 * 24000


@pytest.mark.parametrize(
    ("arguments", "code", "name", "parts"),
    [
        (["--seed", "x"], 2, "Usage", ["--seed", "'x'", "integer"]),
        (["--temperature", "nan"], 2, "Usage", ["--temperature", "from 0 to 100"]),
        (["--speaker", "-o", "a.wav"], 2, "Usage", ["--speaker", "--output"]),
        (["--stats-json", "a", "-o", "a"], 2, "Usage", ["a file each"]),
        (["--stats-json", "a", "-o", "./a"], 2, "Usage", ["a file each"]),
        (["-o", "a.aac"], 2, "Usage", ["a.aac", ".flac"]),
        (["-o", "a.wav", "--format", "mp3"], 2, "Usage", ["'a.wav' would hold mp3"]),
        (["--spectrogram", "a.jpg"], 2, "Usage", ["a.jpg", ".png"]),
        (["-o", "a.opus", "--sample-rate", "44100"], 2, "Usage", ["44100", "opus"]),
        (["--text", "a", "b"], 2, "Usage", ["given twice", "in quotes"]),
        (["--language", "xx"], 2, "Usage", ["xx", "--language"]),
        (["--clone", "me.wav"], 2, "Usage", ["no encoder", "voice"]),
        (["--unknown"], 2, "Usage", ["--unknown", "say --help"]),
        (["--voise", "x"], 2, "Usage", ["no flag --voise; did you mean --voice?", "say --help"]),
        (["--unknown=3", "Hello."], 2, "Usage", ["no flag --unknown;", "say --help"]),
        (["Hello", "world", "again"], 2, "Usage", ["'world again'", "in quotes"]),
        (["-o", "/proc/a.wav"], 8, "OutputIO", ["cannot write '/proc/a.wav': "]),
        (["--model", "nowhere.pte"], 3, "ModelLoad", ["nowhere.pte"]),
        (["--tokenizer", "nowhere.json"], 5, "Tokenizer", ["nowhere.json"]),
        (["--voice", "nobody"], 6, "Voice", ["nobody", "neutral_female"]),
        (["--text", " "], 7, "Text", ["empty"]),
        (["--text", "\ufeff"], 7, "Text", ["nothing to say"]),
        (["--text", "\u200b"], 7, "Text", ["nothing to say"]),
        (["-i", "nowhere.txt"], 7, "Text", ["nowhere.txt"]),
        (["--voices", "nowhere"], 6, "Voice", ["'nowhere'", "copy voice_embedding there"]),
        (["-o", "nowhere/a.wav"], 8, "OutputIO", ["nowhere", "does not exist"]),
        (["--spectrogram", "nowhere/a.png"], 8, "OutputIO", ["nowhere", "does not exist"]),
    ],
)
def test_errors(
    say: Program, tmp_path: Path, arguments: list[str], code: int, name: str, parts: list[str]
) -> None:
    assert_error(say(*arguments), code, name, *parts)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("flag", ["-o", "--stats-json", "--trace"])
def test_the_text_is_not_written_over(say: Program, tmp_path: Path, flag: str) -> None:
    (tmp_path / "text.txt").write_text(TEXT)
    (tmp_path / "link.wav").symlink_to("text.txt")
    assert_error(say("-i", "text.txt", flag, "link.wav"), 2, "Usage", "text.txt", "lost")
    assert (tmp_path / "text.txt").read_text() == TEXT


def test_every_command_has_a_help() -> None:
    for command in cli.COMMANDS:
        result = program(ROOT, command, "--help")
        assert (result.returncode, result.stderr) == (0, b""), command


def test_a_mistyped_model_is_named(tmp_path: Path) -> None:
    assert_error(program(tmp_path, "voices", "--model", "typo/a"), 3, "ModelLoad", "typo/a")


def test_text_that_is_not_utf8(say: Program) -> None:
    assert_error(say(stdin=b"caf\xe9"), 7, "Text", "UTF-8", "iconv")


def test_errors_of_the_program_itself(tmp_path: Path) -> None:
    assert_error(program(tmp_path, "Hello."), 2, "Usage", "voxtral-tts say")
    assert_error(program(tmp_path, "--text", "Hello."), 2, "Usage", "before --text", "say TEXT")
    assert_error(program(tmp_path, "docter"), 2, "Usage", "'docter'; did you mean doctor?")
    assert program(tmp_path).returncode == 2
    assert program(tmp_path, "--help").returncode == 0


def test_a_missed_end_is_a_warning_and_its_exit_code(exported: Path, tmp_path: Path) -> None:
    result = program(tmp_path, "say", "A.", "--model", exported, "-q")
    lines = result.stderr.decode().splitlines()
    assert result.returncode == 10
    assert len(lines) == 1 and lines[0].startswith("warning: no end of speech after ")
    assert len(wav_samples(tmp_path / "output.wav")) > 40 * FRAME


def test_standard_output_that_closes(exported: Path, tmp_path: Path) -> None:
    command = [*COMMAND, "say", TEXT, "--model", str(exported), "-o", "-", "-q"]
    process = subprocess.Popen(
        command, cwd=tmp_path, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.read(100)
    process.stdout.close()
    # Fills the pipe, if the speech does not end before.
    errors = process.stderr.read().decode()
    assert process.wait(TIMEOUT_S) in (13, 10)
    assert process.returncode == 10 or errors.startswith("error: ReaderGone: ")


@pytest.mark.parametrize(
    ("number", "code", "suffix"), [(signal.SIGINT, 130, "wav"), (signal.SIGTERM, 143, "flac")]
)
def test_a_signal_keeps_what_was_made(
    exported: Path, tmp_path: Path, number: int, code: int, suffix: str
) -> None:
    """The text would take minutes; it fits into the pipe, so that nobody waits here."""
    output = tmp_path / f"a.{suffix}"
    command = [*COMMAND, "say", "--model", str(exported), "-o", str(output), "--live"]
    process = subprocess.Popen(
        [*command, "--stats-json", str(tmp_path / "s.json")],
        env=ENVIRONMENT,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None and process.stderr is not None
    process.stdin.write(b"This is a sentence. " * 2500)
    process.stdin.close()
    assert process.stderr.readline().startswith(b"loaded")
    deadline = time.monotonic() + TIMEOUT_S
    while not any(path.stat().st_size > 100_000 for path in tmp_path.glob(".voxtral_tts-*")):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.02)
    process.send_signal(number)
    assert process.wait(TIMEOUT_S) == code
    lines = [line for line in process.stderr.read().decode().splitlines() if "warning" not in line]
    assert re.fullmatch(
        rf"error: Interrupted: {signal.Signals(number).name} after \d+ frames, which were kept",
        lines[-1],
    )
    assert soundfile.info(output).frames > 10 * FRAME
    stats = json.loads((tmp_path / "s.json").read_text())
    assert stats["finish_reason"] == "cancelled"
    assert sorted(path.name for path in tmp_path.iterdir()) == [output.name, "s.json"]


def test_text_from_a_pipe_is_spoken_while_it_comes(exported: Path, tmp_path: Path) -> None:
    if importlib.util.find_spec("voxtral_tts.text.prepare") is not None:
        pytest.skip("the provisional preparation waits for the whole text")
    command = [*COMMAND, "say", "--model", str(exported), "--speaker", "-q", "--max-frames", "400"]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(b"This is a first sentence. This is the beginning of")
    process.stdin.flush()
    first = process.stdout.read(4 * FRAME)  # while the writer has not ended
    assert np.abs(np.frombuffer(first, "<f4")).max() > 0
    process.stdin.write(b" a second.")
    process.stdin.close()
    process.stdout.read()
    assert process.wait(TIMEOUT_S) in (0, 10)


def test_a_line_is_spoken_before_the_next_one_comes(tmp_path: Path) -> None:
    """As of `tail -f log | voxtral-tts say`: the pipe stays open, and every line is heard."""
    command = [*COMMAND, "say", "--speaker", "-q"]
    process = subprocess.Popen(
        command, cwd=tmp_path, env=ENVIRONMENT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None and process.stdout is not None
    guard = threading.Timer(TIMEOUT_S, process.kill)  # a line that waits would hang read()
    guard.start()
    output = process.stdout.fileno()
    for line in (b"Good morning.\n", b"The train leaves at\nfive.\n", b"No full stop\n\n"):
        process.stdin.write(line)
        process.stdin.flush()
        while sound := os.read(output, 4 * FRAME):  # after the pause before the line
            if np.abs(np.frombuffer(sound[: len(sound) // 4 * 4], "<f4")).max(initial=0) > 0.01:
                break
        assert sound, line
        while select.select([output], [], [], 1.0)[0] and os.read(output, 65536):
            pass  # the rest of the line
    process.stdin.close()
    assert process.wait(TIMEOUT_S) == 0
    guard.cancel()
    process.stdout.close()


def test_the_progress_needs_no_preparation_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a terminal, each sentence is prepared once."""
    prepared: list[str] = []

    def counted(text: str, *arguments: object) -> str:
        prepared.append(text)
        return text

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("voxtral_tts.text.normalizer.normalize", counted)
    monkeypatch.setattr("sys.stderr", terminal := Terminal())
    monkeypatch.setattr("voxtral_tts.cli.console._UPDATE_S", 0.0)
    text = "Hello.\n\nGood morning.\n\nHow are you today?"
    assert cli.main(["say", text, "-o", str(tmp_path / "a.wav"), "--live"]) == 0
    assert prepared == text.split("\n\n")
    shares = [int(share) for share in re.findall(r"(\d+)%", terminal.getvalue())]
    assert shares == sorted(shares)
    ends = [0, len("Hello.\n"), len("Hello.\n\nGood morning.\n"), len(text)]
    assert set(shares) == {round(100 * end / len(text)) for end in ends}


def test_exit_codes_are_those_of_the_runner() -> None:
    header = (ROOT / "cpp/runner/cli/exit_code.h").read_text()
    codes = re.findall(r"ErrorClass::k(\w+):\s+return ([^;]+);", header)
    names = {"Output": "OutputIO"}
    for name, code in codes:
        number = {"kExitSignalBase + 2": 130}.get(code) or int(code)
        assert EXIT_CODES[names.get(name, name)] == number, name
    assert EXIT_CODES["Internal"] == 70


def test_progress_says_how_far_and_how_long() -> None:
    class HalfSpoken:
        stats = SpeechStats(audio_seconds=75.0, wall_ms=60_000)
        spoken_characters = 50

    progress = Progress(enabled=True, characters=100)
    assert not progress.is_enabled  # no terminal here
    line = progress.line(HalfSpoken(), 60.0)  # type: ignore[arg-type]
    assert line == " 50%, 1:15 of audio, RTF 0.80, 1:00 left"
    unknown = Progress(enabled=True).line(HalfSpoken(), 60.0)  # type: ignore[arg-type]
    assert unknown == "1:15 of audio, RTF 0.80"


def test_the_installed_program_is_this_one() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert scripts == {cli.PROGRAM: f"{cli.__name__}:{cli.main.__name__}"}


def test_completions_know_the_flags() -> None:
    for shell in ("bash", "zsh", "fish"):
        script = program(ROOT, "completion", shell).stdout.decode()
        assert all(word in script for word in ("say", "voices", "doctor", "cfg-alpha")), shell
    assert set(cli.COMMANDS) >= {"say", "voices", "export", "bench", "serve", "batch", "doctor"}


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a terminal")
def test_samples_are_refused_on_a_terminal(exported: Path, tmp_path: Path) -> None:
    master, terminal = os.openpty()
    command = [*COMMAND, "say", TEXT, "--model", str(exported), "-o", "-"]
    result = subprocess.run(
        command, stdout=terminal, stderr=subprocess.PIPE, env=ENVIRONMENT, timeout=TIMEOUT_S
    )
    os.close(terminal)
    os.close(master)
    assert result.returncode == 2
    assert b"error: Usage: samples on a terminal" in result.stderr
