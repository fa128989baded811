"""Programs that misbehave. Oracle: the class and the stage that tests/fault_models.py states."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from command_line import FRAME, TEXT, Run, assert_error, wav_samples
from fault_models import FRAMES, KINDS, LOUDNESS, MAX_FRAMES, Fault, cached_fault_models
from voxtral_tts import AudioChunk, NumericError, Runner, TruncatedAudioWarning, errors

EXIT_CODES = {"": 0, "ModelLoad": 3, "ModelMismatch": 4, "Text": 7, "Numeric": 9}
# All frames before the fault, among them frame 4, which waits for its chunk (of 1, 1, 2, 4, …).
EMITTED = {0: 0, 5: 5}


@pytest.fixture(scope="module")
def faults() -> dict[str, Fault]:
    return {fault.name: fault for fault in cached_fault_models()}


@pytest.fixture(scope="module")
def good(exported: Path) -> Iterator[Runner]:
    """Another runner in the same process, with a true model."""
    with Runner(exported / "model.pte", exported / "codec_decoder.pte") as runner:
        yield runner


@pytest.fixture(scope="module")
def golden(good: Runner) -> bytes:
    return speak(good)


def speak(runner: Runner) -> bytes:
    return runner.synthesize(TEXT, max_frames=4).samples.tobytes()


def of_kind(faults: dict[str, Fault], *kinds: str) -> list[Fault]:
    return [fault for fault in faults.values() if fault.kind in kinds]


def exception(fault: Fault) -> type[Exception]:
    return type(errors.make_error(fault.error, "", 0))


def wave(frames: int, amplitude: float = LOUDNESS[0], offset: float = LOUDNESS[1]) -> np.ndarray:
    square = np.where(np.arange(FRAME) % 120 < 60, np.float32(1), np.float32(-1))
    one = square * np.float32(amplitude) + np.float32(offset)
    return np.tile(one, frames)


def test_there_are_pairs_of_every_kind(faults: dict[str, Fault]) -> None:
    assert {fault.kind for fault in faults.values()} == set(KINDS)
    assert {fault.error for fault in faults.values()} == set(EXIT_CODES)


@pytest.mark.parametrize("kind", ["metadata", "signature", "pair", "load"])
def test_files_are_refused_before_anything_runs(
    faults: dict[str, Fault], good: Runner, golden: bytes, kind: str
) -> None:
    wrong = []
    for fault in of_kind(faults, kind):
        files = {fault.model.name, fault.codec.name, "tekken.json"}
        bad = {name for name in files if not name.startswith("good_")}
        suspects = bad if len(bad) > 1 else files  # two good ones may not belong together
        try:
            with Runner(fault.model, fault.codec) as runner:
                outcome, message = "", ""
                np.testing.assert_array_equal(runner.synthesize(TEXT).samples, wave(FRAMES))
        except Exception as error:
            outcome, message = type(error).__name__, str(error)
        expected = exception(fault).__name__ if fault.error else ""
        named = not message or any(name in message for name in suspects)
        if outcome != expected or fault.stage not in message or not named:
            wrong.append((fault.name, outcome, message))
    assert wrong == []
    assert speak(good) == golden


def test_what_is_not_finite_is_named_with_stage_and_frame(
    faults: dict[str, Fault], good: Runner, golden: bytes
) -> None:
    for fault in of_kind(faults, "numeric"):
        chunks: list[AudioChunk] = []
        with Runner(fault.model, fault.codec) as runner:
            # Twice: what failed leaves nothing behind that would change the second time.
            for _ in range(2):
                chunks.clear()
                with pytest.raises(NumericError) as caught:
                    chunks.extend(runner.stream(TEXT, temperature=0.5))
                assert fault.stage in str(caught.value), fault.name
                assert re.search(rf"\bframe {fault.frame}\b", str(caught.value)), fault.name
            if fault.frame > 0:
                before = runner.synthesize(TEXT, max_frames=fault.frame)
                np.testing.assert_array_equal(before.samples, wave(fault.frame))
        assert speak(good) == golden, fault.name


def test_audio_before_what_is_not_finite_is_kept(faults: dict[str, Fault]) -> None:
    for fault in of_kind(faults, "numeric"):
        chunks: list[AudioChunk] = []
        with Runner(fault.model, fault.codec) as runner, pytest.raises(NumericError):
            chunks.extend(runner.stream(TEXT))
        samples = [chunk.samples for chunk in chunks]
        assert sum(chunk.frames for chunk in chunks) == EMITTED[fault.frame], fault.name
        if samples:
            np.testing.assert_array_equal(np.concatenate(samples), wave(EMITTED[fault.frame]))


def test_endings(faults: dict[str, Fault]) -> None:
    def runner(name: str) -> Runner:
        return Runner(faults[name].model, faults[name].codec)

    with runner("ending/good") as speaker:
        audio = speaker.synthesize(TEXT)
        assert (audio.finish_reason, audio.stats.codec_frames) == ("end_of_audio", FRAMES)
        np.testing.assert_array_equal(audio.samples, wave(FRAMES))
    with runner("ending/at_frame_1") as speaker:
        assert len(speaker.synthesize(TEXT).samples) == FRAME
    with runner("ending/never") as speaker:
        with pytest.warns(TruncatedAudioWarning, match=f"after {MAX_FRAMES} frames"):
            audio = speaker.synthesize(TEXT)
        assert audio.finish_reason == "frame_budget"
        np.testing.assert_array_equal(audio.samples, wave(MAX_FRAMES))
    with runner("ending/at_frame_0") as speaker:
        for use in (speaker.synthesize, lambda text: list(speaker.stream(text))):
            with pytest.raises(errors.TextError, match=faults["ending/at_frame_0"].stage):
                use(TEXT)


def test_loud_and_constant_samples_are_audio(faults: dict[str, Fault]) -> None:
    expected = {"too_loud": wave(FRAMES, 3), "dc": wave(FRAMES, 0, 0.5), "silence": wave(FRAMES, 0)}
    for fault in of_kind(faults, "audio"):
        with Runner(fault.model, fault.codec) as runner:
            audio = runner.synthesize(TEXT)
        samples = expected[fault.name.split("/")[1]]
        np.testing.assert_array_equal(audio.samples, samples)
        assert audio.stats.clipped_samples == (np.abs(samples) > 1).sum()
        assert audio.stats.peak == np.abs(samples).max()


@pytest.mark.parametrize(
    "name",
    [
        "ending/good",
        "ending/at_frame_0",
        "audio/too_loud",
        "numeric/nan_logits_5",
        "numeric/inf_embedding_5",
        "numeric/codec_nan_5",
        "numeric/nan_velocity_0",
        "pair/swapped",
        "load/codec_backend",
    ],
)
def test_command_line(faults: dict[str, Fault], run: Run, tmp_path: Path, name: str) -> None:
    fault = faults[name]
    result = run("--model", fault.model, "--codec", fault.codec, "-t", TEXT)
    output = tmp_path / "output.wav"
    if not fault.error:
        assert result.returncode == 0, result.stderr
        frames, amplitude = FRAMES, 1.0 if name == "audio/too_loud" else LOUDNESS[0]
    else:
        assert_error(result, EXIT_CODES[fault.error], fault.error, fault.stage)
        frames, amplitude = 0, LOUDNESS[0]
        if fault.kind == "numeric":
            assert f"frame {fault.frame}".encode() in result.stderr
            frames = EMITTED[fault.frame]
    # No file when there is no audio, and nothing else ever.
    assert list(tmp_path.iterdir()) == ([output] if frames else [])
    if frames:
        expected = np.rint(wave(frames, amplitude) * 32767)
        np.testing.assert_array_equal(wav_samples(output), expected)


def test_command_line_says_that_audio_is_cut(faults: dict[str, Fault], run: Run) -> None:
    fault = faults["ending/never"]
    result = run("--model", fault.model, "--codec", fault.codec, "-t", TEXT, "-q", "-o", "-")
    assert result.returncode == 10
    assert len(result.stdout) == 44 + MAX_FRAMES * FRAME * 2
    assert result.stderr.count(b"warning: the audio is incomplete") == 1


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize(
    "flags",
    [
        ("--backend", "portable"),
        ("--backend", "xnnpack", "--qlinear", "8da4w", "--qembedding", "8w"),
    ],
    ids=["portable", "8da4w"],
)
def test_a_damaged_weight_is_never_heard(
    export_tiny, flags: tuple[str, ...], value: float, tmp_path: Path
) -> None:
    """Whichever constant of a true model is not finite: an error, or the same audio."""
    from fault_programs import float_constants, floats  # it imports PyTorch

    folder = export_tiny(*flags)
    files = ("model.pte", "codec_decoder.pte")
    arguments = {"tokenizer": folder / "tekken.json", "voice_cache": "off"}
    with Runner(folder / files[0], folder / files[1], **arguments) as runner:
        expected = speak(runner)
    outcomes: list[str] = []
    for part, file in enumerate(files):
        program = (folder / file).read_bytes()
        for place in float_constants(program):
            damaged = bytearray(program)
            damaged[place] = floats([value]) * (len(damaged[place]) // 4)
            pair = [folder / file for file in files]
            pair[part] = tmp_path / f"{len(outcomes)}.pte"
            pair[part].write_bytes(damaged)
            with Runner(*pair, **arguments) as runner:
                try:
                    outcomes.append("same" if speak(runner) == expected else "other")
                except NumericError:
                    outcomes.append("refused")
            pair[part].unlink()
    assert "other" not in outcomes
    assert outcomes.count("refused") > len(outcomes) / 2, outcomes
