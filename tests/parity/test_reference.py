"""Properties of the reference modules that follow from the model's definition.

The oracle of each test is a formula or a PyTorch function, named where it is used.
"""

from __future__ import annotations

import itertools

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from export.config import END_AUDIO
from export.modules import VoxtralTTS, codec, flow_head
from export.modules.attention import RotaryTable, alibi_slopes, rotate
from export.noise import normal_frames

# fp32, the same sums in another order; errors seen are below 2e-6 of values around 1.
ORDER_OF_SUMS = 1e-5


def _position(value: int) -> Tensor:
    return torch.tensor([value])


# Language model


def test_prefill_equals_step_by_step(comparisons, model):
    rows = comparisons.embeddings
    whole = model.language_model.hidden(rows, _position(0))
    steps = [model.language_model.hidden(rows[:, :7], _position(0))]
    for p in range(7, rows.shape[1]):
        steps.append(model.language_model.last_hidden(rows[:, p : p + 1], _position(p))[None])
    assert torch.allclose(torch.cat(steps, dim=1), whole, atol=ORDER_OF_SUMS)


def test_position_0_restarts_and_earlier_positions_truncate(comparisons, model):
    rows, language_model = comparisons.embeddings, model.language_model
    first = language_model.hidden(rows, _position(0))
    assert torch.equal(language_model.hidden(rows, _position(0)), first)
    again = language_model.hidden(rows[:, 20:], _position(20))
    assert torch.allclose(again, first[:, 20:], atol=ORDER_OF_SUMS)


def test_later_rows_do_not_change_earlier_ones(comparisons, model):
    rows = comparisons.embeddings.clone()
    before = model.language_model.hidden(rows, _position(0))
    rows[:, 20:] += 1
    after = model.language_model.hidden(rows, _position(0))
    assert torch.equal(before[:, :20], after[:, :20])
    assert not torch.allclose(before[:, 20:], after[:, 20:], atol=0.1)


def test_skipped_and_surplus_rows_are_refused(comparisons, model):
    with pytest.raises(ValueError, match="0 are cached"):
        model.language_model.hidden(comparisons.embeddings, _position(3))
    with pytest.raises(ValueError, match="at most 4096"):
        model.language_model.hidden(torch.zeros(1, 4097, 64), _position(0))


def test_rotation_is_complex_multiplication_of_adjacent_pairs():
    x = torch.randn(1, 5, 2, 16)
    table = RotaryTable(16, 1e6, 5)
    angles = torch.outer(torch.arange(5.0), 1e6 ** (-torch.arange(0, 16, 2) / 16))
    turned = torch.view_as_complex(x.unflatten(-1, (8, 2))) * torch.exp(1j * angles)[:, None]
    expected = torch.view_as_real(turned).flatten(-2)
    assert torch.allclose(rotate(x, table.cos, table.sin), expected, atol=1e-6)


def test_frame_embedding_is_the_sum_of_37_rows(comparisons, model):
    table = model.language_model.mm_audio_embeddings.audio_codebook_embeddings.embeddings.weight
    codes = comparisons.codes[0, :, 0].tolist()
    starts = [0] + [514 + 23 * k for k in range(36)]  # 512 semantic codes + 2, then 21 levels + 2
    expected = sum(table[c + s] for c, s in zip(codes, starts, strict=True))
    actual = model.language_model.embed_codes(comparisons.codes[:, :, 0])
    assert torch.allclose(actual[0, 0], expected, atol=ORDER_OF_SUMS)


# Flow head


# Of the authors' program in bf16; the fp32 grid rounded would end in 0.85546875, 1.
AUTHORS_GRID = [0, 0.142578125, 0.28515625, 0.427734375, 0.5703125, 0.71484375, 0.859375, 1]
AUTHORS_ALPHA = 1.203125


def test_the_grid_is_computed_in_the_model_dtype(folder):
    assert flow_head.time_grid(7, torch.bfloat16).tolist() == AUTHORS_GRID
    bf16 = VoxtralTTS.from_checkpoint(folder, torch.bfloat16)
    steps = [b - a for a, b in itertools.pairwise(AUTHORS_GRID)]
    assert bf16.flow_head.step_sizes == steps
    for dtype in (torch.float16, torch.float32):
        expected = torch.linspace(0, 1, 8, dtype=dtype).tolist()
        assert flow_head.time_grid(7, dtype).tolist() == expected


@pytest.mark.parametrize(
    ("dtype", "alpha"), [(torch.bfloat16, AUTHORS_ALPHA), (torch.float16, 1.2001953125)]
)
def test_alpha_is_rounded_to_the_model_dtype(folder, monkeypatch, dtype, alpha):
    head = VoxtralTTS.from_checkpoint(folder, dtype).flow_head
    # 1 with the condition and 0 without: what is left of the guided velocity is alpha.
    ones = torch.stack((torch.ones(36), torch.zeros(36))).to(dtype)
    monkeypatch.setattr(head, "field", lambda hidden: lambda x, step: ones)
    velocities: list[torch.Tensor] = []
    hidden = torch.zeros(1, 64, dtype=dtype)
    head.integrate(hidden, torch.zeros(1, 36), torch.tensor([1.2]), velocities)
    assert len(velocities) == 7
    assert all(v.dtype == dtype and torch.all(v == alpha) for v in velocities)


def test_the_state_has_the_model_dtype(folder):
    bf16 = VoxtralTTS.from_checkpoint(folder, torch.bfloat16)
    hidden = torch.randn(1, 64).bfloat16()
    x = bf16.flow_head.integrate(hidden, torch.randn(1, 36), torch.tensor([1.2]))
    assert x.dtype == torch.bfloat16 and torch.isfinite(x).all()


def test_time_embedding_has_cosines_first():
    embedded = flow_head.time_embedding(torch.tensor([0.0, 1.0]), 64)
    assert torch.equal(embedded[0], torch.cat((torch.ones(32), torch.zeros(32))))
    assert embedded[1, 0] == torch.cos(torch.tensor(1.0))
    assert embedded[1, 63] == pytest.approx(1e4 ** (-31 / 32), rel=1e-5)  # sin x ~ x


def test_decode_is_seven_guided_euler_steps(comparisons, model):
    head, hidden = model.flow_head, comparisons.hidden[:1]
    x = comparisons.x[:1]
    for step in range(7):
        conditional = head.velocity(x, step, head.llm_projection(hidden))
        without = head.velocity(x, step, torch.zeros(1, 64))
        x = x + (1.2 * conditional - 0.2 * without) / 7
    actual = head.integrate(hidden, comparisons.x[:1], torch.tensor([1.2]))
    assert torch.allclose(actual, x, atol=ORDER_OF_SUMS)


def test_mapping_of_the_flow_to_codes(model):
    x = torch.tensor([[-3.0, -1, -0.75, -0.25, 0, 0.25, 0.75, 1, 7]])
    #  levels          0    0   2.5    7.5   10  12.5  17.5  20 20, ties to even, then + 2
    assert model.flow_head.quantize(x).tolist() == [[2, 2, 4, 10, 12, 14, 20, 22, 22]]
    broken = torch.tensor([[torch.nan, torch.inf, -torch.inf, 0]])
    assert model.flow_head.quantize(broken).tolist() == [[-1, -1, -1, 12]]


def _head_with_rows(model: VoxtralTTS, values: dict[int, float]) -> Tensor:
    """Makes the logits of these rows large for the hidden state it returns."""
    weight = torch.zeros_like(model.flow_head.semantic_codebook_output.weight)
    for row, value in values.items():
        weight[row, 0] = value
    model.flow_head.semantic_codebook_output.weight = nn.Parameter(weight)
    return F.one_hot(torch.tensor([0]), 64).float()


def test_empty_and_padding_codes_are_never_chosen(model):
    rows = model.flow_head.semantic_codebook_output.weight.shape[0]
    assert rows == 640  # 514 padded to a multiple of 128
    hidden = _head_with_rows(model, {0: 9, 513: 1, 514: 8, 639: 8})
    assert model.flow_head.semantic_code(hidden, torch.zeros(1, rows)).tolist() == [513]


def test_end_can_be_chosen_and_ties_go_to_the_first(model):
    hidden = _head_with_rows(model, {END_AUDIO: 2, 40: 2})
    assert model.flow_head.semantic_code(hidden, torch.zeros(1, 640)).tolist() == [END_AUDIO]


def test_noise_is_added_to_the_logits(model):
    hidden = _head_with_rows(model, {40: 2})
    noise = torch.zeros(1, 640)
    noise[0, 50] = 3
    assert model.flow_head.semantic_code(hidden, noise).tolist() == [50]


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_a_non_finite_maximum_gives_minus_1(model, value):
    hidden = _head_with_rows(model, {40: value})
    assert model.flow_head.semantic_code(hidden, torch.zeros(1, 640)).tolist() == [-1]


class _Frame(nn.Module):
    def __init__(self, head: flow_head.FlowHead) -> None:
        super().__init__()
        self.head = head

    def forward(self, hidden, semantic_noise, noise, cfg_alpha):
        semantic = self.head.semantic_code(hidden, semantic_noise)
        return semantic, self.head.decode(hidden, noise, cfg_alpha)


def test_a_frame_can_be_exported(comparisons, model):
    inputs = (comparisons.hidden[:1], torch.zeros(1, 640), comparisons.x[:1], torch.tensor([1.2]))
    frame = _Frame(model.flow_head)
    exported = torch.export.export(frame, inputs, strict=False).module()
    for actual, expected in zip(exported(*inputs), frame(*inputs), strict=True):
        assert torch.equal(actual, expected)


# Codec


def test_windows_and_slopes(model):
    assert model.config.codec.windows == (2, 4, 8, 16)
    assert alibi_slopes(8).tolist() == [1, 1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32, 1 / 64, 1 / 128]


def test_weight_norm_equals_pytorch():
    conv = nn.utils.parametrizations.weight_norm(nn.ConvTranspose1d(6, 5, 4, bias=False))
    stored = conv.parametrizations.weight
    folded = codec.fold_weight_norm(stored.original0 * 3, stored.original1)
    assert torch.allclose(folded, conv.weight * 3, atol=1e-6)


def test_upsampling_equals_pytorch_trimmed_on_the_right():
    layer = codec.UpsamplingConv(6, 4, 2, codec.Padding(1, "constant"))
    nn.init.normal_(layer.conv.weight)
    x = torch.randn(1, 6, 9)
    expected = F.conv_transpose1d(x, layer.conv.weight, stride=2)[..., :18]
    assert torch.allclose(layer(x), expected, atol=1e-6)


def _random_codes(frames: int) -> Tensor:
    generator = torch.Generator().manual_seed(5)
    semantic = torch.randint(2, 514, (1, 1, frames), generator=generator)
    return torch.cat((semantic, torch.randint(2, 23, (1, 36, frames), generator=generator)), dim=1)


def test_no_sample_depends_on_a_later_frame(model):
    codes = _random_codes(60)
    before = model.codec.decode(codes)
    codes[:, :, 40] = 2 + (codes[:, :, 40] - 1) % 21
    after = model.codec.decode(codes)
    assert before.shape == (1, 60 * 1920)
    assert torch.equal(before[:, : 40 * 1920], after[:, : 40 * 1920])
    assert not torch.allclose(before[:, 40 * 1920 :], after[:, 40 * 1920 :], atol=0.01)


def test_the_codec_looks_back_exactly_21_frames(model):
    # By gradients: exactly 0 where nothing is read, and not lost to rounding where little is.
    # 2 (input) + 4 * 4 (windows of two layers) + 1 + 1/2 + 1/4 (upsampling) + 6/8 (output).
    with torch.enable_grad():
        latent = model.codec.quantizer(_random_codes(30)).requires_grad_()
        x = latent
        for block in model.codec.decoder_blocks:
            x = block(x)
        last_frame = model.codec.output_proj(x)[..., -8:]
        (gradient,) = torch.autograd.grad(last_frame.square().sum(), latent)
    frames = gradient.abs().sum(dim=(0, 1))
    assert (frames[-22:] > 0).all()  # the frame itself and 21 before it
    assert (frames[:-22] == 0).all()


def test_one_frame_equals_the_first_of_many(model):
    codes = _random_codes(12)
    many = model.codec.decode(codes)[:, :1920]
    assert torch.allclose(model.codec.decode(codes[:, :, :1]), many, atol=1e-6)


def test_21_frames_of_context_suffice(model):
    codes = _random_codes(40)
    whole = model.codec.decode(codes)[:, -1920:]
    part = model.codec.decode(codes[:, :, -22:])[:, -1920:]
    assert torch.allclose(part, whole, atol=1e-6)  # of samples around 0.1


def test_special_codes_decode_as_level_0(model):
    codes = _random_codes(3)
    special = codes.clone()
    codes[:, :, 1], special[:, :, 1] = 2, 1
    assert torch.equal(model.codec.decode(codes), model.codec.decode(special))


# Generation


def test_prompt_embeddings_hold_the_voice(comparisons, model):
    prompt = model.prompt_embeddings(comparisons.ids, comparisons.voice)
    rows = len(comparisons.voice)
    table = model.language_model.mm_audio_embeddings.tok_embeddings.weight
    assert prompt.shape == (1, len(comparisons.ids), 64)
    assert torch.equal(prompt[0, 2 : 2 + rows], comparisons.voice.float())
    assert torch.equal(prompt[0, :2], table[[1, 25]])
    assert torch.equal(prompt[0, -2:], table[[35, 25]])


def test_generation_is_repeatable_and_follows_the_noise(comparisons, model):
    prompt = model.prompt_embeddings(comparisons.ids, comparisons.voice)
    noise = torch.from_numpy(normal_frames(42, 8))
    codes = model.generate(prompt, noise)
    assert codes.shape == (8, 37)
    assert torch.equal(model.generate(prompt, noise), codes)
    noise[5:] += 0.5
    changed = model.generate(prompt, noise)
    assert torch.equal(changed[:5], codes[:5]) and torch.equal(changed[5, :1], codes[5, :1])
    assert not torch.equal(changed[5], codes[5])


def test_end_at_frame_0_gives_no_codes(comparisons, model):
    prompt = model.prompt_embeddings(comparisons.ids, comparisons.voice)
    hidden = model.language_model.last_hidden(prompt, _position(0))
    model.flow_head.semantic_codebook_output.weight[END_AUDIO] = hidden[0]
    assert model.generate(prompt, torch.zeros(4, 36)).shape == (0, 37)
