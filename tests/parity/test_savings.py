"""What makes frames cheap changes nothing: packed weights, cached flow rows, 16-bit caches."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from export.checkpoint import Checkpoint
from export.contract import CFG_ALPHA
from export.cpu_quantize import QuantizedLinear
from export.loading import load_step
from export.lower import Method, lower
from export.modules import VoxtralTTS
from export.noise import normal_frames
from export.options import ExportOptions
from export.packed_weights import pack, unpack
from export.quantize import CHANNEL_8BIT, LinearScheme, quantize_weight
from exporting import MAX_SEQ_LEN, Export
from programs import Program, expected_step, relative, run_step
from voxtral_tts import Runner, UsageError

SCHEMES = [LinearScheme(4, 32), LinearScheme(4, 64), CHANNEL_8BIT]
SHAPES = [(32, 64), (70, 192), (1, 64), (129, 128)]


def _weight(rows: int, columns: int) -> torch.Tensor:
    return torch.randn(rows, columns, generator=torch.Generator().manual_seed(rows + columns))


@pytest.mark.parametrize(
    ("scheme", "shape"),
    [*((scheme, shape) for scheme in SCHEMES for shape in SHAPES), (CHANNEL_8BIT, (40, 37))],
)
def test_packing_keeps_every_weight(scheme: LinearScheme, shape: tuple[int, int]) -> None:
    """Bit for bit: packing is an order, not arithmetic."""
    weight = _weight(*shape)
    q, scale = quantize_weight(
        weight, scheme, torch.float32 if scheme.group_size is None else torch.bfloat16
    )
    packed = pack(weight, scheme)
    restored = unpack(packed, shape[1])
    expected = (q.view(shape[0], scale.shape[1], -1) * scale[..., None]).reshape(shape)
    assert torch.equal(restored, expected)
    sums = packed.sums.flatten()[: shape[0]]
    torch.testing.assert_close(sums, expected.double().sum(-1).float(), rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize("scheme", SCHEMES)
@torch.no_grad()
def test_the_kernel_computes_what_the_operator_defines(
    scheme: LinearScheme, operators: Runner, tmp_path: Path
) -> None:
    """<= 1e-5: whole numbers within a group, fp32 sums over them. (An activation that lies half
    way between two of its 255 steps may go either way, 1e-3 of one product of a row's hundreds.)
    """
    for rows, inputs in ((70, 192), (256, 1024)):
        linear = QuantizedLinear(_weight(rows, inputs), scheme)
        x = torch.randn(1, 9, inputs, generator=torch.Generator().manual_seed(3))
        path = tmp_path / f"{rows}.pte"
        lower({"linear": Method(linear, (x,), (None,))}, {}, "xnnpack", path)
        (actual,) = Program(path)("linear", x)
        assert actual.shape == (1, 9, rows)
        assert relative(actual, linear(x)) <= 1e-5
        assert relative(actual, nn.functional.linear(x, linear.dequantized())) > 1e-4


@torch.no_grad()
def test_cached_flow_rows_give_the_velocities_of_the_reference(
    checkpoint: Checkpoint, plain: VoxtralTTS
) -> None:
    """<= 1e-5 of the velocities, and every one of 7,200 codes: fp32 products of other shapes."""
    step, _ = load_step(checkpoint, ExportOptions(max_seq_len=MAX_SEQ_LEN), lambda _: None)
    alpha = torch.tensor([CFG_ALPHA])
    noise = torch.as_tensor(normal_frames(5, 200))
    hidden = torch.randn(200, 64, generator=torch.Generator().manual_seed(1))
    for i in range(200):
        ours: list[torch.Tensor] = []
        theirs: list[torch.Tensor] = []
        end = step.flow_head.integrate(hidden[i : i + 1], noise[i : i + 1], alpha, ours)
        expected = plain.flow_head.integrate(hidden[i : i + 1], noise[i : i + 1], alpha, theirs)
        assert relative(torch.cat(ours), torch.cat(theirs)) <= 1e-5
        assert torch.equal(step.flow_head.quantize(end), plain.flow_head.quantize(expected))


@pytest.mark.parametrize(
    ("dtype", "limit"), [("bf16", 1e-2), pytest.param("fp16", 1e-3, marks=pytest.mark.long)]
)
@torch.no_grad()
def test_caches_of_16_bits_are_near(
    dtype: str, limit: float, export_tiny: Export, operators: Runner, plain: VoxtralTTS
) -> None:
    """Keys and values are rounded once: 2^-9 and 2^-12 of each, less after averaging."""
    flags = ("--export-target", "model", "--debug", "--kv-dtype", dtype)
    outputs = run_step(Program(export_tiny(*flags) / "model.pte"), plain)
    error = relative(outputs["hidden"], expected_step(plain)["hidden"])
    assert 1e-6 < error <= limit


@torch.no_grad()
def test_fewer_flow_steps_are_those_of_a_coarser_grid(
    export_tiny: Export, operators: Runner, checkpoint: Checkpoint
) -> None:
    folder = export_tiny("--flow-steps", "3", "--debug")
    coarse = VoxtralTTS.from_checkpoint(checkpoint, torch.float32, MAX_SEQ_LEN)
    coarse.flow_head.n_steps = 3
    coarse.flow_head.prepare()
    outputs = run_step(Program(folder / "model.pte"), coarse)
    assert outputs["velocities"].shape == (3, 36)
    expected = expected_step(coarse, outputs["hidden"])
    assert relative(outputs["velocities"], expected["velocities"]) <= 1e-4
    with Runner(folder / "model.pte", folder / "codec_decoder.pte") as runner:
        assert runner.synthesize("Hi.", flow_steps=3, max_frames=2).stats.codec_frames == 2
        with pytest.raises(UsageError, match=r"exported with 3.*--flow-steps"):
            runner.synthesize("Hi.", flow_steps=7)
