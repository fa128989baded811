"""The runner against the reference, free running, with the noise of the same seed.

Oracle: the PyTorch modules of `export/modules` in float64, fed with the runner's own codes. Where
every code agrees so, free running agrees as well; a code that differs is excused only when the
reference lies within TIE of a rounding or argmax tie, and those are counted.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch

from export.checkpoint import Checkpoint
from export.config import N_SPECIAL_CODES
from export.contract import CFG_ALPHA
from export.modules import VoxtralTTS
from export.noise import normal_frames
from export.synthetic_tokenizer import PromptTokenizer
from exporting import MAX_SEQ_LEN, Export
from voxtral_tts import Audio, Runner

FRAMES = 52
TIE = 1e-4
TEXTS = [
    ("Hello there, how are you today?", "neutral_female"),
    ("Paris is a beautiful city!", "casual_male"),
    ("Bonjour, je m'appelle Claude.", "fr_female"),
    ("Guten Morgen, wie geht es Ihnen?", "neutral_female"),
    ("¿Dónde está la estación de tren?", "casual_male"),
    ("Il treno parte alle sette e mezza.", "fr_female"),
    ("O tempo hoje está muito agradável.", "neutral_female"),
    ("De trein vertrekt om half acht.", "casual_male"),
    ("صباح الخير، كيف حالك؟", "fr_female"),
    ("नमस्ते, आप कैसे हैं?", "neutral_female"),
    ("1234567890", "casual_male"),
    ("A.", "fr_female"),
    ("The quick brown fox jumps over the lazy dog.", "neutral_female"),
    ("She sells sea shells by the sea shore.", "casual_male"),
    ("Emoji 🎉 and accents: naïve, façade, über.", "fr_female"),
    ("Line one.\nLine two.\tTabbed.", "neutral_female"),
    ("One, two, three; four: five!", "casual_male"),
    ("What is the meaning of all this?", "fr_female"),
    ("Numbers like 3.14 and 2,718 matter.", "neutral_female"),
    ("A rather longer sentence, which goes on for a while before it stops.", "casual_male"),
]


@pytest.fixture(scope="module")
def checkpoint(tiny_checkpoint: Path) -> Checkpoint:
    return Checkpoint(tiny_checkpoint)


@pytest.fixture(scope="module")
def exact(checkpoint: Checkpoint) -> VoxtralTTS:
    """The reference in float64."""
    return VoxtralTTS.from_checkpoint(checkpoint, torch.float64, MAX_SEQ_LEN)


def speak(folder: Path, text: str, voice: str, seed: int, frames: int = FRAMES) -> Audio:
    with Runner(folder / "model.pte", folder / "codec_decoder.pte") as runner:
        return runner.synthesize(text, voice=voice, seed=seed, max_frames=frames)


class Comparison(NamedTuple):
    codes: int
    ties: int  # codes that differ where the reference is within TIE of a tie
    wrong: list[str]  # codes that differ elsewhere


@torch.no_grad()
def compare(model: VoxtralTTS, checkpoint: Checkpoint, audio: Audio, item: int) -> Comparison:
    """Every code of an utterance against the reference's for the same past."""
    text, voice = TEXTS[item]
    rows = checkpoint.voice(voice)
    tokenizer = PromptTokenizer(checkpoint.tokenizer_file)
    prompt = model.prompt_embeddings(tokenizer.prompt_ids(text, len(rows)), rows)
    codes = torch.from_numpy(audio.codes)
    fed_back = [model.language_model.embed_codes(frame[None]) for frame in codes[:-1]]
    inputs = torch.cat((prompt, *fed_back), dim=1)
    hidden = model.language_model.hidden(inputs, torch.tensor([0]))[0, prompt.shape[1] - 1 :]
    noise = torch.from_numpy(np.asarray(normal_frames(item, len(codes))))
    ties, wrong = 0, []
    for index, frame in enumerate(codes):
        state = hidden[index : index + 1]
        logits = model.flow_head.semantic_logits(state)[0]
        best = int(logits.argmax())
        if best != int(frame[0]):
            gap = float(logits[best] - logits[int(frame[0])])
            if gap <= TIE:
                ties += 1
            else:
                wrong.append(f"frame {index}: semantic {int(frame[0])}, reference {best}, {gap=}")
        alpha = torch.tensor([CFG_ALPHA], dtype=torch.float64)
        end = model.flow_head.integrate(state, noise[index : index + 1], alpha)
        levels = (end[0].clamp(-1, 1) + 1) / 2 * (model.flow_head.n_levels - 1)
        expected = levels.round().long() + N_SPECIAL_CODES
        for codebook in torch.nonzero(expected != frame[1:]).flatten().tolist():
            if abs(float(levels[codebook]) % 1 - 0.5) <= TIE:
                ties += 1
            else:
                wrong.append(f"frame {index}: codebook {codebook + 1}: level {levels[codebook]}")
    return Comparison(codes.numel(), ties, wrong)


@pytest.mark.parametrize("backend", ["portable", "xnnpack"])
def test_codes_equal_the_reference(
    backend: str, export_tiny: Export, exact: VoxtralTTS, checkpoint: Checkpoint
) -> None:
    folder = export_tiny("--backend", backend)
    total, ties = 0, 0
    for item, (text, voice) in enumerate(TEXTS):
        audio = speak(folder, text, voice, seed=item)
        assert audio.codes.shape == (FRAMES, 37)
        result = compare(exact, checkpoint, audio, item)
        assert not result.wrong, f"{text!r}: {result.wrong[:5]}"
        total, ties = total + result.codes, ties + result.ties
    assert total >= 20 * 50 * 37
    assert ties <= total / 1000, f"{ties} of {total} codes at a tie"


@pytest.mark.parametrize("backend", ["portable", "xnnpack"])
def test_waveform_equals_the_reference(
    backend: str, export_tiny: Export, exact: VoxtralTTS
) -> None:
    """<= 1e-4 of RMS: float32 sums of up to 1,024 products against float64 ones."""
    text, voice = TEXTS[0]
    audio = speak(export_tiny("--backend", backend), text, voice, seed=1, frames=220)
    expected = exact.codec.decode(torch.from_numpy(audio.codes.T[None])).numpy()[0]
    rms = np.sqrt(np.mean(expected**2))
    assert np.abs(audio.samples - expected).max() <= 1e-4 * rms


def test_chunks_equal_the_whole(exported: Path, exact: VoxtralTTS) -> None:
    """<= 1e-5 of RMS between chunkings: only the order of float32 sums can differ."""
    text, voice = TEXTS[1]
    rng = np.random.default_rng(0)
    sizes = [0, 1, 2, 3, 5, 25, 32, *map(int, rng.integers(4, 31, 3))]
    with Runner(exported / "model.pte", exported / "codec_decoder.pte") as runner:
        options = {"voice": voice, "seed": 3, "max_frames": 210}
        whole = runner.synthesize(text, chunk_frames=30, **options)
        rms = np.sqrt(np.mean(whole.samples**2))
        for size in sizes:
            audio = runner.synthesize(text, chunk_frames=size, **options)
            np.testing.assert_array_equal(audio.codes, whole.codes)
            assert np.abs(audio.samples - whole.samples).max() <= 1e-5 * rms, size
            assert audio.stats.decoded_frames == audio.stats.codec_frames == 210
            assert audio.stats.step_executes == 210


def test_text_voice_and_seed_matter_and_repeat(exported: Path) -> None:
    with Runner(exported / "model.pte", exported / "codec_decoder.pte") as runner:

        def samples(text: str, voice: str, seed: int) -> bytes:
            audio = runner.synthesize(text, voice=voice, seed=seed, max_frames=12)
            return audio.samples.tobytes()

        base = samples("Hello there.", "neutral_female", 1)
        assert samples("Hello where.", "neutral_female", 1) != base
        assert samples("Hello there.", "casual_male", 1) != base
        assert samples("Hello there.", "neutral_female", 2) != base
        assert samples("Hello there.", "neutral_female", 1) == base
