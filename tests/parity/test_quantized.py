"""Quantised exports against the reference with the dequantised weights in place of its own.

The programs are run method by method through ExecuTorch's Python runtime, which shares the
operators that a Runner has registered in this process.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from export.checkpoint import Checkpoint
from export.config import N_SPECIAL_CODES
from export.contract import CFG_ALPHA
from export.loading import load_step
from export.methods import streaming_codec
from export.modules import VoxtralTTS
from export.modules.flow_head import FlowHead
from export.modules.language_model import LanguageModel
from export.noise import normal_frames
from export.options import ExportOptions
from export.quantize import (
    CHANNEL_8BIT,
    LinearScheme,
    QuantizedEmbedding,
    QuantizedLinear,
    quantize_weight,
)
from exporting import MAX_SEQ_LEN, Export
from voxtral_tts import Runner

FOUR_BIT = ("--backend", "xnnpack", "--qlinear", "8da4w", "--qembedding", "8w", "--debug")
FOUR_BIT += ("--qlinear-codec", "8da8w")
EIGHT_BIT = ("--backend", "xnnpack", "--qlinear", "8da8w", "--export-target", "model", "--debug")
FOUR_BIT_OPTIONS = ExportOptions(qlinear="8da4w", qembedding="8w", max_seq_len=MAX_SEQ_LEN)
EIGHT_BIT_OPTIONS = ExportOptions(qlinear="8da8w", max_seq_len=MAX_SEQ_LEN)


def relative(actual: Tensor, expected: Tensor) -> float:
    return float((actual - expected).norm() / expected.norm())


@pytest.fixture(scope="module")
def checkpoint(tiny_checkpoint: Path) -> Checkpoint:
    return Checkpoint(tiny_checkpoint)


@pytest.fixture(scope="module")
def plain(checkpoint: Checkpoint) -> VoxtralTTS:
    """The reference with the checkpoint's own weights."""
    return VoxtralTTS.from_checkpoint(checkpoint, torch.float32, MAX_SEQ_LEN)


def dequantized(checkpoint: Checkpoint, options: ExportOptions) -> VoxtralTTS:
    """The reference with every quantised weight replaced by what the program multiplies with."""
    model = VoxtralTTS.from_checkpoint(checkpoint, torch.float32, MAX_SEQ_LEN)
    step, _ = load_step(checkpoint, options, lambda _: None)
    for reference, exported in (
        (model.language_model, step.language_model),
        (model.flow_head, step.flow_head),
    ):
        _copy_weights(reference, exported)
    return model


def _weight(module: torch.nn.Module) -> Tensor:
    if isinstance(module, QuantizedLinear | QuantizedEmbedding):
        return module.dequantized()
    weight: Tensor = module.weight  # type: ignore[assignment]
    return weight


def _copy_weights(reference: LanguageModel | FlowHead, exported: LanguageModel | FlowHead) -> None:
    for layer, source in zip(reference.layers, exported.layers, strict=True):
        attention, feed_forward = layer.attention, layer.feed_forward
        parts = _weight(source.attention.wqkv).split(source.attention.widths)
        for linear, part in zip((attention.wq, attention.wk, attention.wv), parts, strict=True):
            linear.weight.copy_(part)
        attention.wo.weight.copy_(_weight(source.attention.wo))
        gate, up = _weight(source.feed_forward.w13).chunk(2)
        feed_forward.w1.weight.copy_(gate)
        feed_forward.w3.weight.copy_(up)
        feed_forward.w2.weight.copy_(_weight(source.feed_forward.w2))
    if isinstance(reference, LanguageModel):
        tables, sources = reference.mm_audio_embeddings, exported.mm_audio_embeddings
        tables.tok_embeddings.weight.copy_(_weight(sources.tok_embeddings))
        codebooks = tables.audio_codebook_embeddings.embeddings
        codebooks.weight.copy_(_weight(sources.audio_codebook_embeddings.embeddings))
    else:
        for name in ("llm_projection", "semantic_codebook_output"):
            getattr(reference, name).weight.copy_(_weight(getattr(exported, name)))


class Program:
    """model.pte, method by method."""

    def __init__(self, folder: Path) -> None:
        from executorch.runtime import Runtime, Verification

        path = folder / "model.pte"
        self._program = Runtime.get().load_program(
            path, verification=Verification.InternalConsistency
        )
        self._methods: dict[str, Any] = {}

    def __call__(self, method: str, *inputs: Tensor) -> list[Tensor]:
        if method not in self._methods:
            self._methods[method] = self._program.load_method(method)
        return [output.clone() for output in self._methods[method].execute(list(inputs))]


@pytest.fixture(scope="module")
def operators(exported: Path) -> Runner:
    """Loading a runner registers the operators; ExecuTorch's runtime then finds them."""
    return Runner(exported / "model.pte", exported / "codec_decoder.pte")


PROMPT = torch.randn(1, 19, 64, generator=torch.Generator().manual_seed(0)) / 8
NOISE = torch.as_tensor(normal_frames(11, 1))


def run_step(program: Program, model: VoxtralTTS) -> dict[str, Tensor]:
    """Two steps, of 18 rows and of 1; the second one's outputs by name."""
    greedy = torch.zeros(1, model.config.semantic_rows)
    alpha = torch.tensor([CFG_ALPHA])
    program("step", PROMPT[:, :18], torch.tensor([0]), NOISE, alpha, greedy)
    last = PROMPT[:, 18:]
    outputs = program("step", last.contiguous(), torch.tensor([18]), NOISE, alpha, greedy)
    names = ("codes", "next", "hidden", "logits", "velocities")
    return dict(zip(names, outputs, strict=True))


@torch.no_grad()
def expected_step(model: VoxtralTTS, hidden: Tensor | None = None) -> dict[str, Tensor]:
    """The reference's values; the flow from `hidden` when given, so that errors do not add up."""
    own = model.language_model.last_hidden(PROMPT, torch.tensor([0]))
    start = own if hidden is None else hidden
    velocities: list[Tensor] = []
    model.flow_head.integrate(start, NOISE, torch.tensor([CFG_ALPHA]), velocities)
    logits = model.flow_head.semantic_logits(start)
    return {"hidden": own, "logits": logits, "velocities": torch.cat(velocities)}


def finite(logits: Tensor) -> Tensor:
    return logits[torch.isfinite(logits)]


@torch.no_grad()
def test_weight_only_embeddings_are_exact(
    export_tiny: Export, operators: Runner, checkpoint: Checkpoint, plain: VoxtralTTS
) -> None:
    """<= 1e-6, two roundings: an 8-bit row times its scale, and for codes a sum of 37."""
    program = Program(export_tiny(*FOUR_BIT))
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
    outputs = run_step(Program(export_tiny(*flags)), plain)
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


def test_scales_are_what_xnnpack_stores() -> None:
    """Group scales have bf16 precision, the grid covers the weights, 4 bits cost about 10 %."""
    weight = torch.randn(48, 128, generator=torch.Generator().manual_seed(1))
    for scheme, worst in ((LinearScheme(4, 32), 0.12), (CHANNEL_8BIT, 0.01)):
        q, scale = quantize_weight(weight, scheme)
        assert int(q.min()) >= -(2 ** (scheme.bits - 1))
        assert int(q.max()) < 2 ** (scheme.bits - 1)
        if scheme.group_size:
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
    decode = streaming_codec(checkpoint)
    pieces, start = [], 0
    with torch.no_grad():
        for size in (1, 2, 3, 5, 19):
            pieces.append(decode(codes[:, start : start + size], torch.tensor([start])))
            start += size
    difference = (torch.cat(pieces, 1) - whole).abs().max()
    assert difference <= 1e-5 * whole.square().mean().sqrt()
