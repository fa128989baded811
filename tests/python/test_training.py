"""What a training is made of, as far as it can be tried without one."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from export.checkpoint import Checkpoint
from export.config import VoxtralConfig
from export.modules import Codec, VoxtralTTS
from export.noise import normal_frames
from export.synthetic_tokenizer import PromptTokenizer
from small_training import SIZES, utterances
from training.attention import use_reference_attention
from training.codec import decode, new_codec, rounded
from training.features import Codes, Encoder, LogMel, fit, to_codes
from training.flite import Phone
from training.hearing import periodicity, word_errors
from training.publish import publish
from training.rhythm import apportion, snap
from training.sentences import (
    GREETING,
    MAX_WORDS,
    make_texts,
    sentence_grammar,
    spoken_words,
    vocabulary,
)
from training.settings import AnalysisSettings
from training.sizes import config, params
from training.speech_model import SpeechModel, prompt_ids


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


# Texts


def test_texts_are_the_same_each_time_and_none_is_held_out_and_trained() -> None:
    texts = make_texts(2000, 60, seed=0)
    assert texts == make_texts(2000, 60, seed=0)
    assert texts.training != make_texts(2000, 60, seed=1).training
    trained = {tuple(spoken_words(text)) for text in texts.training}
    held_out = {tuple(spoken_words(text)) for text in texts.held_out}
    assert len(trained) == 2000 and len(held_out) == 60
    assert not trained & held_out
    assert GREETING in texts.training


def test_more_training_texts_only_append() -> None:
    few, many = make_texts(300, 60, seed=0), make_texts(600, 60, seed=0)
    assert many.training[:300] == few.training
    assert many.held_out == few.held_out


def test_texts_are_short_sentences_that_use_the_whole_vocabulary() -> None:
    texts = make_texts(4000, 60, seed=0).training
    assert max(len(text.split()) for text in texts) <= MAX_WORDS
    assert all(text[0].isupper() and text[-1] in ".?" for text in texts)
    said = {word for text in texts for word in spoken_words(text)}
    assert len(said) > 0.98 * len(vocabulary()) > 500


def test_the_recogniser_s_grammar_says_what_the_texts_say() -> None:
    """Oracle: pocketsphinx's own reader of the format, and drawn texts, which the rules yield."""
    from pocketsphinx import Decoder

    grammar = sentence_grammar()
    Decoder(lm=None, samprate=16000, loglevel="FATAL").add_jsgf_string("sentences", grammar)
    lines = grammar.splitlines()
    assert lines[0] == "#JSGF V1.0;" and lines[2].startswith("public <sentence> = <greeting> | ")
    assert "<hour> = one | two | three" in grammar
    assert "<daypart> = morning | evening" in grammar
    assert " have (a | an) nice <daypart>" in grammar
    rules = dict(line.rstrip(";").split(" = ", 1) for line in lines[2:] if line)
    defined = {name.removeprefix("public ") for name in rules}
    assert set(re.findall(r"<\w+>", " ".join(rules.values()))) <= defined
    words = re.findall("[a-z']+", re.sub(r"<\w+>", " ", " ".join(lines[2:])))
    assert vocabulary() <= set(words)
    held_out = make_texts(300, 60, seed=0)
    for text in (*held_out.training, *held_out.held_out):
        said = tuple(spoken_words(text))
        assert len(said) in _ends(rules, "public <sentence>", said, 0), text
    assert not _ends(rules, "public <sentence>", ("hello", "hello", "morning"), 0) & {3}


def _ends(rules: dict[str, str], rule: str, words: tuple[str, ...], start: int) -> set[int]:
    """Where a rule that begins at word `start` may end; "(a | an)" is the one group there is."""
    ends = set()
    for alternative in rules[rule].replace("(a | an)", "ARTICLE").split(" | "):
        here = {start}
        for part in alternative.split():
            if part.startswith("<"):
                here = {end for at in here for end in _ends(rules, part, words, at)}
            else:
                expected = ("a", "an") if part == "ARTICLE" else (part,)
                here = {at + 1 for at in here if words[at : at + 1] and words[at] in expected}
        ends |= here
    return ends


# Rhythm


def test_apportioned_units_keep_the_sum_and_are_at_least_one() -> None:
    units = apportion(np.array([0.3, 0.1, 0.005]), 10)
    assert units.tolist() == [7, 2, 1]
    assert apportion(np.array([1.0, 1.0]), 2).tolist() == [1, 1]
    with pytest.raises(ValueError, match="1 units for 2 phones"):
        apportion(np.array([1.0, 1.0]), 1)


def test_words_last_whole_frames_and_phones_whole_units() -> None:
    phones = [
        Phone("pau", 0.2, -1),
        Phone("hh", 0.25, 0),
        Phone("ay", 0.43, 0),
        Phone("dh", 0.46, 1),
        Phone("pau", 0.7, -1),
    ]
    old, new = snap(phones, unit_s=0.04)
    assert old.tolist() == [0, 0.2, 0.25, 0.43, 0.46, 0.7]
    units = np.diff(new) / 0.04
    assert np.allclose(units, [2, 1, 5, 2, 2])  # 230 ms of "hh ay" become three frames


# Ears


@pytest.mark.parametrize(
    ("expected", "heard", "errors"),
    [("a b c", "a b c", 0), ("a b c", "a x c", 1), ("a b c", "", 3), ("a", "b a c", 2)],
)
def test_word_errors_count_the_best_alignment(expected: str, heard: str, errors: int) -> None:
    assert word_errors(expected.split(), heard.split()) == errors


def test_periodicity_tells_a_voice_from_a_whisper() -> None:
    rng = np.random.default_rng(0)
    pulses = np.zeros(24000)
    pulses[::240] = 1
    assert np.median(periodicity(pulses + 0.001 * rng.normal(size=24000))) > 0.95
    assert np.median(periodicity(rng.normal(size=24000))) < 0.4
    assert periodicity(np.zeros(100)).size == 0


# Codes


def _encoder() -> tuple[Encoder, Tensor]:
    settings = AnalysisSettings(
        seed=0, utterances=1, exponent=0.5, spread=0.45, clusters=16, rounds=3
    )
    time = torch.arange(1920 * 60) / 24000
    wave = 0.3 * torch.sin(2 * torch.pi * (200 + 900 * torch.sin(3 * time).abs()) * time)
    wave = wave * torch.sin(5 * time).abs() + 0.001 * torch.randn(len(time))
    return fit([wave], settings), wave


def test_codes_stand_for_their_spectrum(tmp_path: Path) -> None:
    torch.manual_seed(0)
    encoder, wave = _encoder()
    codes = encoder.encode(wave)
    assert codes.semantic.shape == (60,) and codes.latents.shape == (60, 36)
    assert codes.latents.abs().max() <= 1
    mel = LogMel()(wave[None])[0]
    error = (encoder.decode_mel(codes) - mel).abs().mean()
    assert error < 0.25 * (mel - mel.mean(0)).abs().mean()
    encoder.save(tmp_path / "encoder.pt")
    again = Encoder.load(tmp_path / "encoder.pt").encode(wave)
    assert torch.equal(to_codes(again), to_codes(codes))
    assert to_codes(codes).min() >= 2


def test_a_frame_spelt_another_way_is_the_same_frame() -> None:
    encoder, wave = _encoder()
    codes = encoder.encode(wave)
    generator = torch.Generator().manual_seed(0)
    other = encoder.respelt(codes, 100.0, generator)
    assert (other.semantic != codes.semantic).any() and other.latents.abs().max() <= 1
    assert torch.allclose(encoder.points(other), encoder.points(codes), atol=1e-5)
    near = encoder.nearness(encoder.points(codes), 1e-3)
    assert near.argmax(1).equal(torch.cdist(encoder.points(codes), encoder.centres).argmin(1))


def test_frames_are_encoded_one_by_one_where_windows_do_not_reach_over() -> None:
    encoder, wave = _encoder()
    whole = encoder.encode_mel(LogMel()(wave[None])[0])
    part = encoder.encode_mel(LogMel()(wave[None, : 1920 * 20])[0])
    assert torch.allclose(whole.latents[:19], part.latents[:19], atol=1e-5)


# The model in training is the model that is shipped


@torch.no_grad()
def _round_to_bfloat16(module: nn.Module) -> None:
    for parameter in module.parameters():
        parameter.copy_(parameter.to(torch.bfloat16).float())


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SpeechModel, Codec]:
    """A published folder, and the modules it was made from; nothing is lost in bf16."""
    model, codec = SpeechModel(config(SIZES), voice_rows=3, seed=0), new_codec(config(SIZES), 0)
    _round_to_bfloat16(model)
    _round_to_bfloat16(codec)
    folder = tmp_path_factory.mktemp("published")
    publish(folder, params(SIZES, ("rms",)), model, codec, "rms")
    return folder, model, codec


@torch.no_grad()
def test_hidden_states_and_codes_survive_publishing(
    trained: tuple[Path, SpeechModel, Codec],
) -> None:
    folder, model, _ = trained
    items = utterances(4)
    ids = [prompt_ids(item.text, 3) for item in items]
    hidden = model.hidden(ids, [to_codes(item.codes) for item in items])
    shipped = VoxtralTTS.from_checkpoint(folder, max_seq_len=128)
    with Checkpoint(folder) as checkpoint:
        rows = checkpoint.voice("rms")
    start = 0
    for prompt, item in zip(ids, items, strict=True):
        codes = to_codes(item.codes)
        x = shipped.prompt_embeddings(prompt, rows)
        frames = [shipped.language_model.embed_codes(c[None]) for c in codes]
        states = shipped.language_model.hidden(torch.cat((x, *frames), 1), torch.tensor([0]))
        states = states[0, len(prompt) - 1 :]
        assert torch.allclose(states, hidden[start : start + len(states)], atol=1e-5)
        logits = model.flow_head.semantic_logits(states)
        assert torch.equal(logits, shipped.flow_head.semantic_logits(states))
        start += len(states)


@torch.no_grad()
def test_the_velocity_trained_is_the_one_integrated(
    trained: tuple[Path, SpeechModel, Codec],
) -> None:
    folder, model, _ = trained
    head = VoxtralTTS.from_checkpoint(folder, max_seq_len=128).flow_head
    x, hidden = torch.randn(1, 36), torch.randn(1, 32)
    field = head.field(hidden)
    for step in range(7):
        time = torch.full((2,), step / 7)
        made = model.velocity(x.expand(2, -1), time, hidden.expand(2, -1), torch.tensor([1.0, 0.0]))
        assert torch.allclose(made, field(x, step), atol=1e-5)


@torch.no_grad()
def test_a_published_folder_speaks_as_its_modules(
    trained: tuple[Path, SpeechModel, Codec],
) -> None:
    folder, model, codec = trained
    shipped = VoxtralTTS.from_checkpoint(folder, max_seq_len=128)
    own = VoxtralTTS(config(SIZES), max_seq_len=128)
    own.language_model, own.flow_head, own.codec = model.language_model, model.flow_head, codec
    use_reference_attention(model.language_model)
    model.flow_head.prepare()
    noise = torch.from_numpy(normal_frames(5, 12))
    ids = prompt_ids("Hello.", 3)
    codes = own.generate(own.prompt_embeddings(ids, model.voice), noise)
    assert torch.equal(codes, shipped.generate(shipped.prompt_embeddings(ids, model.voice), noise))
    samples = own.codec.decode(codes.T[None])
    # The norm of a convolution's weight is stored in bf16.
    difference = (samples - shipped.codec.decode(codes.T[None])).norm() / samples.norm()
    assert difference < 0.01


def test_the_tokenizer_spells_prompts_as_training_does(
    trained: tuple[Path, SpeechModel, Codec],
) -> None:
    tokenizer = PromptTokenizer(trained[0] / "tekken.json")
    for text in ("Hello, how are you?", "Où est-il ?  12", "a\nb"):
        assert tokenizer.prompt_ids(text, 3) == prompt_ids(text, 3)
    content = json.loads((trained[0] / "params.json").read_text())
    assert VoxtralConfig.from_params(content).semantic_codebook_size == 16


@torch.no_grad()
def test_latents_on_levels_decode_as_their_codes(
    trained: tuple[Path, SpeechModel, Codec],
) -> None:
    codec = trained[2]
    codes = Codes(torch.randint(16, (5,)), torch.rand(5, 36) * 2 - 1)
    made = decode(codec, codes.semantic[None], rounded(codes.latents)[None])
    assert torch.allclose(made, codec.decode(to_codes(codes).T[None]), atol=1e-6)
