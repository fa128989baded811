"""Quantised CPU exports against the reference with the dequantised weights in place of its own."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from export.checkpoint import Checkpoint
from export.config import N_SPECIAL_CODES
from export.loading import load_decode
from export.modules import VoxtralTTS
from export.options import ExportOptions
from export.quantize import CHANNEL_8BIT, LinearScheme, quantize_weight
from exporting import MAX_SEQ_LEN, Export
from programs import Program, dequantized, expected_step, finite, relative, run_step
from voxtral_tts import Runner

FOUR_BIT = ("--backend", "xnnpack", "--qlinear", "8da4w", "--qembedding", "8w", "--debug")
FOUR_BIT += ("--qlinear-codec", "8da8w")
EIGHT_BIT = ("--backend", "xnnpack", "--qlinear", "8da8w", "--export-target", "model", "--debug")
FOUR_BIT_OPTIONS = ExportOptions(qlinear="8da4w", qembedding="8w", max_seq_len=MAX_SEQ_LEN)
EIGHT_BIT_OPTIONS = ExportOptions(qlinear="8da8w", max_seq_len=MAX_SEQ_LEN)


@torch.no_grad()
def test_weight_only_embeddings_are_exact(
    export_tiny: Export, operators: Runner, checkpoint: Checkpoint, plain: VoxtralTTS
) -> None:
    """<= 1e-6, two roundings: an 8-bit row times its scale, and for codes a sum of 37."""
    program = Program(export_tiny(*FOUR_BIT) / "model.pte")
    model = dequantized(checkpoint, FOUR_BIT_OPTIONS)
    ids = torch.arange(0, 1500, 7)[None]
    rows = program("embed_text", ids)[0]
    assert relative(rows, model.language_model.embed_text(ids)) <= 1e-6
    assert relative(rows, plain.language_model.embed_text(ids)) > 1e-4
    outputs = run_step(program, model)
    following = model.language_model.embed_codes(outputs["codes"])
    assert relative(outputs["next"], following) <= 1e-6
    assert relative(outputs["next"], plain.language_model.embed_codes(outputs["codes"])) > 1e-4


# Activations are rounded to 8 bits per row, 0.5 % of each product; layers add up, and a velocity
# has been through them seven times (measured: 5 %).
ACTIVATION_FLOOR = 0.1


@pytest.mark.parametrize(
    ("flags", "options"),
    [(FOUR_BIT, FOUR_BIT_OPTIONS), (EIGHT_BIT, EIGHT_BIT_OPTIONS)],
)
@torch.no_grad()
def test_dynamic_linears_are_near_their_dequantised_form(
    flags: tuple[str, ...],
    options: ExportOptions,
    export_tiny: Export,
    operators: Runner,
    checkpoint: Checkpoint,
    plain: VoxtralTTS,
) -> None:
    outputs = run_step(Program(export_tiny(*flags) / "model.pte"), plain)
    near = expected_step(dequantized(checkpoint, options), outputs["hidden"])
    far = expected_step(plain, outputs["hidden"])
    for name in ("hidden", "logits", "velocities"):
        actual = finite(outputs[name])
        assert relative(actual, finite(near[name])) <= ACTIVATION_FLOOR, name
        assert relative(actual, finite(far[name])) > 1e-4, f"{name}: not quantised at all"
    if options.qlinear == "8da4w":  # there the weights' own error stands out
        error = relative(outputs["hidden"], near["hidden"])
        assert error < relative(outputs["hidden"], far["hidden"])


@torch.no_grad()
def test_codec_with_8_bit_linears(
    export_tiny: Export, checkpoint: Checkpoint, plain: VoxtralTTS
) -> None:
    """>= 30 dB against the full codec, and not equal to it."""
    folder = export_tiny(*FOUR_BIT)
    with Runner(folder / "model.pte", folder / "codec_decoder.pte") as runner:
        audio = runner.synthesize("Hello there.", max_frames=50)
    expected = plain.codec.decode(torch.from_numpy(audio.codes.T[None]))[0].numpy()
    noise = np.mean((audio.samples - expected) ** 2)
    snr = 10 * np.log10(np.mean(expected**2) / noise)
    assert 30 <= snr < 80


def test_scales_are_rounded_before_they_are_used() -> None:
    """The grid covers the weights; 4 bits cost about 10 %."""
    weight = torch.randn(48, 128, generator=torch.Generator().manual_seed(1))
    for scheme, worst in ((LinearScheme(4, 32), 0.12), (CHANNEL_8BIT, 0.01)):
        q, scale = quantize_weight(weight, scheme, torch.bfloat16)
        assert int(q.min()) >= -(2 ** (scheme.bits - 1))
        assert int(q.max()) < 2 ** (scheme.bits - 1)
        assert torch.equal(scale, scale.to(torch.bfloat16).float())
        restored = (q.view(48, scale.shape[1], -1) * scale[..., None]).reshape(weight.shape)
        assert 0 < relative(restored, weight) <= worst


def test_streaming_codec_equals_the_whole_before_lowering(
    checkpoint: Checkpoint, plain: VoxtralTTS
) -> None:
    """The exported form in eager PyTorch: 1e-5 of RMS, only sums are ordered differently."""
    codes = torch.randint(
        N_SPECIAL_CODES, 20, (1, 30, 37), generator=torch.Generator().manual_seed(2)
    )
    whole = plain.codec.decode(codes.transpose(1, 2))
    decode = load_decode(checkpoint, ExportOptions())
    pieces, start = [], 0
    with torch.no_grad():
        for size in (1, 2, 3, 5, 19):
            pieces.append(decode(codes[:, start : start + size], torch.tensor([start])))
            start += size
    difference = (torch.cat(pieces, 1) - whole).abs().max()
    assert difference <= 1e-5 * whole.square().mean().sqrt()
