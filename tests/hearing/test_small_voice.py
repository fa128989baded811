"""What exported programs make of the small voice, heard by a recogniser that we did not train.

Oracle: the words of the text, as pocketsphinx hears them with the English model it comes with,
and flite, whose speech the voice was trained on, heard in the same run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from small_voice import CHECKPOINT, CORPUS, HELD_OUT, PACKAGED_FLAGS, export_voice, say
from training.flite import speak
from training.hearing import Ear, periodicity, word_errors
from training.sentences import GREETING, spoken_words
from voxtral_tts import Runner

WAYS = {
    "xnnpack fp32": ("--backend", "xnnpack"),
    "xnnpack 8da4w": ("--backend", "xnnpack", "--qlinear", "8da4w", "--qembedding", "8w"),
    "mlx fp32": ("--backend", "mlx"),
    "mlx 4w": ("--backend", "mlx", "--qlinear", "4w", "--qembedding", "8w"),
}
HEARD = HELD_OUT[:8]  # seconds each to listen to
# Of the words, above flite's errors. docs/small-voice.md has what 60 sentences and three seeds
# come to; eight sentences scatter by a tenth or so around it. Noise is above 1.
MOST_ABOVE_FLITE = 0.2


@pytest.fixture(scope="module")
def ear() -> Ear:
    return Ear()


@pytest.fixture(scope="module")
def of_flite(ear: Ear) -> float:
    return error_rate(ear, [speak(text, CORPUS.voice).samples for text in HEARD])


@pytest.fixture(scope="module")
def packaged() -> Iterator[Runner]:
    with Runner() as runner:
        yield runner


def error_rate(ear: Ear, waves: Sequence[np.ndarray]) -> float:
    """Word errors of HEARD per word."""
    words = [spoken_words(text) for text in HEARD]
    errors = [word_errors(a, ear.hear(wave)) for a, wave in zip(words, waves, strict=True)]
    return sum(errors) / sum(map(len, words))


@pytest.mark.parametrize("way", WAYS)
def test_every_export_is_understood(way: str, ear: Ear, of_flite: float) -> None:
    folder = export_voice(*WAYS[way])
    with Runner(folder) as runner:
        said = [say(runner, text) for text in HEARD]
    assert all(x.ended for x in said)
    assert error_rate(ear, [x.samples for x in said]) <= of_flite + MOST_ABOVE_FLITE
    assert periodicity_of([x.samples for x in said]) >= 0.8


def periodicity_of(waves: Sequence[np.ndarray]) -> float:
    """The median of the utterances' medians: whispering is below 0.5."""
    return float(np.median([np.median(periodicity(wave)) for wave in waves]))


def test_the_recogniser_tells_noise_from_speech(ear: Ear) -> None:
    """The bound above can fail."""
    rng = np.random.default_rng(0)
    waves = [rng.normal(0, 0.1, 48000).astype(np.float32) for _ in HEARD]
    assert error_rate(ear, waves) > 0.9
    assert periodicity_of(waves) < 0.5


def test_the_package_greets(packaged: Runner, ear: Ear) -> None:
    samples = say(packaged, GREETING).samples
    assert word_errors(spoken_words(GREETING), ear.hear(samples)) == 0


def test_a_text_of_several_sentences_is_understood(
    packaged: Runner, ear: Ear, of_flite: float
) -> None:
    """Heard as one piece: the pauses between sentences are the speech's own."""
    speech = packaged.speak(" ".join(HEARD), seed=0)
    samples = speech.samples()
    assert speech.stats.segments >= len(HEARD)
    assert speech.stats.missed_ends == 0
    words = [word for text in HEARD for word in spoken_words(text)]
    errors = word_errors(words, ear.hear(samples))
    assert errors / len(words) <= of_flite + MOST_ABOVE_FLITE


def test_every_held_out_sentence_ends_in_about_flite_s_time(packaged: Runner) -> None:
    said = [say(packaged, text) for text in HELD_OUT]
    assert all(x.ended for x in said)
    spoken_s = np.array([len(x.samples) for x in said]) / packaged.sample_rate
    flite_s = np.array([len(speak(t, CORPUS.voice).samples) for t in HELD_OUT]) / 24000
    assert 0.8 <= spoken_s.sum() / flite_s.sum() <= 1.2
    within = np.abs(spoken_s / flite_s - 1) <= 0.2
    assert within.mean() >= 0.95


def test_chunks_say_what_the_whole_says() -> None:
    """<= 1e-5 of the RMS: the same sums in another order."""
    with Runner(export_voice(*WAYS["xnnpack fp32"])) as runner:
        for text in HEARD[:3]:
            whole, chunked = (say(runner, text, chunk_frames=n) for n in (32, 1))
            assert np.array_equal(whole.codes, chunked.codes)
            rms = np.sqrt(np.mean(np.square(whole.samples)))
            assert np.abs(whole.samples - chunked.samples).max() <= 1e-5 * rms


def test_the_package_has_an_export_of_the_checkpoint(packaged: Runner) -> None:
    """Or it was trained anew and `make package-voice` was forgotten."""
    with Runner(export_voice(*PACKAGED_FLAGS)) as fresh:
        for text in (GREETING, HEARD[0]):
            ours, theirs = say(packaged, text), say(fresh, text)
            assert np.array_equal(ours.codes, theirs.codes)
            np.testing.assert_allclose(ours.samples, theirs.samples, atol=1e-5)
        for runner in (fresh, packaged):
            speech = runner.speak("Good morning. It is late. Goodbye.")
            speech.samples()
            assert speech.stats.segments == 3


def test_the_checkpoint_is_the_one_that_was_judged() -> None:
    for line in (CHECKPOINT / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split()
        assert hashlib.sha256((CHECKPOINT / name).read_bytes()).hexdigest() == digest, name
    assert (CHECKPOINT / "consolidated.safetensors").stat().st_size <= 16_000_000
