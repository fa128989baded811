"""The runner against the reference, free running, with the noise of the same seed.

Oracle: the PyTorch modules of `export/modules` in float64, fed with the runner's own codes. Where
every code agrees so, free running agrees as well; a code that differs is excused only when the
reference lies within TIE of a rounding or argmax tie, and those are counted.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch

from export.checkpoint import Checkpoint
from export.config import N_SPECIAL_CODES
from export.contract import CFG_ALPHA, MAX_STEP_ROWS
from export.modules import VoxtralTTS
from export.noise import gumbel_frames, normal_frames
from export.synthetic_tokenizer import PromptTokenizer
from exporting import MAX_SEQ_LEN, MLX_BF16, Export
from programs import Program
from voxtral_tts import Audio, Runner, TextError, TruncatedAudioWarning

FRAMES = 52
TIE = 1e-4
QUANTIZED = ("--qlinear", "8da4w", "--qembedding", "8w", "--debug", "--qlinear-codec", "8da8w")
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
def exact(checkpoint: Checkpoint) -> VoxtralTTS:
    """The reference in float64."""
    return VoxtralTTS.from_checkpoint(checkpoint, torch.float64, MAX_SEQ_LEN)


def speak(
    folder: Path, text: str, voice: str, seed: int, frames: int = FRAMES, **options: Any
) -> Audio:
    with Runner(folder / "model.pte", folder / "codec_decoder.pte") as runner:
        return runner.synthesize(text, voice=voice, seed=seed, max_frames=frames, **options)


class Comparison(NamedTuple):
    codes: int
    ties: int  # codes that differ, within TIE of a tie
    wrong: list[str]  # codes that differ elsewhere


@torch.no_grad()
def compare(
    model: VoxtralTTS,
    checkpoint: Checkpoint,
    audio: Audio,
    seed: int,
    text: str,
    voice: str,
    *,
    cfg_alpha: float = CFG_ALPHA,
    temperature: float = 0.0,
) -> Comparison:
    """Every code of an utterance against the reference's for the same past."""
    rows = checkpoint.voice(voice)
    tokenizer = PromptTokenizer(checkpoint.tokenizer_file)
    prompt = model.prompt_embeddings(tokenizer.prompt_ids(text, len(rows)), rows)
    codes = torch.from_numpy(audio.codes)
    fed_back = [model.language_model.embed_codes(frame[None]) for frame in codes[:-1]]
    inputs = torch.cat((prompt, *fed_back), dim=1)
    hidden = model.language_model.hidden(inputs, torch.tensor([0]))[0, prompt.shape[1] - 1 :]
    noise = torch.from_numpy(np.asarray(normal_frames(seed, len(codes))))
    n_logits = model.flow_head.semantic_logits(hidden[:1]).shape[-1]
    gumbel = temperature * torch.from_numpy(gumbel_frames(seed, len(codes), n_logits))
    ties = 0
    wrong = []
    for index, frame in enumerate(codes):
        state = hidden[index : index + 1]
        logits = model.flow_head.semantic_logits(state)[0] + gumbel[index]
        best = int(logits.argmax())
        if best != int(frame[0]):
            gap = float(logits[best] - logits[int(frame[0])])
            if gap <= TIE:
                ties += 1
            else:
                wrong.append(f"frame {index}: semantic {int(frame[0])}, reference {best}, {gap=}")
        alpha = torch.tensor([cfg_alpha], dtype=torch.float64)
        end = model.flow_head.integrate(state, noise[index : index + 1], alpha)
        levels = (end[0].clamp(-1, 1) + 1) / 2 * (model.flow_head.n_levels - 1)
        expected = levels.round().long() + N_SPECIAL_CODES
        for codebook in torch.nonzero(expected != frame[1:]).flatten().tolist():
            found = int(frame[1 + codebook]) - N_SPECIAL_CODES
            if abs(float(levels[codebook]) - found) <= 0.5 + TIE:
                ties += 1
            else:
                wrong.append(f"frame {index}: codebook {codebook + 1}: level {levels[codebook]}")
    return Comparison(codes.numel(), ties, wrong)


@pytest.mark.parametrize("backend", ["portable", "xnnpack", "mlx"])
def test_codes_equal_the_reference(
    backend: str, export_tiny: Export, exact: VoxtralTTS, checkpoint: Checkpoint
) -> None:
    folder = export_tiny("--backend", backend)
    total, ties = 0, 0
    for item, (text, voice) in enumerate(TEXTS):
        audio = speak(folder, text, voice, seed=item)
        assert audio.codes.shape == (FRAMES, 37)
        result = compare(exact, checkpoint, audio, item, text, voice)
        assert not result.wrong, f"{text!r}: {result.wrong[:5]}"
        total, ties = total + result.codes, ties + result.ties
    assert total >= 20 * 50 * 37
    # Of 36 values a frame, 0.7 % of frames have one within TIE by chance; few of them tip over.
    assert ties <= total / 10_000, f"{ties} of {total} codes at a tie"


@pytest.mark.parametrize(
    "options", [{"cfg_alpha": 2.5}, {"temperature": 0.7}, {"cfg_alpha": -1.0, "temperature": 1.5}]
)
def test_guidance_and_temperature_equal_the_reference(
    options: dict[str, float], exported: Path, exact: VoxtralTTS, checkpoint: Checkpoint
) -> None:
    text, voice = TEXTS[0]
    audio = speak(exported, text, voice, seed=3, **options)
    assert not np.array_equal(audio.codes, speak(exported, text, voice, seed=3).codes)
    result = compare(exact, checkpoint, audio, 3, text, voice, **options)
    assert not result.wrong, result.wrong[:5]
    assert result.ties <= 1  # as above: one in ten thousand, of 1,900


@pytest.mark.parametrize("backend", ["portable", "xnnpack", "mlx"])
def test_waveform_equals_the_reference(
    backend: str, export_tiny: Export, exact: VoxtralTTS
) -> None:
    """<= 1e-4 of RMS: float32 sums of up to 1,024 products against float64 ones."""
    text, voice = TEXTS[0]
    audio = speak(export_tiny("--backend", backend), text, voice, seed=1, frames=220)
    expected = exact.codec.decode(torch.from_numpy(audio.codes.T[None])).numpy()[0]
    rms = np.sqrt(np.mean(expected**2))
    assert np.abs(audio.samples - expected).max() <= 1e-4 * rms


@pytest.mark.parametrize("backend", ["xnnpack", "mlx"])
def test_chunks_equal_the_whole(backend: str, export_tiny: Export) -> None:
    """<= 1e-5 of RMS between chunkings: only the order of float32 sums can differ."""
    exported = export_tiny("--backend", backend)
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
            assert audio.stats.step_executes == 210 + 1  # which looks for the end


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


def test_a_long_prompt_goes_in_pieces(
    exported: Path, exact: VoxtralTTS, checkpoint: Checkpoint
) -> None:
    """Every digit is a token: 700 and three more take six steps, of 128 rows and the rest."""
    text = "1234567890" * 70
    audio = speak(exported, text, "neutral_female", seed=5, frames=4)
    assert audio.stats.prompt_tokens > MAX_STEP_ROWS
    computed = audio.stats.prefix_source == "computed"  # else kept on disk by a test before
    assert audio.stats.step_executes == computed + 6 + 3 + 1  # the last looks for the end
    result = compare(exact, checkpoint, audio, 5, text, "neutral_female")
    assert not result.wrong, result.wrong


def test_a_prompt_may_fill_the_cache(exported: Path) -> None:
    """The last row still gives a frame; one row more is refused before anything runs."""
    rows = speak(exported, "1", "neutral_female", seed=1, frames=1).stats.prompt_tokens - 1
    room = MAX_SEQ_LEN - rows
    with pytest.warns(TruncatedAudioWarning):
        audio = speak(exported, "1" * room, "neutral_female", seed=1)
    assert audio.stats.codec_frames == 1
    assert audio.finish_reason == "frame_budget"
    with pytest.raises(TextError, match="--max-seq-len"):
        speak(exported, "1" * (room + 1), "neutral_female", seed=1)


@torch.no_grad()
def test_chunks_of_random_sizes_equal_the_whole(exported: Path, exact: VoxtralTTS) -> None:
    """<= 1e-5 of RMS plus float32 against float64, over 240 frames."""
    Runner(exported / "model.pte", exported / "codec_decoder.pte")
    codec = Program(exported / "codec_decoder.pte")
    generator = torch.Generator().manual_seed(4)
    codes = torch.randint(N_SPECIAL_CODES, 23, (1, 240, 37), generator=generator)
    pieces: list[torch.Tensor] = []
    start = 0
    while start < 240:
        size = min(int(torch.randint(1, 33, (1,), generator=generator)), 240 - start)
        pieces += codec(
            "decode", codes[:, start : start + size].contiguous(), torch.tensor([start])
        )
        start += size
    whole = exact.codec.decode(codes.transpose(1, 2))
    difference = (torch.cat(pieces, 1) - whole).abs().max()
    assert difference <= 1e-5 * whole.square().mean().sqrt()


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize(
    "flags",
    [
        ("--backend", "xnnpack"),
        ("--backend", "xnnpack", *QUANTIZED),
        ("--backend", "mlx"),
        MLX_BF16,
    ],
)
def test_what_is_not_finite_gives_no_code(
    flags: tuple[str, ...], value: float, exported: Path, export_tiny: Export
) -> None:
    """One such element of one prompt row, and every code of the frame says so."""
    Runner(exported / "model.pte", exported / "codec_decoder.pte")
    model = Program(export_tiny(*flags) / "model.pte")
    rows = torch.randn(1, 9, 64, generator=torch.Generator().manual_seed(6)) / 8
    rest = (torch.tensor([0]), torch.zeros(1, 36), torch.tensor([CFG_ALPHA]))
    logits = (torch.zeros(1, 640),)
    assert (model("step", rows, *rest, *logits)[0] >= 0).all()
    rows[0, 4, 17] = value
    assert (model("step", rows, *rest, *logits)[0] == -1).all()


# What a step is given besides a good prompt: the rows (one changed), or the semantic noise.
NOT_FINITE = {
    "a NaN in a row": ("rows", [torch.nan]),
    "an infinity in a row": ("rows", [torch.inf]),
    "a negative infinity in a row": ("rows", [-torch.inf]),
    "a row of NaN": ("rows", [torch.nan] * 64),
    "a NaN and an infinity in a row": ("rows", [torch.nan, torch.inf]),
    "a NaN in the noise": ("noise", [torch.nan]),
    "an infinity in the noise": ("noise", [torch.inf]),
    "a NaN and an infinity in the noise": ("noise", [torch.nan, torch.inf]),
    "nothing but NaN in the noise": ("noise", [torch.nan] * 640),
    "nothing but negative infinity in the noise": ("noise", [-torch.inf] * 640),
}


@pytest.mark.parametrize(
    "flags",
    [("--backend", "portable"), ("--backend", "xnnpack"), ("--backend", "mlx"), MLX_BF16],
)
def test_no_finite_maximum_is_minus_1_in_every_backend(
    flags: tuple[str, ...], exported: Path, export_tiny: Export
) -> None:
    """Oracle: docs/contract.md. MLX's positions have no sign, so -1 has to be made otherwise."""
    Runner(exported / "model.pte", exported / "codec_decoder.pte")
    model = Program(export_tiny(*flags) / "model.pte")
    good = torch.randn(1, 9, 64, generator=torch.Generator().manual_seed(6)) / 8
    rest = (torch.tensor([0]), torch.zeros(1, 36), torch.tensor([CFG_ALPHA]))

    def semantic_code(where: str, values: list[float]) -> int:
        rows, noise = good.clone(), torch.zeros(1, 640)
        place = rows[0, 4] if where == "rows" else noise[0]
        first = min(7, len(place) - len(values))
        place[first : first + len(values)] = torch.tensor(values)
        return int(model("step", rows, *rest, noise)[0][0, 0])

    assert {name: semantic_code(*case) for name, case in NOT_FINITE.items()} == dict.fromkeys(
        NOT_FINITE, -1
    )
    assert semantic_code("noise", [-torch.inf] * 3) > 1  # a code less to choose from is none
