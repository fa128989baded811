"""Processes, threads and interrupted streams. Oracle: docs/python.md; the bytes of a new runner."""

from __future__ import annotations

import contextlib
import gc
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import life_cycle_scripts
from command_line import TEXT, Run
from exporting import Export
from voxtral_tts import AudioChunk, BusyError, Runner, TextError

FRAME = 1920  # samples
TIMEOUT_S = 90
SCRIPTS = Path(life_cycle_scripts.__file__)


@pytest.fixture(scope="module")
def shared(exported: Path) -> Iterator[Runner]:
    with Runner(exported / "model.pte", exported / "codec_decoder.pte") as runner:
        yield runner


@pytest.fixture(scope="module")
def golden(shared: Runner) -> str:
    return life_cycle_scripts.digest(shared)


@pytest.fixture
def script(files: list[str], tmp_path: Path):
    """script(name, *arguments) -> the words a program of life_cycle_scripts printed."""

    own = (files[1], files[3])

    def run(name: str, *arguments: str, files: tuple[str, str] = own) -> list[str]:
        command = [sys.executable, "-X", "faulthandler", str(SCRIPTS), name, *files, *arguments]
        result = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, timeout=TIMEOUT_S
        )
        assert result.returncode == 0, result.stderr[-3000:]
        return str(result.stdout).split()

    return run


def test_a_forked_process_cannot_use_its_parents_runner(script, golden: str) -> None:
    refused = ["stream", "refused", "runner", "refused", "new", "refused", "child", "0"]
    assert script("fork_after_load") == [*refused, "child", "0", golden]


def test_mlx_programs_are_refused_as_well(script, export_tiny: Export) -> None:
    """MLX's threads do not survive either."""
    folder = export_tiny("--backend", "mlx")
    files = (str(folder / "model.pte"), str(folder / "codec_decoder.pte"))
    words = script("fork_after_load", files=files)
    refused = ["stream", "refused", "runner", "refused", "new", "refused"]
    assert words[:-1] == [*refused, "child", "0", "child", "0"]


def test_a_fork_amid_an_utterance_hangs_nowhere(script, golden: str) -> None:
    once = ["runner", "refused", "child", "0", "new", "refused", "child", "0"]
    assert script("fork_while_speaking") == [*once, *once, golden]


def test_processes_forked_before_the_first_runner_have_their_own(script, golden: str) -> None:
    assert script("fork_before_load") == [golden, "child", "0"] * 2 + [golden]


def test_spawned_processes_have_their_own(script, golden: str) -> None:
    assert script("spawn") == [golden, "child", "0", golden]


@pytest.mark.parametrize("chunk_frames", ["1", "32"])
def test_python_ends_while_a_thread_speaks(script, chunk_frames: str) -> None:
    assert script("exit_while_speaking", chunk_frames) == ["ends"]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere RLIMIT_AS limits nothing")
def test_too_little_memory_is_an_error_and_enough_speaks_again(script) -> None:
    outcomes = script("address_space")
    assert outcomes[-1] == "spoke"
    assert set(outcomes) <= {"spoke", "MemoryError", "ModelLoadError", "InternalError"}
    assert outcomes[0] != "spoke"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere RLIMIT_AS limits nothing")
def test_the_command_line_with_too_little_memory(
    runner_binary: Path, files: list[str], tmp_path: Path
) -> None:
    """From what the program needs to start at all up to enough."""

    def limited(megabytes: int, *arguments: object) -> subprocess.CompletedProcess[bytes]:
        limit = (megabytes << 20,) * 2
        return subprocess.run(
            [runner_binary, *map(str, arguments)],
            cwd=tmp_path,
            capture_output=True,
            timeout=TIMEOUT_S,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, limit),
        )

    start = next(size for size in range(16, 4096, 2) if limited(size, "-V").returncode == 0)
    speak = [*files, "-t", TEXT, "--max-frames", 2, "--threads", 2]
    codes = []
    for extra in (*range(0, 32, 2), 64, 256, 4096):
        result = limited(start + extra, *speak)
        codes.append(result.returncode)
        assert result.returncode >= 0, (start + extra, result.stderr[-1000:])
        if result.returncode != 0:
            errors = [line for line in result.stderr.splitlines() if line.startswith(b"error: ")]
            assert len(errors) == 1, (start + extra, result.stderr)
    assert codes[-1] == 0
    assert {3} < set(codes) <= {0, 3, 70}


@pytest.mark.parametrize("descriptors", [(0,), (1,), (2,), (0, 1, 2)])
def test_closed_standard_descriptors(
    runner_binary: Path, files: list[str], run: Run, tmp_path: Path, descriptors: tuple[int, ...]
) -> None:
    speak = [*files, "-t", TEXT, "--max-frames", "2", "-q"]
    assert run(*speak, "-o", "expected.wav").returncode == 0

    def close() -> None:
        for descriptor in descriptors:
            os.close(descriptor)

    command = [runner_binary, *speak, "-o", "a.wav"]
    assert subprocess.call(command, cwd=tmp_path, preexec_fn=close, timeout=TIMEOUT_S) == 0
    expected = (tmp_path / "expected.wav").read_bytes()
    assert (tmp_path / "a.wav").read_bytes() == expected
    assert len(list(tmp_path.iterdir())) == 2
    python = (
        "import sys; from voxtral_tts import Runner; "
        "Runner(*sys.argv[1:3]).synthesize(sys.argv[3], max_frames=2).save('b.wav')"
    )
    command = [sys.executable, "-c", python, files[1], files[3], TEXT]
    assert subprocess.call(command, cwd=tmp_path, preexec_fn=close, timeout=TIMEOUT_S) == 0
    assert (tmp_path / "b.wav").read_bytes() == expected


@pytest.fixture
def comma_locale(tmp_path: Path) -> dict[str, str]:
    """The environment of a locale that writes 1,5; made here, as few systems have one."""
    source = tmp_path / "numbers"
    numbers = ("LC_NUMERIC", 'decimal_point ","', 'thousands_sep "."', "grouping 3")
    source.write_text("\n".join([*numbers, "END LC_NUMERIC", ""]))
    if shutil.which("localedef") and sys.platform == "linux":
        command = ["localedef", "-c", "-i", source, tmp_path / "comma"]
        subprocess.run(command, capture_output=True, check=False)  # it warns about what is missing
        return {"LOCPATH": str(tmp_path), "LC_ALL": "comma"}
    return {"LC_ALL": "de_DE.UTF-8"}


def test_locale_home_and_folder_change_no_sample(
    script, comma_locale: dict[str, str], files: list[str], golden: str, tmp_path: Path
) -> None:
    code = (
        "import locale, os, sys\n"
        "locale.setlocale(locale.LC_ALL, '')\n"
        "assert locale.localeconv()['decimal_point'] == ','\n"
        "os.rmdir(os.getcwd())\n"
        f"sys.path.insert(0, {str(SCRIPTS.parent)!r})\n"
        "from life_cycle_scripts import speak\n"
        "speak(*sys.argv[1:])\n"
    )
    gone = tmp_path / "gone"
    gone.mkdir()
    kept = {"PATH": os.environ["PATH"], "TZ": "Pacific/Chatham"}  # neither HOME nor a cache folder
    result = subprocess.run(
        [sys.executable, "-c", code, files[1], files[3]],
        cwd=gone,
        env=kept | comma_locale,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    assert result.stdout.split() == [golden], result.stderr


@pytest.mark.parametrize("first", ["", "from voxtral_tts import Runner\n"])
def test_a_sub_interpreter_is_refused(first: str) -> None:
    module = "_interpreters" if sys.version_info >= (3, 13) else "_xxsubinterpreters"
    code = (
        f"{first}import {module} as interpreters\n"
        "code = '''try:\n"
        "    from voxtral_tts import Runner\n"
        "except ImportError as error:\n"
        "    print(error)'''\n"
        "interpreters.run_string(interpreters.create(), code)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=TIMEOUT_S
    )
    assert result.returncode == 0, result.stderr
    assert "main interpreter only" in result.stdout


def test_runners_in_threads_give_the_same_bytes(exported: Path, golden: str) -> None:
    """One of them fails again and again meanwhile."""
    results: list[str] = []

    def speak() -> None:
        with Runner(exported / "model.pte", exported / "codec_decoder.pte") as runner:
            results.extend(life_cycle_scripts.digest(runner) for _ in range(4))

    def fail() -> None:
        with Runner(exported / "model.pte", exported / "codec_decoder.pte") as runner:
            for _ in range(20):
                with contextlib.suppress(TextError):
                    runner.synthesize(" ")

    threads = [threading.Thread(target=work) for work in (speak, speak, speak, speak, fail)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [golden] * 16


def test_threads_on_one_runner_take_turns_or_are_told(shared: Runner, golden: str) -> None:
    outcomes: list[str] = []
    begin = threading.Barrier(4)

    def speak() -> None:
        begin.wait()
        for _ in range(10):
            try:
                outcomes.append(life_cycle_scripts.digest(shared))
            except BusyError:
                outcomes.append("busy")

    threads = [threading.Thread(target=speak) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 40
    assert set(outcomes) == {golden, "busy"}


def test_threads_on_one_stream_share_it_or_are_told(shared: Runner) -> None:
    whole = shared.synthesize(TEXT, max_frames=60, chunk_frames=1)
    chunks: list[AudioChunk] = []
    told = []
    with shared.stream(TEXT, max_frames=60, chunk_frames=1) as stream:

        def pull() -> None:
            while len(chunks) <= 60:
                try:
                    chunks.append(next(stream))
                except BusyError:
                    told.append(True)
                except StopIteration:
                    return

        threads = [threading.Thread(target=pull) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    chunks.sort(key=lambda chunk: chunk.index)
    np.testing.assert_array_equal(np.concatenate([c.samples for c in chunks]), whole.samples)


class ConsumerError(Exception):
    pass


def test_a_stream_may_be_left_in_any_way(exported: Path, golden: str) -> None:
    runner = Runner(exported / "model.pte", exported / "codec_decoder.pte")

    def generator() -> Iterator[AudioChunk]:
        with runner.stream(TEXT) as stream:
            yield from stream

    def usable() -> bool:
        return life_cycle_scripts.digest(runner) == golden

    with pytest.raises(ConsumerError), runner.stream(TEXT) as stream:  # noqa: PT012
        for chunk in stream:
            if chunk.index == 2:
                raise ConsumerError
    assert usable()
    chunks = generator()
    next(chunks)
    chunks.close()
    assert usable()
    chunks = generator()
    next(chunks)
    with pytest.raises(ConsumerError):
        chunks.throw(ConsumerError)
    assert usable()
    cycle = [runner.stream(TEXT)]
    next(cycle[0])
    cycle.append(cycle)  # type: ignore[arg-type]  # the collector's work
    del cycle
    gc.collect()
    assert usable()
    never_pulled = runner.stream(TEXT)
    never_pulled.close()
    never_pulled.close()
    assert list(never_pulled) == []
    assert usable()
    runner.close()


def test_a_stream_outlives_its_runner(exported: Path) -> None:
    runner = Runner(exported / "model.pte", exported / "codec_decoder.pte")
    stream = runner.stream(TEXT, max_frames=6)
    next(stream)
    del runner
    gc.collect()
    assert sum(chunk.frames for chunk in stream) == 5
    abandoned = Runner(exported / "model.pte", exported / "codec_decoder.pte").stream(TEXT)
    next(abandoned)
    del abandoned


@contextlib.contextmanager
def alarm(handler, after_s: float = 0.005) -> Iterator[None]:
    previous = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, after_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def test_what_a_signal_handler_raises_comes_out(shared: Runner, golden: str) -> None:
    def handler(*_: object) -> None:
        raise ConsumerError

    with alarm(handler), pytest.raises(ConsumerError):
        shared.synthesize(TEXT, chunk_frames=32)
    assert life_cycle_scripts.digest(shared) == golden


def test_a_signal_handler_that_uses_the_runner_is_told(shared: Runner) -> None:
    expected = shared.synthesize(TEXT, max_frames=100)
    told = []

    def handler(*_: object) -> None:
        try:
            shared.synthesize(TEXT)
        except BusyError:
            told.append(True)

    with alarm(handler):
        audio = shared.synthesize(TEXT, max_frames=100)
    assert told == [True]
    np.testing.assert_array_equal(audio.samples, expected.samples)


def test_ctrl_c_costs_a_frame_at_most(shared: Runner) -> None:
    audio = shared.synthesize(TEXT, max_frames=60)
    frame_s = audio.stats.wall_ms / 1000 / 60
    sent = 0.0

    def handler(*_: object) -> None:
        raise KeyboardInterrupt

    late = []
    for i in range(5):
        with alarm(handler, 0.01 + 0.003 * i):
            sent = time.perf_counter() + 0.01 + 0.003 * i
            with pytest.raises(KeyboardInterrupt):
                shared.synthesize(TEXT, chunk_frames=32)
            late.append(time.perf_counter() - sent)
    # The median, as another process may have the CPU for longer than any frame.
    assert sorted(late)[2] < 0.1 + 2 * frame_s
