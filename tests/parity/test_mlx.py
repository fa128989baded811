"""MLX programs through our delegate, part by part.

test_runner_parity.py has the free-running comparison with the reference in fp32. The oracle here is
the same reference with the dequantised weights in place of its own.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from export.checkpoint import Checkpoint
from export.config import N_SPECIAL_CODES
from export.inspect_program import segment_offsets, summarize
from export.lower import MLX_SEGMENT_ALIGNMENT, LoweringError, Method, lower
from export.mlx_schema import ensure_mlx_schema
from export.modules import VoxtralTTS
from export.options import ExportOptions
from exporting import MAX_SEQ_LEN, MLX_BF16, Export
from programs import Program, dequantized, expected_step, finite, relative, run_step
from voxtral_tts import Runner

BF16_OPTIONS = ExportOptions(
    backend="mlx", dtype="bf16", qlinear="4w", qembedding="8w", max_seq_len=MAX_SEQ_LEN
)


def flags(bits: str) -> tuple[str, ...]:
    """fp32 with all weights quantised, so that nothing but the weights' rounding is seen."""
    quantized = ("--qlinear", bits, "--qembedding", bits, "--qlinear-codec", bits)
    return ("--backend", "mlx", *quantized, "--debug")


@pytest.fixture(scope="module")
def checkpoint(tiny_checkpoint: Path) -> Checkpoint:
    return Checkpoint(tiny_checkpoint)


@pytest.fixture(scope="module")
def plain(checkpoint: Checkpoint) -> VoxtralTTS:
    """The reference with the checkpoint's own weights."""
    return VoxtralTTS.from_checkpoint(checkpoint, torch.float32, MAX_SEQ_LEN)


@pytest.fixture(scope="module")
def codes() -> Tensor:
    """50 frames of random codes [1, 50, 37]."""
    generator = torch.Generator().manual_seed(3)
    return torch.randint(N_SPECIAL_CODES, 23, (1, 50, 37), generator=generator)


def decode(folder: Path, codes: Tensor) -> Tensor:
    """In chunks of 25 frames."""
    program = Program(folder / "codec_decoder.pte")
    chunks = [codes[:, :25].contiguous(), codes[:, 25:].contiguous()]
    samples = [
        program("decode", chunk, torch.tensor([25 * i]))[0] for i, chunk in enumerate(chunks)
    ]
    return torch.cat(samples, 1)


def snr_db(actual: Tensor, expected: Tensor) -> float:
    noise = (actual - expected).square().mean()
    return float(10 * torch.log10(expected.square().mean() / noise))


@pytest.mark.parametrize("bits", ["4w", "8w"])
@torch.no_grad()
def test_quantised_weights_are_multiplied_exactly(
    bits: str, export_tiny: Export, checkpoint: Checkpoint, plain: VoxtralTTS
) -> None:
    """<= 1e-5 relative: float32 sums in another order; and not the plain weights by accident."""
    options = ExportOptions(backend="mlx", qlinear=bits, qembedding=bits, max_seq_len=MAX_SEQ_LEN)
    model = dequantized(checkpoint, options)
    program = Program(export_tiny(*flags(bits)) / "model.pte")
    outputs = run_step(program, model)
    near = expected_step(model, outputs["hidden"])
    far = expected_step(plain, outputs["hidden"])
    for name in ("hidden", "logits", "velocities"):
        actual = finite(outputs[name])
        assert relative(actual, finite(near[name])) <= 1e-5, name
        # 4 bits leave the semantic head as it is.
        if (bits, name) != ("4w", "logits"):
            assert relative(actual, finite(far[name])) > 1e-4, f"{name}: not quantised at all"
    ids = torch.arange(0, 1500, 7)[None]
    rows = program("embed_text", ids)[0]
    assert relative(rows, model.language_model.embed_text(ids)) <= 1e-6
    assert relative(rows, plain.language_model.embed_text(ids)) > 1e-4
    following = model.language_model.embed_codes(outputs["codes"])
    assert relative(outputs["next"], following) <= 1e-6


@torch.no_grad()
def test_bf16_stays_near_fp32(export_tiny: Export, checkpoint: Checkpoint) -> None:
    """<= 2e-2 per stage: a bf16 has 8 bits, and each stage rounds a few times per layer."""
    model = dequantized(checkpoint, BF16_OPTIONS)
    program = Program(export_tiny(*MLX_BF16) / "model.pte")
    outputs = run_step(program, model)
    expected = expected_step(model, outputs["hidden"])
    for name in ("hidden", "logits", "velocities"):
        error = relative(finite(outputs[name]), finite(expected[name]))
        assert error <= 2e-2, name
    cosine = torch.cosine_similarity(outputs["hidden"], expected["hidden"])
    assert float(cosine) >= 0.998
    following = model.language_model.embed_codes(outputs["codes"])
    assert relative(outputs["next"], following) <= 2e-2


@torch.no_grad()
def test_bf16_codec_stays_near_fp32(export_tiny: Export, plain: VoxtralTTS, codes: Tensor) -> None:
    folder = export_tiny("--backend", "mlx", "--dtype", "bf16", "--export-target", "codec")
    assert relative(decode(folder, codes), plain.codec.decode(codes.transpose(1, 2))) <= 2e-2


@pytest.mark.parametrize(("bits", "least_db"), [("8w", 30), ("4w", 8)])
@torch.no_grad()
def test_quantised_codec(
    bits: str, least_db: float, export_tiny: Export, plain: VoxtralTTS, codes: Tensor
) -> None:
    """Against the codec with its own weights; random ones are harder to round than trained ones."""
    actual = decode(export_tiny(*flags(bits)), codes)
    snr = snr_db(actual, plain.codec.decode(codes.transpose(1, 2)))
    assert least_db <= snr < 80, snr


def test_codes_equal_those_of_xnnpack(export_tiny: Export) -> None:
    texts = ("Hello there, how are you?", "Guten Morgen!", "1, 2, 3.")
    spoken = []
    for backend in ("mlx", "xnnpack"):
        folder = export_tiny("--backend", backend)
        with Runner(folder / "model.pte", folder / "codec_decoder.pte") as runner:
            audio = [runner.synthesize(text, seed=4, max_frames=40) for text in texts]
        spoken.append(audio)
    for mlx, xnnpack in zip(*spoken, strict=True):
        assert mlx.codes.tolist() == xnnpack.codes.tolist()
        assert mlx.stats.step_executes == mlx.stats.codec_frames == 40


@pytest.mark.parametrize("options", [("--backend", "mlx"), MLX_BF16])
def test_every_method_is_one_delegate(options: tuple[str, ...], export_tiny: Export) -> None:
    folder = export_tiny(*options)
    methods = {
        method.name: method
        for name in ("model.pte", "codec_decoder.pte")
        for method in summarize(folder / name)
    }
    assert set(methods) == {"step", "embed_text", "decode"}
    for method in methods.values():
        assert method.delegates == {"MLXBackend": 1}
        assert not method.operators
        assert method.nodes.total() > 0
    assert methods["step"].bytes_read
    assert methods["decode"].state_bytes


def test_segments_start_on_pages(export_tiny: Export) -> None:
    folder = export_tiny("--backend", "mlx")
    for name in ("model.pte", "codec_decoder.pte"):
        offsets = segment_offsets(folder / name)
        assert len(offsets) > 20
        assert all(offset % MLX_SEGMENT_ALIGNMENT == 0 for offset in offsets)


class Unsupported(torch.nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.special.bessel_j0(x + 1) * 2


def test_what_cannot_be_lowered_is_named(tmp_path: Path) -> None:
    ensure_mlx_schema()
    method = Method(Unsupported(), (torch.ones(3),), (None,))
    with pytest.raises(LoweringError, match=r"method forward.*bessel_j0.*test_mlx\.py.*bessel_j0"):
        lower({"forward": method}, {}, "mlx", tmp_path / "model.pte")
    assert not (tmp_path / "model.pte").exists()
