"""ExecuTorch's own example of this model, timed as its runner drives it.

    python -m voxtral_tts.bench.peer_executorch --checkpoint DIR --cache DIR --json OUT

Per frame one text_decoder, one semantic_head, 14 predict_velocity and one audio_token_embedding;
the codec in windows of 256 frames, one for every 25 new frames when streaming. The attention
operators of its programs exist in the wheel's Python library only, so Python drives them. What
the driver costs is measured too, and is small.
"""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from voxtral_tts.bench import peer_executorch_export as exported
from voxtral_tts.bench import peers
from voxtral_tts.bench.artefacts import note

MODULE = "voxtral_tts.bench.peer_executorch"
VELOCITY_CALLS = 14  # 7 steps, each with and without condition
NEW_FRAMES = 25  # per codec window of its streaming mode
_SCALE_BYTES = 2  # of a group of 4-bit weights, in XNNPACK's packing


def run(
    checkpoint: Path, cache: Path, *, bits: int = 4, group_size: int = 32, repeats: int = 7
) -> peers.Stages:
    """Milliseconds per frame by stage, from a fresh process that exports what is not in `cache`.

    Raises SystemExit when that process fails.
    """
    flags = {"bits": bits, "group_size": group_size, "repeats": repeats}
    return peers.run_fresh(MODULE, checkpoint, cache, **flags)


class Program:
    """A loaded .pte file. Outputs are the method's own memory: the next call overwrites them."""

    def __init__(self, path: Path) -> None:
        # Registers llama::custom_sdpa and update_cache with the runtime.
        import executorch.extension.llm.custom_ops.custom_ops  # noqa: F401
        from executorch.extension.pybindings import portable_lib

        self._program = portable_lib._load_program(str(path))
        self._methods: dict[str, Any] = {}

    def call(self, method: str, inputs: Sequence[Any]) -> Any:
        """The first output. The first call of a method loads it."""
        if method not in self._methods:
            self._methods[method] = self._program.load_method(method)
        loaded = self._methods[method]
        loaded.set_inputs(inputs)
        loaded.execute()
        return loaded.get_outputs(clone_outputs=False)[0]


def set_threads(count: int) -> None:
    """By default ExecuTorch counts physical cores. Raises RuntimeError when it has no effect."""
    from executorch.extension.pybindings import portable_lib

    portable_lib._unsafe_reset_threadpool(count)
    if portable_lib._threadpool_get_thread_count() != count:
        raise RuntimeError(f"ExecuTorch's thread pool does not take {count} threads")


class Model:
    """The programs of the language model and the flow head, with fixed inputs.

    layers: in the file; n_layers: in the checkpoint, to which times are scaled.
    """

    def __init__(self, model: Path, norm: Path, config: Any, layers: int) -> None:
        import torch

        self.program, self.norm = Program(model), Program(norm)
        self.layers = layers
        self.n_layers: int = config.language_model.n_layers
        generator = torch.Generator().manual_seed(1)
        dim = config.language_model.dim
        self.prompt = torch.randn(1, peers.POSITIONS[-1] + 1, dim, generator=generator)
        self.noise = torch.randn(1, config.n_acoustic, generator=generator)
        self.codes = torch.full((1, config.n_codebooks, 1), 5)
        self.nothing = torch.zeros(1, dim)

    def call(self, method: str, inputs: Sequence[Any]) -> tuple[Any, float]:
        """The first output and milliseconds."""
        return peers.timed(lambda: self.program.call(method, inputs))

    def decode(self, first: int, last: int) -> tuple[Any, float]:
        """Rows first..last-1 through text_decoder: the states [1, rows, dim], milliseconds."""
        import torch

        return self.call("text_decoder", (self.prompt[:, first:last], torch.arange(first, last)))

    def driver_ms(self) -> float:
        """A call of text_decoder without layers: Python, the call, the final norm."""
        import torch

        inputs = (self.prompt[:, :1], torch.tensor([0]))
        _, elapsed = peers.timed(lambda: self.norm.call("text_decoder", inputs))
        return elapsed

    def scaled(self, elapsed: float, driver: float) -> float:
        """Milliseconds of all layers, from those of a call with `layers`."""
        return driver + (elapsed - driver) * self.n_layers / self.layers

    def frame(self, driver: float) -> dict[str, float]:
        """Milliseconds by stage, in the order of its runner so that caches are as they are there.

        "flow_call" is the fastest predict_velocity. The host's work between the calls, an argmax
        and Euler's rule, is left out.
        """
        import torch

        position = peers.POSITIONS[-1]
        rows, elapsed = self.decode(position, position + 1)
        hidden = rows[0].clone()  # [1, dim]
        stages = {"lm": self.scaled(elapsed, driver), "flow": 0.0, "flow_call": math.inf}
        _, stages["head"] = self.call("semantic_head", (hidden,))
        x = self.noise.clone()
        for index in range(VELOCITY_CALLS):
            step = torch.tensor([index // 2])
            condition = self.nothing if index % 2 else hidden
            velocity, elapsed = self.call("predict_velocity", (x, step, condition))
            stages["flow"] += elapsed
            stages["flow_call"] = min(stages["flow_call"], elapsed)
            x += velocity / VELOCITY_CALLS
        if not bool(torch.isfinite(x).all()):
            raise RuntimeError("the example's flow head is not finite")
        _, stages["embed"] = self.call("audio_token_embedding", (self.codes,))
        return stages


def weight_bytes(config: Any, bits: int, group_size: int) -> dict[str, float]:
    """Bytes of weights a stage reads for a frame, or prefill_ms for its call; a lower bound."""
    contents = peers.exporter("checkpoint")
    shapes = contents.expected_tensors(config)
    per_weight = bits / 8 + (_SCALE_BYTES / group_size if bits == 4 else 0)

    def count(prefix: str, but: str = "\0") -> float:
        names = (name for name in shapes if name.startswith(prefix) and but not in name)
        return float(sum(math.prod(shapes[name]) for name in names))

    head = count(contents.SEMANTIC_HEAD)
    flow = count(contents.FLOW_HEAD_PREFIX, contents.SEMANTIC_HEAD)
    layers = count("layers.") * per_weight
    codec = (count(contents.CODEC_PREFIX) - count(contents.CODEC_PREFIX + "quantizer")) * 4
    return {
        "lm": layers,
        "head": head * per_weight,
        "flow": flow * per_weight * VELOCITY_CALLS,
        "codec": codec / NEW_FRAMES,
        "codec_offline": codec / exported.CODEC_FRAMES,
        "prefill_ms": layers,
    }


def _time_model(
    model: Model, process: peers.Process, repeats: int
) -> tuple[list[dict[str, float]], peers.Stages]:
    """Times of frames by stage; other figures of the language model."""
    model.decode(0, peers.POSITIONS[-1])  # fills the cache
    model.driver_ms()
    model.frame(0.0)
    driver = peers.summary([model.driver_ms() for _ in range(100)])
    base = driver["median"]
    count = repeats * peers.FRAMES_PER_REPEAT
    frames = process.busy(lambda: [model.frame(base) for _ in range(count)])
    # 14 of the fastest is what a frame takes where nothing else runs.
    calls = peers.summary([frame["flow_call"] for frame in frames])
    other = {"driver_ms": driver, "flow_call_ms": calls}
    for position in peers.POSITIONS:
        values = [model.decode(position, position + 1)[1] for _ in range(count)]
        other[f"lm_at_{position}"] = peers.summary([model.scaled(ms, base) for ms in values])
    prefill = [model.decode(0, peers.PROMPT_ROWS)[1] for _ in range(max(1, repeats // 2))]
    other["prefill_ms"] = peers.summary([model.scaled(ms, base) for ms in prefill])
    return frames, other


def _time_codec(path: Path, config: Any, repeats: int) -> list[float]:
    """Milliseconds of each window."""
    import torch

    codec = Program(path)
    inputs = (torch.full((1, config.n_codebooks, exported.CODEC_FRAMES), 5),)
    codec.call("forward", inputs)
    return [peers.timed(lambda: codec.call("forward", inputs))[1] for _ in range(repeats)]


def measure(
    files: Sequence[Path], checkpoint: Path, bits: int, group_size: int, repeats: int, threads: int
) -> peers.Stages:
    """Times the files of `peer_executorch_export.export`."""
    config = peers.exporter("config").VoxtralConfig.from_file(checkpoint / "params.json")
    process = peers.Process(threads)
    set_threads(threads)
    layers = min(peers.LM_LAYERS, config.language_model.n_layers)
    note("timing the example: model")
    model = Model(files[0], files[1], config, layers)
    frames, other = _time_model(model, process, repeats)
    del model
    note("timing the example: codec")
    windows = _time_codec(files[2], config, repeats)
    per_frame = {
        "codec": [ms / NEW_FRAMES for ms in windows],
        "codec_offline": [ms / exported.CODEC_FRAMES for ms in windows],
    }
    stages = peers.with_totals(frames, per_frame) | other
    stages["process"] = process.figures()
    peers.check_roofline(stages, weight_bytes(config, bits, group_size), process.bandwidth)
    return stages


def main() -> None:
    parser = peers.parser(MODULE, __doc__)
    parser.add_argument("--export-only", action="store_true", help="fill the cache")
    options = parser.parse_args()
    made_from = (options.checkpoint, options.cache, options.bits, options.group_size)
    if options.export_only:
        exported.export(*made_from, peers.LM_LAYERS)
        return
    # An export needs several times the memory of what it makes.
    command = [sys.executable, "-m", MODULE, *sys.argv[1:], "--export-only"]
    if subprocess.run(command, stdout=sys.stderr).returncode != 0:
        raise SystemExit("the example's export failed")
    files = exported.export(*made_from, peers.LM_LAYERS)
    shape = (options.bits, options.group_size, options.repeats, options.threads)
    peers.write(measure(files, options.checkpoint, *shape), options.json)


if __name__ == "__main__":
    main()
