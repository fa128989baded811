"""The Python API. Oracle: docs/python.md, and the C++ structs for the defaults."""

from __future__ import annotations

import copy
import errno
import gc
import inspect
import pickle
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import voxtral_tts
from voxtral_tts import Audio, Runner, Stats, errors
from voxtral_tts._native import _core

FRAME = 1920  # samples
TEXT = "The weather is fine."
TIMEOUT_S = 120


@pytest.fixture(scope="module")
def shared(exported: Path) -> Iterator[Runner]:
    with Runner(exported / "model.pte", exported / "codec_decoder.pte") as runner:
        yield runner


@pytest.fixture(scope="module")
def audio(shared: Runner) -> Audio:
    return shared.synthesize(TEXT, max_frames=6)


def fresh(exported: Path) -> Runner:
    return Runner(exported / "model.pte", exported / "codec_decoder.pte")


def test_signature_defaults_are_those_of_the_cpp_structs() -> None:
    defaults = _core.default_options()
    seen = {}
    for method in (Runner.__init__, Runner.stream, Runner.synthesize):
        for name, parameter in inspect.signature(method).parameters.items():
            if name in defaults:
                assert parameter.default == defaults[name], name
                assert type(parameter.default) is type(defaults[name])
                seen[name] = True
    assert set(seen) == set(defaults)


def test_audio_is_what_it_says(audio: Audio) -> None:
    samples, sample_rate = audio
    assert samples is audio.samples
    assert (samples.dtype, samples.shape) == (np.float32, (6 * FRAME,))
    assert sample_rate == 24000
    assert audio.duration == pytest.approx(0.48)
    assert audio.finish_reason == audio.stats.finish_reason == "length"
    assert np.asarray(audio) is not None
    np.testing.assert_array_equal(np.asarray(audio), samples)
    assert np.asarray(audio, dtype=np.float64).dtype == np.float64
    with pytest.raises(AttributeError):
        audio.sample_rate = 1  # type: ignore[misc]


def test_stats_describe_the_run(audio: Audio) -> None:
    stats = audio.stats
    assert isinstance(stats, Stats)
    assert (stats.codec_frames, stats.decoded_frames) == (6, 6)
    # The voice's part of the prompt is a step of its own, unless it came from elsewhere.
    computed = stats.prefix_source == "computed"
    assert stats.step_executes == 6 + 1 + computed  # the last one looks for the end
    assert stats.prefix_rows == (0 if computed else stats.voice_rows + 2)
    assert stats.audio_seconds == pytest.approx(0.48)
    assert stats.prompt_tokens > stats.voice_rows > 0
    assert stats.wall_ms >= stats.generate_ms >= stats.prefill_ms > 0
    assert (stats.backend, stats.executes_per_frame, stats.host_syncs_per_frame) == (
        "xnnpack",
        None,
        None,
    )
    assert stats.rtf == pytest.approx(stats.wall_ms / 480)
    # Peak is a float32 printed in decimal.
    assert stats.peak == pytest.approx(float(np.abs(audio.samples).max()), rel=1e-6)


def test_saved_file_and_bytes_are_the_same_wav(audio: Audio, tmp_path: Path) -> None:
    audio.save(tmp_path / "a.wav")
    content = (tmp_path / "a.wav").read_bytes()
    assert content == audio.to_wav_bytes()
    pcm = np.frombuffer(content[44:], "<i2")
    # 16 bits are the nearest of the levels k / 32767: half a level at most.
    assert np.abs(audio.samples * 32767 - pcm).max() <= 0.5001


def test_not_a_number_is_never_written(audio: Audio, tmp_path: Path) -> None:
    broken = Audio(np.array([0.0, np.nan], np.float32), 24000, audio.codes, audio.stats)
    with pytest.raises(errors.NumericError):
        broken.save(tmp_path / "a.wav")
    with pytest.raises(errors.NumericError):
        broken.to_wav_bytes()
    assert list(tmp_path.iterdir()) == []


def test_chunks_joined_are_the_utterance(shared: Runner, audio: Audio) -> None:
    stream = shared.stream(TEXT, max_frames=6)
    assert iter(stream) is stream
    chunks = list(stream)
    np.testing.assert_array_equal(np.concatenate([c.samples for c in chunks]), audio.samples)
    assert [c.index for c in chunks] == list(range(len(chunks)))
    assert [c.is_final for c in chunks] == [False] * (len(chunks) - 1) + [True]
    assert [c.first_frame for c in chunks] == [
        sum(d.frames for d in chunks[:i]) for i in range(len(chunks))
    ]
    assert all(len(c.samples) == c.frames * FRAME for c in chunks)
    assert {c.sample_rate for c in chunks} == {stream.sample_rate} == {24000}
    assert stream.stats.finish_reason == "length"
    assert list(stream) == []


def test_chunk_memory_outlives_stream_and_runner(exported: Path) -> None:
    with fresh(exported) as runner, runner.stream(TEXT, max_frames=2) as stream:
        samples = next(stream).samples
        assert not samples.flags.owndata  # no copy: a capsule owns the vector
        before = samples.copy()
    del runner, stream
    gc.collect()
    np.testing.assert_array_equal(samples, before)


def test_same_input_same_samples_and_each_input_matters(shared: Runner, audio: Audio) -> None:
    def speak(text: str = TEXT, **options: object) -> bytes:
        return shared.synthesize(text, max_frames=6, **options).samples.tobytes()  # type: ignore[arg-type]

    variants = [
        speak(),
        speak("Another text."),
        speak(voice="casual_male"),
        speak(seed=2**64 - 1),
        speak(temperature=5.0),
        speak(cfg_alpha=3.0),
    ]
    assert len(set(variants)) == len(variants)
    assert variants[0] == audio.samples.tobytes() == speak(voice="neutral_female", seed=42)


def test_voices(shared: Runner, exported: Path) -> None:
    names = ["casual_male", "fr_female", "neutral_female"]
    assert shared.voices() == names
    assert voxtral_tts.list_voices(exported / "voice_embedding") == names
    by_path = shared.synthesize(TEXT, voice=exported / "voice_embedding/fr_female.pt", max_frames=2)
    by_name = shared.synthesize(TEXT, voice="fr_female", max_frames=2)
    np.testing.assert_array_equal(by_path.samples, by_name.samples)
    with pytest.raises(errors.VoiceError):
        voxtral_tts.list_voices("nowhere")


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"text": ""}, errors.TextError),
        ({"text": " \n"}, errors.TextError),
        ({"text": "\ud800"}, errors.TextError),
        ({"text": "word " * 20000}, errors.TextError),
        ({"text": b"bytes"}, TypeError),
        ({"voice": "nobody"}, errors.VoiceError),
        ({"seed": -1}, errors.UsageError),
        ({"seed": 2**64}, errors.UsageError),
        ({"seed": 1.5}, TypeError),
        ({"seed": "a"}, TypeError),
        ({"temperature": "warm"}, TypeError),
        ({"max_frames": [1]}, TypeError),
        ({"temperature": float("nan")}, errors.UsageError),
        ({"temperature": -1.0}, errors.UsageError),
        ({"temperature": 1e300}, errors.UsageError),
        ({"cfg_alpha": float("inf")}, errors.UsageError),
        ({"max_frames": 0}, errors.UsageError),
        ({"max_frames": 2**40}, errors.UsageError),
        ({"chunk_frames": -1}, errors.UsageError),
        ({"chunk_frames": 10**6}, errors.UsageError),
    ],
)
def test_bad_arguments_are_refused_and_the_runner_goes_on(
    shared: Runner, options: dict[str, object], error: type[Exception]
) -> None:
    arguments = {"text": TEXT, "max_frames": 1, **options}
    with pytest.raises(error) as caught:
        shared.synthesize(**arguments)  # type: ignore[arg-type]
    assert next(iter(options)) in str(caught.value)
    assert len(shared.synthesize(TEXT, max_frames=1).samples) == FRAME


def test_missing_files_are_file_not_found_errors(exported: Path, tmp_path: Path) -> None:
    model, codec = exported / "model.pte", exported / "codec_decoder.pte"
    with pytest.raises(FileNotFoundError, match=r"no\.pte") as caught:
        Runner("no.pte", codec)
    assert isinstance(caught.value, errors.ModelLoadError)
    assert caught.value.errno == errno.ENOENT
    with pytest.raises(errors.ModelNotFoundError):
        Runner(model, tmp_path / "no.pte")
    with pytest.raises(errors.TokenizerNotFoundError):
        Runner(model, codec, tokenizer=tmp_path / "tekken.json")
    broken = tmp_path / "broken.pte"
    broken.write_bytes(b"not a program")
    with pytest.raises(errors.ModelLoadError) as load_error:
        Runner(broken, codec)
    assert not isinstance(load_error.value, OSError)


def test_output_errors_are_os_errors(audio: Audio, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere") as caught:
        audio.save(tmp_path / "nowhere" / "a.wav")
    assert isinstance(caught.value, errors.OutputError)
    assert caught.value.errno == errno.ENOENT


def test_every_error_class_has_its_exception() -> None:
    header = Path(__file__).parents[2] / "cpp/runner/src/support/error.cpp"
    names = [line.split('"')[1] for line in header.read_text().splitlines() if "return " in line]
    for name in names:
        error = errors.make_error(name, "what", errno.EIO)
        assert isinstance(error, errors.VoxtralTTSError)
        assert str(error) == "what"
        assert pickle.loads(pickle.dumps(error)).args == ("what",)
        # Only these two share a class with others: unknown names become Internal.
        assert type(error) is not errors.InternalError or name == "Internal"
    for name, builtin in {"Usage": ValueError, "Voice": ValueError, "Text": ValueError}.items():
        assert isinstance(errors.make_error(name, "", 0), builtin)
    assert isinstance(errors.make_error("OutputIO", "", errno.ENOSPC), OSError)


def test_one_utterance_at_a_time(exported: Path) -> None:
    with fresh(exported) as runner:
        with runner.stream(TEXT) as stream:
            next(stream)
            with pytest.raises(errors.BusyError):
                runner.synthesize(TEXT)
        assert list(stream) == []  # closed early: cancelled
        assert stream.stats.finish_reason == "cancelled"
        abandoned = runner.stream(TEXT)
        next(abandoned)
        del abandoned
        gc.collect()
        assert len(runner.synthesize(TEXT, max_frames=1).samples) == FRAME


def test_a_closed_runner_says_so_and_its_stream_goes_on(exported: Path) -> None:
    runner = fresh(exported)
    stream = runner.stream(TEXT, max_frames=3)
    runner.close()
    runner.close()
    for use in (lambda: runner.synthesize(TEXT), runner.voices, lambda: runner.sample_rate):
        with pytest.raises(errors.UsageError, match="closed"):
            use()
    assert sum(chunk.frames for chunk in stream) == 3


def test_runners_cannot_be_pickled_or_copied(shared: Runner) -> None:
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="each process"):
            attempt(shared)


def test_truncated_audio_warns_at_the_callers_line(shared: Runner) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        audio = shared.synthesize(TEXT)
        if audio.finish_reason != "frame_budget":
            pytest.skip("this model ends by itself")
        for _ in (stream := shared.stream(TEXT)):
            pass
        list(stream)
    assert [w.category for w in caught] == [voxtral_tts.TruncatedAudioWarning] * 2
    assert {w.filename for w in caught} == {__file__}


def test_other_threads_run_meanwhile(shared: Runner) -> None:
    ticks = 0
    done = threading.Event()

    def count() -> None:
        nonlocal ticks
        while not done.wait(0.001):
            ticks += 1

    thread = threading.Thread(target=count)
    thread.start()
    audio = shared.synthesize(TEXT, max_frames=100)
    done.set()
    thread.join()
    # Without releasing the GIL the other thread would run once per 8-frame chunk at most.
    assert ticks > audio.stats.codec_executes


def test_two_runners_in_two_threads_do_not_disturb_each_other(exported: Path) -> None:
    def speak(seed: int) -> bytes:
        with fresh(exported) as runner:
            return runner.synthesize(TEXT, seed=seed, max_frames=20).samples.tobytes()

    alone = [speak(seed) for seed in (1, 2)]
    together: dict[int, bytes] = {}
    threads = [
        threading.Thread(target=lambda s=seed: together.__setitem__(s, speak(s))) for seed in (1, 2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [together[1], together[2]] == alone


def test_closing_from_another_thread_ends_the_iteration(exported: Path) -> None:
    with fresh(exported) as runner:
        stream = runner.stream(TEXT)
        next(stream)
        closer = threading.Timer(0.05, stream.close)
        closer.start()
        frames = sum(chunk.frames for chunk in stream)
        closer.join()
        assert stream.stats.finish_reason == "cancelled"
        assert frames < 400  # the budget of the fixture's model is larger
        assert len(runner.synthesize(TEXT, max_frames=1).samples) == FRAME


def test_ctrl_c_stops_within_a_frame(exported: Path) -> None:
    previous = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        with fresh(exported) as runner:
            stream = runner.stream(TEXT, chunk_frames=32)
            signal.setitimer(signal.ITIMER_REAL, 0.005)  # in the first of a chunk's 32 frames
            with pytest.raises(KeyboardInterrupt):
                next(stream)
            # Had the handler run only after the chunk, the stream would go on.
            assert list(stream) == []
            assert stream.stats.codec_frames == 0
            assert len(runner.synthesize(TEXT, max_frames=1).samples) == FRAME
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def test_the_first_runner_sizes_the_thread_pool(files: list[str]) -> None:
    """Counted in the kernel's list; /proc is Linux's."""
    script = (
        "import os, sys; from voxtral_tts import Runner; "
        "Runner(sys.argv[1], sys.argv[2], num_threads=int(sys.argv[3])); "
        "print(len(os.listdir('/proc/self/task')))"
    )

    def threads(number: int) -> int:
        command = [sys.executable, "-c", script, files[1], files[3], str(number)]
        return int(subprocess.run(command, check=True, capture_output=True).stdout)

    if not Path("/proc/self/task").exists():
        pytest.skip("threads are counted in /proc, which this system does not have")
    assert threads(4) - threads(1) == 3
