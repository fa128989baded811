"""MLX programs through our delegate, part by part.

test_runner_parity.py has the free-running comparison with the reference in fp32. The oracle here is
the same reference with the dequantised weights in place of its own.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor

from export.__main__ import main
from export.checkpoint import Checkpoint
from export.config import N_SPECIAL_CODES
from export.contract import CFG_ALPHA
from export.inspect_program import segment_offsets, summarize
from export.lower import MLX_SEGMENT_ALIGNMENT, LoweringError, Method, lower
from export.modules import VoxtralTTS
from export.noise import normal_frames
from export.options import ExportOptions
from exporting import MAX_SEQ_LEN, MLX_BF16, Export
from programs import (
    PROMPT,
    Program,
    dequantized,
    expected_step,
    finite,
    relative,
    run_step,
)
from voxtral_tts import Runner, UsageError

BF16_OPTIONS = ExportOptions(
    backend="mlx", dtype="bf16", qlinear="4w", qembedding="8w", max_seq_len=MAX_SEQ_LEN
)


def flags(bits: str) -> tuple[str, ...]:
    """fp32 with all weights quantised, so that nothing but the weights' rounding is seen."""
    quantized = ("--qlinear", bits, "--qembedding", bits, "--qlinear-codec", bits)
    return ("--backend", "mlx", *quantized, "--debug")


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
    """Each stage against fp32 for the same input: <= 2e-2, since a bf16 has 8 bits and a stage
    rounds some 20 times.

    The language model's rows are 64 wide here, where PyTorch's own bf16 has 1.9e-2; ours may have
    a quarter more. Later Euler steps start from points that have drifted apart and are no stage.
    """
    model = dequantized(checkpoint, BF16_OPTIONS)
    program = Program(export_tiny(*MLX_BF16) / "model.pte")
    alpha, greedy = torch.tensor([CFG_ALPHA]), torch.zeros(1, model.config.semantic_rows)
    rows, first_steps, expected_steps = [], [], []
    for length in range(1, PROMPT.shape[1] + 1):
        noise = torch.as_tensor(normal_frames(length, 1))
        prompt = PROMPT[:, :length].contiguous()
        outputs = program("step", prompt, torch.tensor([0]), noise, alpha, greedy)
        codes, following, hidden, logits, velocities = outputs
        rows.append(hidden)
        first_steps.append(velocities[0])
        exact: list[Tensor] = []
        model.flow_head.integrate(hidden, noise, alpha, exact)
        expected_steps.append(exact[0][0])
        assert relative(following, model.language_model.embed_codes(codes)) <= 2e-2
        assert relative(finite(logits), finite(model.flow_head.semantic_logits(hidden))) <= 2e-2
    assert relative(torch.stack(first_steps), torch.stack(expected_steps)) <= 2e-2
    expected = model.language_model.hidden(PROMPT, torch.tensor([0]))[0]
    model.language_model.to(torch.bfloat16)
    own = model.language_model.hidden(PROMPT.to(torch.bfloat16), torch.tensor([0]))[0].float()
    actual = torch.cat(rows)
    assert relative(actual, expected) <= max(2e-2, 1.25 * relative(own, expected))
    assert float(torch.cosine_similarity(actual, expected).min()) >= 0.998


@pytest.mark.parametrize(
    ("dtype", "most"), [("bf16", 2e-2), pytest.param("fp16", 2.5e-3, marks=pytest.mark.long)]
)
@torch.no_grad()
def test_short_codec_stays_near_fp32(
    dtype: str, most: float, export_tiny: Export, plain: VoxtralTTS, codes: Tensor
) -> None:
    """An fp16 has three bits more than a bf16."""
    folder = export_tiny("--backend", "mlx", "--dtype", dtype, "--export-target", "codec")
    assert relative(decode(folder, codes), plain.codec.decode(codes.transpose(1, 2))) <= most


@torch.no_grad()
def test_fp16_stays_near_fp32(export_tiny: Export, checkpoint: Checkpoint) -> None:
    """<= 4e-3: three bits more than bf16, which has 2.6e-2 for this row."""
    flags = ("--backend", "mlx", "--dtype", "fp16", "--qlinear", "4w", "--qembedding", "4w")
    program = Program(export_tiny(*flags, "--export-target", "model", "--debug") / "model.pte")
    options = ExportOptions(
        backend="mlx", dtype="fp16", qlinear="4w", qembedding="4w", max_seq_len=MAX_SEQ_LEN
    )
    model = dequantized(checkpoint, options)
    outputs = run_step(program, model)
    assert (outputs["codes"] >= 0).all()
    expected = expected_step(model, outputs["hidden"])
    for name in ("hidden", "logits"):
        assert relative(finite(outputs[name]), finite(expected[name])) <= 4e-3, name
    first, expected_first = outputs["velocities"][0], expected["velocities"][0]
    assert relative(first, expected_first) <= 4e-3


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
        assert mlx.stats.codec_frames == 40
        computed = mlx.stats.prefix_source == "computed"  # else kept from the text before
        assert mlx.stats.step_executes == 40 + 1 + computed  # one looks for the end
        # Counted by the delegate; ExecuTorch's own, on macOS, does not tell.
        if sys.platform != "darwin":
            assert mlx.stats.executes_per_frame == mlx.stats.host_syncs_per_frame == 1


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


@pytest.mark.parametrize("options", [("--backend", "mlx"), MLX_BF16])
def test_our_graphs_avoid_what_was_lowered_wrongly(
    options: tuple[str, ...], export_tiny: Export
) -> None:
    folder = export_tiny(*options)
    for name in ("model.pte", "codec_decoder.pte"):
        for method in summarize(folder / name):
            assert not method.nodes.keys() & {"Gather", "TakeAlongAxis"}, method.name


def test_segments_start_on_pages(export_tiny: Export) -> None:
    folder = export_tiny("--backend", "mlx")
    for name in ("model.pte", "codec_decoder.pte"):
        offsets = segment_offsets(folder / name)
        assert len(offsets) > 20
        assert all(offset % MLX_SEGMENT_ALIGNMENT == 0 for offset in offsets)


class Unsupported(torch.nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.special.bessel_j0(x + 1) * 2


class Idle(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("idle", torch.ones(3))

    def forward(self, x: Tensor) -> Tensor:
        return x * 2


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (Unsupported(), r"method forward.*bessel_j0.*test_mlx\.py.*bessel_j0"),
        (Idle(), r"method forward.*outside: the weight idle"),
    ],
)
def test_what_stays_outside_is_named(module: torch.nn.Module, message: str, tmp_path: Path) -> None:
    method = Method(module, (torch.ones(3),), (None,))
    with pytest.raises(LoweringError, match=message):
        lower({"forward": method}, {}, "mlx", tmp_path / "model.pte")
    assert not (tmp_path / "model.pte").exists()


def test_a_gpu_that_is_not_there_is_a_usage_error(export_tiny: Export) -> None:
    mx = pytest.importorskip("mlx.core")
    if mx.is_available(mx.gpu):
        pytest.skip("this machine has one")
    folder = export_tiny("--backend", "mlx")
    with pytest.raises(UsageError, match=r"model\.pte: device gpu: MLX finds no GPU here"):
        Runner(folder / "model.pte", folder / "codec_decoder.pte", device="gpu")


def test_inspect_prints_what_a_program_consists_of(
    export_tiny: Export, capsys: pytest.CaptureFixture[str], checkpoint: Checkpoint
) -> None:
    """A step reads the language model once and the flow head once per Euler step."""
    folder = export_tiny("--backend", "mlx")
    assert main(["--inspect", str(folder / "model.pte")]) == 0
    text = capsys.readouterr().out
    assert "model.pte: step" in text
    assert "delegates    MLXBackend 1" in text
    model = VoxtralTTS.from_checkpoint(checkpoint, torch.float32, MAX_SEQ_LEN)
    once = [*model.language_model.layers.parameters(), *model.language_model.norm.parameters()]
    head = model.flow_head
    once += [head.llm_projection.weight, head.semantic_codebook_output.weight]
    every_step = [*head.layers.parameters(), *head.norm.parameters(), head.input_projection.weight]
    every_step.append(head.acoustic_codebook_output.weight)
    least = sum(p.numel() for p in once) + head.n_steps * sum(p.numel() for p in every_step)
    (step,) = (m for m in summarize(folder / "model.pte") if m.name == "step")
    assert step.bytes_read is not None
    # Besides weights there are small constants: offsets, times, bounds.
    assert 4 * least <= step.bytes_read <= 4 * least * 1.02


@pytest.mark.parametrize("content", [b"", b"text", b"\0" * 4096])
def test_inspect_refuses_what_is_no_program(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.pte").write_bytes(content)
    assert main(["--inspect", str(tmp_path / "a.pte")]) == 1
    assert capsys.readouterr().err.startswith(f"error: --inspect: {tmp_path / 'a.pte'}: ")
