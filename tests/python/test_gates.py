"""Counts per frame stay where they are: times vary from machine to machine, counts do not.

Every gate is also shown to fail, on something that does what it forbids.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from export.checkpoint import Checkpoint
from export.config import TransformerConfig, VoxtralConfig
from export.inspect_program import summarize
from export.lower import Method, lower
from exporting import Export
from programs import Program

voxtral_tts = pytest.importorskip("voxtral_tts")
from voxtral_tts import Runner  # noqa: E402
from voxtral_tts.bench import gates  # noqa: E402

TEXT = "It took me quite a long time to speak."
FRAMES = 20
RUNTIME_ALLOCATIONS = 0  # per frame, as measured


@pytest.fixture(scope="module")
def runner(exported: Path) -> Runner:
    return Runner(exported / "model.pte", exported / "codec_decoder.pte")


def step_bytes(file: Path, method: str = "step") -> int:
    (found,) = (summary for summary in summarize(file) if summary.name == method)
    assert found.bytes_read is not None
    return found.bytes_read


def test_one_execute_per_frame(runner: Runner) -> None:
    """Between two lengths of an utterance, so that its prompt cancels out: in a voice that was
    spoken before, whose rows are kept.
    """
    _, short, long = (runner.synthesize(TEXT, max_frames=n).stats for n in (1, 4, FRAMES))
    gates.one_execute_per_frame(long.step_executes - short.step_executes, FRAMES - 4)


def test_the_gate_on_executes_fails_for_two_per_frame() -> None:
    with pytest.raises(gates.GateError, match="32 executes of step for 16 frames"):
        gates.one_execute_per_frame(32, 16)


@pytest.mark.parametrize("chunk", [0, 1, 3, 32])
def test_every_frame_is_decoded_once(runner: Runner, chunk: int) -> None:
    stats = runner.synthesize(TEXT, max_frames=FRAMES, chunk_frames=chunk).stats
    gates.decoded_once(stats.decoded_frames, stats.codec_frames)


def test_the_gate_on_decoding_fails_for_a_window_decoded_again() -> None:
    with pytest.raises(gates.GateError, match="40 frames decoded, 20 emitted"):
        gates.decoded_once(2 * FRAMES, FRAMES)


def count(runner_binary: Path, folder: Path, *flags: str) -> dict[str, list[int]]:
    """Allocations of each frame in the steady state."""
    if sys.platform == "darwin":
        pytest.skip("macOS binds names to libraries: malloc cannot be replaced")
    counter = runner_binary.with_name("voxtral_tts_count_allocations")
    assert counter.exists(), f"{counter} is missing: run 'make build'"
    files = [str(folder / name) for name in ("model.pte", "codec_decoder.pte")]
    with tempfile.TemporaryDirectory() as voices:  # where the library may keep some
        environment = {**os.environ, "VOXTRAL_TTS_CACHE": voices}
        command = [counter, *files, *flags]
        result = subprocess.run(command, capture_output=True, check=True, env=environment)
    counted: dict[str, list[int]] = json.loads(result.stdout)
    return counted


@pytest.mark.parametrize("flags", [(), ("--qlinear", "8da4w", "--qembedding", "8w")])
def test_a_frame_allocates_nothing(
    runner_binary: Path, export_tiny: Export, flags: tuple[str, ...]
) -> None:
    counted = count(runner_binary, export_tiny("--backend", "xnnpack", *flags))
    gates.allocations(counted["ours"], counted["runtime"], RUNTIME_ALLOCATIONS)
    gates.one_execute_per_frame(sum(counted["executes"]), len(counted["executes"]))


def test_the_gate_on_allocations_fails_for_one_per_frame(
    runner_binary: Path, exported: Path
) -> None:
    counted = count(runner_binary, exported, "--inject")
    with pytest.raises(gates.GateError, match="1 allocations of ours in a frame"):
        gates.allocations(counted["ours"], counted["runtime"], RUNTIME_ALLOCATIONS)
    with pytest.raises(gates.GateError, match="3 allocations of the runtime"):
        gates.allocations([0, 0], [0, 3], RUNTIME_ALLOCATIONS)
    with pytest.raises(gates.GateError, match="no frame"):
        gates.allocations([], [], RUNTIME_ALLOCATIONS)


def layer_weights(sizes: TransformerConfig) -> int:
    q, kv = sizes.n_heads * sizes.head_dim, sizes.n_kv_heads * sizes.head_dim
    return sizes.dim * (2 * q + 2 * kv + 3 * sizes.hidden_dim + 2)


def formula(config: VoxtralConfig) -> int:
    """Weights that a frame reads: the language model once, the flow once per Euler step with both
    branches in one batch and the time projection in a table, the projections of the flow's first
    layer once more for the condition's row.
    """
    model, flow = config.language_model, config.flow_head
    once = model.n_layers * layer_weights(model) + model.dim
    once += flow.input_dim * (flow.dim + config.semantic_rows)  # llm_projection, semantic head
    once += flow.dim * (flow.n_heads + 2 * flow.n_kv_heads) * flow.head_dim
    ends = flow.dim * (2 * config.n_acoustic + 1)
    return once + flow.n_decoding_steps * (flow.n_layers * layer_weights(flow) + ends)


@pytest.fixture(scope="module")
def config(tiny_checkpoint: Path) -> VoxtralConfig:
    with Checkpoint(tiny_checkpoint) as checkpoint:
        return checkpoint.config


@pytest.mark.parametrize("backend", ["xnnpack", "portable"])
def test_bytes_per_frame_are_the_formula_s(
    export_tiny: Export, config: VoxtralConfig, backend: str
) -> None:
    file = export_tiny("--backend", backend) / "model.pte"
    gates.weights_read(step_bytes(file), 4 * formula(config))


def quantized_formula(config: VoxtralConfig, group_size: int) -> int:
    """The same for 4-bit layers under an 8-bit semantic head: a value takes half a byte, a scale of
    `group_size` of them two, and the ends of the flow keep fp32. An output has the sum of its
    weights as well, and in the head a scale, four bytes each. Outputs fill up tiles of 32.
    """
    model, flow = config.language_model, config.flow_head

    def linear(outputs: int, inputs: int) -> float:
        outputs = 32 * math.ceil(outputs / 32)
        return outputs * (inputs * (1 / 2 + 2 / group_size) + 4)

    def qkv(sizes: TransformerConfig) -> float:
        return linear((sizes.n_heads + 2 * sizes.n_kv_heads) * sizes.head_dim, sizes.dim)

    def layer(sizes: TransformerConfig) -> float:
        heads = sizes.n_heads * sizes.head_dim
        up, down = (sizes.hidden_dim, sizes.dim), (sizes.dim, sizes.hidden_dim)
        products = qkv(sizes) + linear(sizes.dim, heads) + 2 * linear(*up) + linear(*down)
        return products + 4 * 2 * sizes.dim  # two norms

    once = model.n_layers * layer(model) + 4 * model.dim
    once += linear(flow.dim, flow.input_dim) + qkv(flow)
    once += 32 * math.ceil(config.semantic_rows / 32) * (flow.input_dim + 4 + 4)
    ends = 4 * flow.dim * (2 * config.n_acoustic + 1)
    return int(once + flow.n_decoding_steps * (flow.n_layers * layer(flow) + ends))


@pytest.mark.parametrize("group_size", [32, pytest.param(64, marks=pytest.mark.long)])
def test_bytes_per_frame_of_4_bits(
    export_tiny: Export, config: VoxtralConfig, group_size: int
) -> None:
    flags = ("--backend", "xnnpack", "--qlinear", "8da4w", "--qembedding", "8w")
    if group_size != 32:
        flags += ("--qlinear-group-size", str(group_size))
    file = export_tiny(*flags) / "model.pte"
    gates.weights_read(step_bytes(file), quantized_formula(config, group_size))


def test_the_formula_gives_the_published_size() -> None:
    """The figures of the full-size model that everybody quotes."""
    layer = TransformerConfig(
        dim=3072, n_layers=26, n_heads=32, n_kv_heads=8, head_dim=128, hidden_dim=9216, norm_eps=0
    )
    assert math.isclose(26 * layer_weights(layer), 3026.2e6, rel_tol=1e-4)


class Guided(nn.Module):
    """Two branches over one weight, in one batch or one after the other."""

    def __init__(self, batched: bool) -> None:
        super().__init__()
        self.linear, self.batched = nn.Linear(64, 64, bias=False), batched

    def forward(self, x: Tensor) -> Tensor:
        if self.batched:
            return self.linear(x)
        return torch.cat((self.linear(x[:1]), self.linear(x[1:])))


@pytest.mark.parametrize("backend", ["xnnpack", "portable"])
def test_the_gate_on_bytes_fails_for_a_weight_read_twice(tmp_path: Path, backend: str) -> None:
    read = {}
    for batched in (True, False):
        file = tmp_path / f"{batched}.pte"
        method = Method(Guided(batched).eval(), (torch.zeros(2, 64),), (None,))
        lower({"step": method}, {}, backend, file)
        read[batched] = step_bytes(file)
    gates.weights_read(read[True], 4 * 64 * 64)
    with pytest.raises(gates.GateError, match="32768 bytes of weights per frame, 16384"):
        gates.weights_read(read[False], 4 * 64 * 64)


def chunks(runner: Runner, pause_s: float) -> list[int]:
    sizes = []
    for chunk in runner.stream(TEXT, max_frames=FRAMES):
        sizes.append(chunk.frames)
        time.sleep(pause_s)
    return sizes


def test_a_slow_reader_gets_the_same_chunks(runner: Runner) -> None:
    gates.same_chunks(chunks(runner, 0), chunks(runner, 0.05))


def test_the_gate_on_chunks_fails_for_others() -> None:
    with pytest.raises(gates.GateError, match="slow reader"):
        gates.same_chunks([1, 1, 2], [1, 3])


@pytest.mark.parametrize("backend", ["xnnpack", "portable", "mlx"])
def test_parts_read_what_the_step_reads(export_tiny: Export, backend: str) -> None:
    """bench.pte is made of the very modules that `step` consists of."""
    parts = export_tiny("--backend", backend, "--export-target", "bench") / "bench.pte"
    step = step_bytes(export_tiny("--backend", backend) / "model.pte")
    methods = ("language_model", "semantic_head", "flow", "embed_codes")
    assert {summary.name for summary in summarize(parts)} == set(methods)
    assert sum(step_bytes(parts, name) for name in methods) == pytest.approx(step, rel=1e-4)


def test_parts_compute_what_the_step_computes(
    export_tiny: Export, config: VoxtralConfig, runner: Runner
) -> None:
    flags = ("--backend", "xnnpack", "--qlinear", "8da4w", "--qembedding", "8w")
    step = Program(export_tiny(*flags) / "model.pte")
    parts = Program(export_tiny(*flags, "--export-target", "bench") / "bench.pte")
    generator = torch.Generator().manual_seed(1)
    embeddings = torch.randn(1, 5, config.language_model.dim, generator=generator)
    noise = torch.randn(1, config.n_acoustic, generator=generator)
    position, alpha = torch.zeros(1, dtype=torch.int64), torch.tensor([1.2])
    greedy = torch.zeros(1, config.semantic_rows)
    codes, following = step("step", embeddings, position, noise, alpha, greedy)
    (hidden,) = parts("language_model", embeddings, position)
    (semantic,) = parts("semantic_head", hidden, greedy)
    (acoustic,) = parts("flow", hidden, noise, alpha)
    assert torch.equal(torch.cat((semantic, acoustic), dim=1), codes)
    assert torch.equal(parts("embed_codes", codes)[0], following)


def test_step_times_are_kept_when_asked_for(runner: Runner) -> None:
    """One per frame, prefill first; after the end too, and none when nobody asked."""
    stream = runner.stream(TEXT, max_frames=5)
    stream._stream._record_step_times()
    for _ in stream:
        pass
    times = stream._stream._step_times_ms()
    assert len(times) == 5 and min(times) > 0
    # What is left is the look for the end at the limit, which is no frame's: a step like others.
    rest = stream.stats.generate_ms - sum(times)
    assert 0 < rest < 4 * max(times)
    unasked = runner.stream(TEXT, max_frames=5)
    assert [chunk.frames for chunk in unasked] and unasked._stream._step_times_ms() == []
