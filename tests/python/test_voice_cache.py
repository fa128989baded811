"""What a voice's rows of the prompt compute to is kept. Oracle: computing it every time."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from command_line import TEXT, TIMEOUT_S, Run, assert_error
from voxtral_tts import Audio, NumericError, Runner, UsageError

FRAMES = 12
VOICES = ("neutral_female", "casual_male", "fr_female")
OTHER_TEXT = "Another text, rather longer than the first one was."

Fresh = Callable[..., Runner]


@pytest.fixture(scope="module", params=["xnnpack", "portable"])
def folder(
    request: pytest.FixtureRequest, exported: Path, export_tiny: Callable[..., Path]
) -> Path:
    return exported if request.param == "xnnpack" else export_tiny("--backend", request.param)


@pytest.fixture
def fresh(folder: Path, tmp_path: Path) -> Fresh:
    """fresh(**options) -> a new runner, with a cache folder of this test's own."""

    def make(files: Path = folder, **options: object) -> Runner:
        settings = {"cache_dir": tmp_path / "cache", **options}
        return Runner(files / "model.pte", files / "codec_decoder.pte", **settings)  # type: ignore[arg-type]

    return make


def say(runner: Runner, text: str = TEXT, voice: str = VOICES[0]) -> Audio:
    return runner.synthesize(text, voice=voice, seed=3, temperature=0.5, max_frames=FRAMES)


def same(a: Audio, b: Audio) -> bool:
    return a.samples.tobytes() == b.samples.tobytes() and np.array_equal(a.codes, b.codes)


def cached_voices(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "cache").glob("voice-*"))


@pytest.fixture
def cold(fresh: Fresh) -> Iterator[Callable[..., Audio]]:
    """cold(text, voice) -> what a new runner without any cache says."""
    with fresh(voice_cache="off") as runner:
        yield lambda *arguments: say(runner, *arguments)


def test_samples_are_the_same_wherever_the_rows_come_from(
    fresh: Fresh, cold: Callable[..., Audio]
) -> None:
    expected = {
        (text, voice): cold(text, voice) for text in (TEXT, OTHER_TEXT) for voice in VOICES[:2]
    }
    first, second = VOICES[:2]
    sources = []

    def check(runner: Runner, text: str, voice: str) -> None:
        audio = say(runner, text, voice)
        stats = audio.stats
        sources.append(stats.prefix_source)
        assert same(audio, expected[text, voice]), stats
        computed = stats.prefix_source == "computed"
        assert stats.prefix_rows == (0 if computed else stats.voice_rows + 2)
        assert stats.step_executes == FRAMES + 1 + computed  # one looks for the end
        assert stats.wall_ms >= stats.generate_ms >= stats.prefill_ms > 0

    with fresh() as runner:
        check(runner, TEXT, first)
        check(runner, OTHER_TEXT, first)
        check(runner, TEXT, second)
        check(runner, OTHER_TEXT, first)
        check(runner, TEXT, second)
    with fresh() as runner:
        check(runner, OTHER_TEXT, second)
        check(runner, TEXT, second)
        check(runner, TEXT, first)
    assert sources == [
        *("computed", "kept", "computed", "memory", "memory"),
        *("disk", "kept", "disk"),
    ]


def test_off_computes_every_time_and_memory_writes_nothing(fresh: Fresh, tmp_path: Path) -> None:
    with fresh(voice_cache="off") as runner:
        assert [say(runner).stats.prefix_source for _ in range(2)] == ["computed"] * 2
    with fresh(voice_cache="memory", voices_in_memory=1) as runner:
        sources = [say(runner, voice=VOICES[i]).stats.prefix_source for i in (0, 1, 0, 2, 0, 1)]
    assert sources == ["computed", "computed", "memory", "computed", "memory", "computed"]
    assert cached_voices(tmp_path) == []


def test_abandoned_cancelled_and_warmed_up_runners_keep_right_rows(
    fresh: Fresh, cold: Callable[..., Audio]
) -> None:
    with fresh(warm_up=True) as runner:
        for voice in (*VOICES, VOICES[0]):
            stream = runner.stream(OTHER_TEXT, voice=voice, seed=9)
            next(stream)
            stream.close()
            audio = say(runner, TEXT, voice)
            assert audio.stats.prefix_source == "kept"
            assert same(audio, cold(TEXT, voice))
        never_started = runner.stream(TEXT, voice=VOICES[1])
        del never_started
        assert say(runner).stats.prefix_source == "kept"


def test_cancelling_between_chunks_leaves_what_is_to_be_written_right(
    fresh: Fresh, cold: Callable[..., Audio], tmp_path: Path
) -> None:
    with fresh() as runner:
        for voice in VOICES[:2]:
            with runner.stream(OTHER_TEXT, voice=voice, seed=9) as stream:
                for _ in range(3):
                    next(stream)
            assert cached_voices(tmp_path) == []  # who cancels does not wait for the disk
        assert same(say(runner, TEXT, VOICES[0]), cold(TEXT, VOICES[0]))
        assert len(cached_voices(tmp_path)) == 2  # what was left behind too
    for voice in VOICES[:2]:
        with fresh() as runner:
            audio = say(runner, TEXT, voice)
        assert audio.stats.prefix_source == "disk"
        assert same(audio, cold(TEXT, voice))


def test_a_last_chunk_that_was_cancelled_writes_nothing(fresh: Fresh, tmp_path: Path) -> None:
    runner = fresh()
    with runner.stream(TEXT, chunk_frames=32) as stream:
        for _ in range(2):
            next(stream)
        # Cancelled amid the 32 frames of a chunk: next() returns those it has, as the final one.
        previous = signal.signal(signal.SIGALRM, lambda *_: stream.close())
        signal.setitimer(signal.ITIMER_REAL, 0.005)
        chunks = list(stream)
        signal.signal(signal.SIGALRM, previous)
        assert stream.stats.finish_reason == "cancelled"
        assert chunks[-1].is_final
        assert cached_voices(tmp_path) == []
    runner.close()
    assert len(cached_voices(tmp_path)) == 1  # at the runner's end


def test_a_runner_that_only_streamed_writes_at_its_end(fresh: Fresh, tmp_path: Path) -> None:
    with fresh() as runner, runner.stream(TEXT) as stream:
        next(stream)
        assert cached_voices(tmp_path) == []  # the first sound waits for no disk
    del stream
    assert len(cached_voices(tmp_path)) == 1


def test_a_damaged_file_is_computed_and_written_anew(
    fresh: Fresh, cold: Callable[..., Audio], tmp_path: Path
) -> None:
    with fresh() as runner:
        say(runner)
    (file,) = cached_voices(tmp_path)
    whole = file.read_bytes()
    assert file.stat().st_mode & 0o777 == 0o600
    middle = len(whole) // 2
    for damaged in (
        b"",
        whole[:-1],
        whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
        b"VXPREFIX" + b"\xff" * (len(whole) - 8),
    ):
        file.write_bytes(damaged)
        with fresh() as runner:
            audio = say(runner)
        assert audio.stats.prefix_source == "computed"
        assert same(audio, cold())
        assert file.read_bytes() == whole


def test_the_manifest_decides_whose_rows_they_are(
    fresh: Fresh, folder: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "exported"
    shutil.copytree(folder, copy)
    manifest = copy / "manifest.json"
    content = manifest.read_text()

    def source() -> str:
        with fresh(copy) as runner:
            return say(runner).stats.prefix_source

    assert [source(), source()] == ["computed", "disk"]
    manifest.write_text(content + " ")
    assert [source(), source()] == ["computed", "disk"]
    assert len(cached_voices(tmp_path)) == 2
    os.utime(copy / "model.pte", ns=(1, 1))  # perhaps another file of the same size
    assert [source(), source()] == ["computed", "disk"]
    manifest.write_text('{"files": {}}')  # it speaks of other files
    assert [source(), source()] == ["computed"] * 2
    manifest.unlink()
    assert source() == "computed"
    assert len(cached_voices(tmp_path)) == 3


def test_a_folder_that_cannot_be_used_is_no_error(
    fresh: Fresh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("mine")
    for folder in (tmp_path / "file", tmp_path / "file" / "below", "/proc/nowhere"):
        with fresh(cache_dir=folder) as runner:
            assert say(runner).stats.prefix_source == "computed"
            assert say(runner).stats.prefix_source == "kept"
    assert (tmp_path / "file").read_text() == "mine"
    for name in ("VOXTRAL_TTS_CACHE", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    with fresh(cache_dir=None) as runner:
        assert say(runner).stats.prefix_source == "computed"


def test_rows_of_an_utterance_that_failed_are_not_kept(
    fresh: Fresh, folder: Path, cold: Callable[..., Audio], tmp_path: Path
) -> None:
    voice = folder / "voice_embedding" / f"{VOICES[0]}.pt"
    dim = torch.load(voice, weights_only=True).shape[1]
    loud = tmp_path / "loud.pt"
    torch.save(torch.full((3, dim), 3e38), loud)  # its square is infinite
    with fresh() as runner:
        say(runner)
        (file,) = cached_voices(tmp_path)
        for _ in range(2):
            with pytest.raises(NumericError):
                say(runner, voice=str(loud))
        assert cached_voices(tmp_path) == [file]
        audio = say(runner)
        assert audio.stats.prefix_source == "memory"
        assert same(audio, cold())
    assert cached_voices(tmp_path) == [file]


def test_processes_may_write_the_same_voice(
    runner_binary: Path, files: list[str], tmp_path: Path
) -> None:
    def start(i: int) -> subprocess.Popen[bytes]:
        (tmp_path / str(i)).mkdir()
        command = [runner_binary, *files, "-t", TEXT, "--max-frames", "6", "-q"]
        command += ["--cache-dir", tmp_path / "cache"]
        return subprocess.Popen(command, cwd=tmp_path / str(i))

    runs = [start(i) for i in range(4)]
    assert [run.wait(TIMEOUT_S) for run in runs] == [0] * 4
    assert len({(tmp_path / str(i) / "output.wav").read_bytes() for i in range(4)}) == 1
    assert len(cached_voices(tmp_path)) == 1


@pytest.mark.parametrize(
    "options",
    [{"voice_cache": "ram"}, {"voices_in_memory": -1}, {"voices_in_memory": 10**6}],
)
def test_bad_options_are_usage_errors(exported: Path, options: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=next(iter(options))):
        Runner(exported / "model.pte", exported / "codec_decoder.pte", **options)  # type: ignore[arg-type]


def test_command_line(speak: Run, tmp_path: Path) -> None:
    def source(*arguments: object) -> tuple[str, bytes]:
        result = speak("--stats-json", "s.json", *arguments)
        assert result.returncode == 0, result.stderr
        assert b"warning" not in result.stderr
        stats = json.loads((tmp_path / "s.json").read_text())
        return stats["prefix_source"], (tmp_path / "output.wav").read_bytes()

    computed = source("--cache-dir", "c")
    assert computed[0] == "computed"
    assert len(list((tmp_path / "c").glob("voice-*"))) == 1
    assert source("--cache-dir", "c") == ("disk", computed[1])
    for where in ("off", "memory"):
        assert source("--cache-dir", "c", "--voice-cache", where) == computed
    assert source("--cache-dir", "output.wav") == computed
    assert_error(speak("--voice-cache", "ram"), 2, "Usage", "--voice-cache", "ram")
