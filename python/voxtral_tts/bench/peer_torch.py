"""Torch eager in bf16, with this project's own modules, timed by stage.

    python -m voxtral_tts.bench.peer_torch --checkpoint DIR --cache DIR --json OUT

What somebody gets who runs the model in PyTorch on the CPU: batched guidance (7 steps of 2 x 3
rows), a key/value cache, and the codec in chunks of 8 new frames with all the context they need,
decoded anew for every chunk; `codec_offline` decodes 256 frames at once.
"""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

from voxtral_tts.bench import peers
from voxtral_tts.bench.artefacts import note

MODULE = "voxtral_tts.bench.peer_torch"
NEW_FRAMES = 8
CONTEXT_FRAMES = 21  # how far back a sample of the codec looks
OFFLINE_FRAMES = 256
_BYTES = 2  # of a weight


def run(
    checkpoint: Path, cache: Path, *, bits: int = 4, group_size: int = 32, repeats: int = 7
) -> peers.Stages:
    """Milliseconds per frame by stage, from a fresh process; bits and group size have no effect.

    Raises SystemExit when that process fails.
    """
    flags = {"bits": bits, "group_size": group_size, "repeats": repeats}
    return peers.run_fresh(MODULE, checkpoint, cache, **flags)


class Model:
    """The modules with bf16 weights, and fixed inputs.

    The language model has `layers` of the checkpoint's n_layers; times are scaled.
    """

    def __init__(self, checkpoint: Path) -> None:
        import torch

        modules = peers.exporter("modules")
        dtype = torch.bfloat16
        with peers.exporter("checkpoint").Checkpoint(checkpoint) as opened:
            config = opened.config
            language_model = config.language_model
            self.layers: int = min(peers.LM_LAYERS, language_model.n_layers)
            few = dataclasses.replace(language_model, n_layers=self.layers)
            small = dataclasses.replace(config, language_model=few)
            with torch.device("meta"):  # no storage until the weights are assigned
                self.lm = modules.LanguageModel(small, max_seq_len=peers.POSITIONS[-1] + 1)
                self.flow_head, self.codec = modules.FlowHead(config), modules.Codec(config)
            modules.load_language_model(self.lm, opened, dtype)
            modules.load_flow_head(self.flow_head, opened, dtype)
            modules.load_codec(self.codec, opened, dtype)
        self.config = config
        self.n_layers: int = language_model.n_layers
        generator = torch.Generator().manual_seed(1)
        rows = peers.POSITIONS[-1] + 1
        self.prompt = torch.randn(1, rows, language_model.dim, generator=generator).to(dtype)
        self.noise = torch.randn(1, config.n_acoustic, generator=generator)
        self.greedy = torch.zeros(1, config.semantic_rows)
        self.codes = torch.full((1, config.n_codebooks), 5)

    def decode(self, first: int, last: int) -> tuple[Any, float]:
        """Rows first..last-1 through the language model: the last state [1, dim], milliseconds."""
        import torch

        position = torch.tensor([first])
        rows = self.prompt[:, first:last]
        return peers.timed(lambda: self.lm.last_hidden(rows, position))

    def scaled(self, elapsed: float, norm: float) -> float:
        """Milliseconds of all layers, from those of a call with `layers`."""
        return norm + (elapsed - norm) * self.n_layers / self.layers

    def norm_ms(self) -> float:
        return peers.timed(lambda: self.lm.norm(self.prompt[:, 0]))[1]

    def frame(self, norm: float) -> dict[str, float]:
        """Milliseconds by stage."""
        import torch

        position = peers.POSITIONS[-1]
        hidden, elapsed = self.decode(position, position + 1)
        alpha = torch.tensor([1.2])
        flow = self.flow_head
        return {
            "lm": self.scaled(elapsed, norm),
            "head": peers.timed(lambda: flow.semantic_code(hidden, self.greedy))[1],
            "flow": peers.timed(lambda: flow.decode(hidden, self.noise, alpha))[1],
            "embed": peers.timed(lambda: self.lm.embed_codes(self.codes))[1],
        }

    def codec_ms(self, frames: int) -> float:
        codes = self.codes[..., None].repeat(1, 1, frames)
        return peers.timed(lambda: self.codec.decode(codes))[1]


def weight_bytes(config: Any) -> dict[str, float]:
    """Bytes of weights a stage reads for a frame, or prefill_ms for its call; a lower bound."""
    contents = peers.exporter("checkpoint")
    sizes = {name: math.prod(shape) for name, shape in contents.expected_tensors(config).items()}
    layers = sum(size for name, size in sizes.items() if name.startswith("layers.")) * _BYTES
    flow = contents.FLOW_HEAD_PREFIX + "layers."
    steps = config.flow_head.n_decoding_steps
    codec = sum(size for name, size in sizes.items() if ".decoder_blocks." in name) * _BYTES
    return {
        "lm": layers,
        "head": sizes[contents.SEMANTIC_HEAD] * _BYTES,
        "flow": sum(size for name, size in sizes.items() if name.startswith(flow)) * _BYTES * steps,
        "codec": codec / NEW_FRAMES,
        "codec_offline": codec / OFFLINE_FRAMES,
        "prefill_ms": layers,
    }


def measure(checkpoint: Path, repeats: int, threads: int) -> peers.Stages:
    import torch

    process = peers.Process(threads)
    torch.set_num_threads(threads)
    note("loading torch in bf16")
    with torch.inference_mode():
        model = Model(checkpoint)
        model.decode(0, peers.POSITIONS[-1])  # fills the cache
        model.norm_ms()
        model.frame(0.0)
        note("timing torch in bf16")
        norm = peers.summary([model.norm_ms() for _ in range(20)])["median"]
        frames = process.busy(lambda: [model.frame(norm) for _ in range(repeats)])
        extra: peers.Stages = {}
        for position in reversed(peers.POSITIONS):  # an earlier one forgets the rows after it
            values = [model.decode(position, position + 1)[1] for _ in range(repeats)]
            extra[f"lm_at_{position}"] = peers.summary([model.scaled(ms, norm) for ms in values])
        prefill = [model.decode(0, peers.PROMPT_ROWS)[1] for _ in range(max(1, repeats // 2))]
        extra["prefill_ms"] = peers.summary([model.scaled(ms, norm) for ms in prefill])
        window = CONTEXT_FRAMES + NEW_FRAMES
        model.codec_ms(window)
        chunks = [model.codec_ms(window) / NEW_FRAMES for _ in range(repeats)]
        whole = [model.codec_ms(OFFLINE_FRAMES) / OFFLINE_FRAMES for _ in range(2)]
    stages = peers.with_totals(frames, {"codec": chunks, "codec_offline": whole}) | extra
    stages["process"] = process.figures()
    peers.check_roofline(stages, weight_bytes(model.config), process.bandwidth)
    return stages


def main() -> None:
    options = peers.parser(MODULE, __doc__).parse_args()
    peers.write(measure(options.checkpoint, options.repeats, options.threads), options.json)


if __name__ == "__main__":
    main()
