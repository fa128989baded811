"""Commands whose standard streams are closed, full, or read by nobody.

Oracle: what the same command does, prints and writes undisturbed, and docs/voxtral-tts.md.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from command_line import TIMEOUT_S, WAV_HEADER, Result, assert_error, wav_samples
from exporting import ROOT
from voxtral_cli import COMMAND, ENVIRONMENT

# argparse drops the errors of its own writing: they show where output is buffered, as by default.
BUFFERED = ENVIRONMENT | {"PYTHONUNBUFFERED": ""}
TEXT = "Hello."
JOB = '{"id": "one", "text": "Hello."}\n'
EXPORT = [sys.executable, "-m", "voxtral_tts.export"]
BENCH = [sys.executable, "-m", "voxtral_tts.bench"]
# What is started, with the files it writes. Some only have something to say before they end.
COMMANDS: dict[str, tuple[list[str], list[str]]] = {
    "say": ([*COMMAND, "say", TEXT, "--max-frames", "2", "-o", "a.wav"], ["a.wav"]),
    "say -o -": ([*COMMAND, "say", TEXT, "--max-frames", "2", "-o", "-"], []),
    "batch": (
        [*COMMAND, "batch", "jobs.jsonl", "--output-dir", "out", "--max-frames", "2"],
        ["out/one.wav"],
    ),
    "voices": ([*COMMAND, "voices"], []),
    "doctor": ([*COMMAND, "doctor"], []),
    "completion": ([*COMMAND, "completion", "bash"], []),
    "serve": ([*COMMAND, "serve", "--workers", "2"], []),
    "export": ([*COMMAND, "export", "--model-path", "a", "--output-dir", "b", "--dtype", "x"], []),
    "bench": ([*COMMAND, "bench", "--exported", "nowhere"], []),
    "-m export": ([*EXPORT, "--model-path", "a", "--output-dir", "b", "--dtype", "x"], []),
    "-m bench": ([*BENCH, "--exported", "nowhere"], []),
}
# Of a shell; in all of them somebody reads standard output.
SITUATIONS = ["<&- 2>&-", "2>/dev/full"]
Outcome = tuple[int, bytes, list[bytes]]


def run(folder: Path, command: list[str], redirections: str = "") -> Result:
    (folder / "jobs.jsonl").write_text(JOB)
    return subprocess.run(
        ["bash", "-c", f'exec "$@" {redirections}', "bash", *command],
        cwd=folder,
        env=BUFFERED,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=TIMEOUT_S,
        check=False,
    )


def outcome(folder: Path, name: str, redirections: str = "") -> Outcome:
    """The exit code, standard output, and the files; of results of a batch not their times."""
    command, files = COMMANDS[name]
    result = run(folder, command, redirections)
    printed = b"" if name in ("batch", "doctor") else result.stdout
    return result.returncode, printed, [(folder / file).read_bytes() for file in files]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    return {name: outcome(tmp_path_factory.mktemp("quiet"), name) for name in COMMANDS}


@pytest.mark.skipif(sys.platform == "darwin", reason="there is no /dev/full")
@pytest.mark.parametrize("redirections", SITUATIONS)
@pytest.mark.parametrize("name", COMMANDS)
def test_messages_that_nobody_takes_are_no_failure(
    undisturbed: dict[str, Outcome], tmp_path: Path, name: str, redirections: str
) -> None:
    assert outcome(tmp_path, name, redirections) == undisturbed[name]


def test_the_undisturbed_commands_do_what_they_are_for(undisturbed: dict[str, Outcome]) -> None:
    codes = {name: code for name, (code, _, _) in undisturbed.items()}
    refused = {"serve", "export", "bench", "-m export", "-m bench"}
    assert {name for name, code in codes.items() if code == 2} == refused
    assert {name for name, code in codes.items() if code == 0} == set(COMMANDS) - refused
    assert len(undisturbed["say -o -"][1]) > WAV_HEADER


@pytest.mark.parametrize("name", ["say", "batch", "-m export"])
def test_a_reader_of_messages_that_went_away(
    undisturbed: dict[str, Outcome], tmp_path: Path, name: str
) -> None:
    command, files = COMMANDS[name]
    (tmp_path / "jobs.jsonl").write_text(JOB)
    reader, writer = os.pipe()
    os.close(reader)
    try:
        result = subprocess.run(
            command,
            cwd=tmp_path,
            env=BUFFERED,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=writer,
            timeout=TIMEOUT_S,
            check=False,
        )
    finally:
        os.close(writer)
    code, _, contents = undisturbed[name]
    assert result.returncode == code
    assert [(tmp_path / file).read_bytes() for file in files] == contents


def test_without_any_stream_a_file_is_spoken(
    undisturbed: dict[str, Outcome], tmp_path: Path
) -> None:
    """No descriptor is left that the file could take, and be written into by messages."""
    assert run(tmp_path, COMMANDS["say"][0], "<&- >&- 2>&-").returncode == 0
    assert [(tmp_path / "a.wav").read_bytes()] == undisturbed["say"][2]


@pytest.mark.skipif(sys.platform == "darwin", reason="there is no /dev/full")
@pytest.mark.parametrize("target", [">&-", ">/dev/full"])
@pytest.mark.parametrize("name", ["say -o -", "voices", "batch", "completion"])
def test_results_that_nobody_takes_are_a_failure(tmp_path: Path, name: str, target: str) -> None:
    result = run(tmp_path, COMMANDS[name][0], target)
    errors = [line for line in result.stderr.splitlines() if line.startswith(b"error: OutputIO: ")]
    assert (result.returncode, len(errors)) == (8, 1), result.stderr
    if name == "batch":  # is committed before it is told
        assert (tmp_path / "out" / "one.wav").exists()


@pytest.mark.skipif(sys.platform == "darwin", reason="there is no /dev/full")
@pytest.mark.parametrize("command", [[*COMMAND], EXPORT, BENCH], ids=["program", "export", "bench"])
def test_a_help_that_nobody_takes_is_no_success(tmp_path: Path, command: list[str]) -> None:
    assert run(tmp_path, [*command, "--help"], ">/dev/full").returncode == 8


@pytest.mark.parametrize(
    ("command", "code", "name"),
    [
        (["say", "-o", "a.wav"], 7, "Text"),
        (["batch", "-", "--output-dir", "out"], 2, "Usage"),
    ],
)
def test_a_text_that_cannot_be_read(
    tmp_path: Path, command: list[str], code: int, name: str
) -> None:
    result = run(tmp_path, [*COMMAND, *command], "<&-")
    assert_error(result, code, name, "cannot read standard input: Bad file descriptor")
    assert [path.name for path in tmp_path.iterdir()] == ["jobs.jsonl"]


def test_serve_without_streams(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    serve = [*COMMAND, "serve", "--port", str(port)]
    command = ["bash", "-c", 'exec "$@" <&- >&- 2>&-', "bash", *serve]
    process = subprocess.Popen(command, cwd=tmp_path, env=BUFFERED)
    try:
        deadline = time.monotonic() + TIMEOUT_S
        while True:
            assert process.poll() is None and time.monotonic() < deadline
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health") as answer:
                    assert answer.status == 200
                break
            except OSError:
                time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait(TIMEOUT_S) == 0
    finally:
        process.kill()


def test_a_file_as_standard_output_knows_its_sizes(tmp_path: Path) -> None:
    """As one with a name does; where it is appended to, nothing can be corrected."""
    command = [*COMMAND, "say", TEXT, "--max-frames", "2", "-o", "-"]
    assert run(tmp_path, command, ">a.wav").returncode == 0
    assert len(wav_samples(tmp_path / "a.wav")) > 0  # which checks the header
    assert run(tmp_path, [*command, "--format", "flac"], ">a.flac").returncode == 0
    named = [*command[:-1], "b.flac"]
    assert run(tmp_path, named).returncode == 0
    assert (tmp_path / "a.flac").read_bytes() == (tmp_path / "b.flac").read_bytes()
    (tmp_path / "c.wav").write_bytes(b"before")
    assert run(tmp_path, command, ">>c.wav").returncode == 0
    appended = (tmp_path / "c.wav").read_bytes()
    assert appended.startswith(b"beforeRIFF\xff\xff\xff\xff")
    stream = run(tmp_path, command).stdout
    assert appended == b"before" + stream
    after = subprocess.run(
        ["bash", "-c", '{ printf before; "$@"; } >d.wav', "bash", *command],
        cwd=tmp_path,
        env=BUFFERED,
        capture_output=True,
        check=False,
    )
    assert after.returncode == 0
    assert (tmp_path / "d.wav").read_bytes() == b"before" + (tmp_path / "a.wav").read_bytes()


def test_export_in_a_clone_without_the_package_still_runs() -> None:
    """`python -m export` may be run before the package is installed."""
    code = (
        "import sys, runpy; sys.modules['voxtral_tts'] = None; sys.argv[1:] = ['--help']\n"
        "runpy.run_module('export', run_name='__main__')"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, timeout=TIMEOUT_S, check=False
    )
    assert (result.returncode, result.stderr) == (0, b"")
    assert b"--model-path" in result.stdout
