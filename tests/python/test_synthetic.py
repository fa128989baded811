"""Synthetic checkpoints have the true format, and their model behaves enough like a trained one."""

from __future__ import annotations

import base64
import itertools
import json
import math
import zipfile
from pathlib import Path

import numpy as np
import pytest
import tiktoken
import torch

from export.checkpoint import Checkpoint
from export.modules import VoxtralTTS
from export.noise import Generator, gumbels, normal_frames, normals
from export.synthetic import VOICE_ROWS, main, params
from export.synthetic_tokenizer import PATTERN, PromptTokenizer, tekken_json

GOLDEN_NOISE = Path(__file__).parents[1] / "data" / "golden" / "rng_seed42.json"
TEXTS = [
    f"{who} {what}"
    for who, what in itertools.product(
        ("The old man", "Nobody here", "My sister", "A small bird", "La chica"),
        ("walks to the sea.", "was late again!", "asks: why?", "sings 12 songs."),
    )
]
FRAMES = 50


@pytest.fixture(scope="module", autouse=True)
def _settings():
    torch.set_num_threads(1)
    with torch.no_grad():
        yield


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("synthetic") / "tiny"
    assert main(["--size", "tiny", "--output", str(path)]) == 0
    return path


class Speaker:
    """Codes for a text, voice and seed."""

    def __init__(self, folder: Path) -> None:
        self.checkpoint = Checkpoint(folder)
        self.model = VoxtralTTS.from_checkpoint(self.checkpoint)
        self.tokenizer = PromptTokenizer(self.checkpoint.tokenizer_file)

    def codes(self, text: str, voice: str, seed: int, frames: int = FRAMES) -> torch.Tensor:
        rows = self.checkpoint.voice(voice)
        prompt = self.model.prompt_embeddings(self.tokenizer.prompt_ids(text, len(rows)), rows)
        return self.model.generate(prompt, torch.from_numpy(normal_frames(seed, frames)))


@pytest.fixture(scope="module")
def speaker(tiny: Path) -> Speaker:
    return Speaker(tiny)


@pytest.fixture(scope="module")
def corpus(speaker: Speaker) -> list[torch.Tensor]:
    voices = itertools.cycle(speaker.checkpoint.voice_files)
    return [
        speaker.codes(text, voice, seed)
        for seed, (text, voice) in enumerate(zip(TEXTS, voices, strict=False))
    ]


# Behaviour: the bounds are the ones the checkpoint is designed for, so that tests of whole
# utterances would notice a stuck, a clipped or a text-blind model.


def test_end_never_comes_by_accident(corpus):
    assert len(corpus) == 20
    assert all(len(codes) == FRAMES for codes in corpus)


def test_acoustic_codes_use_all_levels_and_are_rarely_clipped(corpus):
    levels = torch.cat(corpus)[:, 1:] - 2
    counts = torch.bincount(levels.flatten(), minlength=21)
    assert len(counts) == 21 and (counts > 0).all()
    assert (counts[0] + counts[20]) / counts.sum() <= 0.2


def test_semantic_codes_are_varied(corpus):
    assert len(torch.cat(corpus)[:, 0].unique()) >= 100
    assert min(len(codes[:, 0].unique()) for codes in corpus) >= 10


@pytest.mark.parametrize(
    "other",
    [("So it rains?", "casual_male", 1), ("Hello.", "fr_female", 1), ("Hello.", "casual_male", 2)],
)
def test_frames_depend_on_text_voice_and_seed(speaker, other):
    one, two = speaker.codes("Hello.", "casual_male", 1, 10), speaker.codes(*other, 10)
    # Unrelated acoustic codes agree by chance in about 1 of 15 cases.
    assert (one[:, 1:] == two[:, 1:]).float().mean() < 0.3
    assert (one[0, 1:] == two[0, 1:]).float().mean() < 0.5


def test_samples_have_a_speech_like_level(speaker, corpus):
    for codes in corpus[:5]:
        samples = speaker.model.codec.decode(codes.T[None])
        assert torch.isfinite(samples).all()
        assert samples.abs().max() < 1
        assert 0.05 <= samples.square().mean().sqrt() <= 0.2


# END


@pytest.mark.parametrize("frame", [0, 3, 17])
def test_end_is_planted_for_one_utterance(tmp_path, frame):
    arguments = ["--size", "tiny", "--output", str(tmp_path), "--end-at", str(frame)]
    arguments += ["--end-text", "Stop here.", "--end-voice", "fr_female", "--end-seed", "9"]
    assert main(arguments) == 0
    speaker = Speaker(tmp_path)
    assert len(speaker.codes("Stop here.", "fr_female", 9)) == frame
    assert len(speaker.codes("Do not stop.", "casual_male", 9)) == FRAMES


def test_end_for_an_unknown_voice_fails_clearly(tmp_path, capsys):
    arguments = ["--size", "tiny", "--output", str(tmp_path), "--end-at", "3", "--end-voice", "x"]
    assert main(arguments) == 1
    assert "no voice 'x'; there are: casual_male" in capsys.readouterr().err


# Format


def test_the_same_seed_gives_the_same_tensors_and_another_does_not(tiny, tmp_path):
    for seed in (0, 1):
        folder = tmp_path / str(seed)
        assert main(["--size", "tiny", "--output", str(folder), "--seed", str(seed)]) == 0
        same = (folder / "consolidated.safetensors").read_bytes() == (
            tiny / "consolidated.safetensors"
        ).read_bytes()
        assert same == (seed == 0)


def test_presets_are_stored_archives_like_the_published_ones(tiny):
    with zipfile.ZipFile(tiny / "voice_embedding" / "neutral_female.pt") as archive:
        infos = archive.infolist()
    assert all(info.compress_type == zipfile.ZIP_STORED for info in infos)
    sizes = {info.filename: info.file_size for info in infos}
    assert sizes["voice_embed/data/0"] == 10 * 64 * 2


def test_the_full_size_has_the_twenty_presets():
    assert len(VOICE_ROWS) == 20
    assert params("full")["multimodal"]["audio_tokenizer_args"]["voice"]["hi_female"] == 19
    assert (VOICE_ROWS["neutral_female"], VOICE_ROWS["ar_male"]) == (218, 67)


def test_tokenizer_file(tiny):
    content = json.loads((tiny / "tekken.json").read_text(encoding="utf-8"))
    assert content["config"]["version"] == "v7"
    assert content["config"]["default_vocab_size"] == params("tiny")["vocab_size"]
    assert [row["rank"] for row in content["vocab"]] == list(range(600))
    assert len({row["token_bytes"] for row in content["vocab"]}) == 600
    assert content["special_tokens"][36]["token_str"] == "[NEXT_AUDIO_TEXT]"
    assert len({row["token_str"] for row in content["special_tokens"]}) == 1000
    assert content["audio"]["voice_num_audio_tokens"]["casual_male"] == 9


def test_prompt_ids(speaker):
    # The published order: <s>, [BEGIN_AUDIO], N [AUDIO], [NEXT_AUDIO_TEXT] 36, text,
    # [REPEAT_AUDIO_TEXT] 35, [BEGIN_AUDIO].
    text = speaker.tokenizer.encode("Hello.")
    assert speaker.tokenizer.prompt_ids("Hello.", 3) == [1, 25, 24, 24, 24, 36, *text, 35, 25]
    assert min(text) >= 1000 and max(text) < 1536


@pytest.mark.parametrize("text", ["Grüße, 1.234 ☕\n", "हिन्दी مرحبا", "[INST]</s>", " \t x"])
def test_text_survives_encoding(speaker, text):
    content = json.loads(speaker.checkpoint.tokenizer_file.read_text(encoding="utf-8"))
    ranks = {row["rank"]: row for row in content["vocab"]}
    encoding = speaker.tokenizer.encode(text)
    decoded = b"".join(base64.b64decode(ranks[i - 1000]["token_bytes"]) for i in encoding)
    assert decoded.decode() == text


def test_the_vocabulary_fills_up_with_distinct_tokens():
    content = tekken_json(3000, 2500, 400, {})
    assert len({row["token_bytes"] for row in content["vocab"]}) == 2500
    assert tiktoken.Encoding("x", pat_str=PATTERN, mergeable_ranks={b"a": 0}, special_tokens={})


# Noise


def test_splitmix_seeding_and_uniform_range():
    # splitmix64's published first output for seed 0, then one xorshift64* step by hand.
    state = 0xE220A8397B1DCDAF
    x = state ^ (state >> 12)
    x ^= (x << 25) & (2**64 - 1)
    x ^= x >> 27
    assert Generator(0).next_u64() == x * 0x2545F4914F6CDD1D % 2**64
    generator = Generator(3)
    values = [generator.uniform() for _ in range(1000)]
    assert min(values) > 0 and max(values) < 1


def test_noise_equals_the_runners_golden_values():
    # Written by an independent script. One unit in the last place: libm may differ.
    for golden in json.loads(GOLDEN_NOISE.read_text()):
        seed = int(golden["seed"])
        for name, stream in (("normal", normals(seed)), ("gumbel", gumbels(seed))):
            expected = np.array(golden[name], dtype=np.float32)
            actual = np.array([next(stream) for _ in expected], dtype=np.float32)
            np.testing.assert_array_max_ulp(actual, expected, maxulp=1)


def test_noise_has_the_right_moments():
    noise = normal_frames(42, 400)
    assert noise.shape == (400, 36) and noise.dtype == np.float32
    n = noise.size  # bounds are five standard errors
    assert abs(noise.mean()) < 5 / math.sqrt(n)
    assert abs(noise.var() - 1) < 5 * math.sqrt(2 / n)
    stream = gumbels(42)
    values = [next(stream) for _ in range(10_000)]
    assert abs(np.mean(values) - 0.5772) < 5 * 1.2825 / 100


def test_frames_are_drawn_row_after_row():
    assert np.array_equal(normal_frames(5, 9)[:4], normal_frames(5, 4))
    stream = normals(5)
    flat = [np.float32(next(stream)) for _ in range(72)]
    assert np.array_equal(normal_frames(5, 2).reshape(-1), flat)
    assert not np.array_equal(normal_frames(5, 1), normal_frames(6, 1))
