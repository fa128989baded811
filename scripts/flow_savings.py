#!/usr/bin/env python3
"""What each saving in the flow head gives, and what each choice of precision costs.

    .venv/bin/python scripts/flow_savings.py --checkpoint FOLDER [--output FOLDER]

The flow head alone, at the checkpoint's size (`python -m export.synthetic --size full`): exported
once per variant, timed in turn by `voxtral_tts`, its codes compared with those of the reference in
fp32 on the same hidden states and noise. Prints two Markdown tables.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path
from typing import NamedTuple

import torch
from executorch.runtime import Runtime
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).parent.parent))
from export import lower as lowering
from export.checkpoint import FLOW_HEAD_PREFIX, Checkpoint
from export.forms import forms_of
from export.frame_flow import FrameFlowHead
from export.loading import _flow_scheme, _Reader, _use_cores, exported_config
from export.modules.flow_head import FlowHead, VelocityField, time_embedding, time_grid
from export.options import ExportOptions
from voxtral_tts._native import _core

FOUR_BIT = {"backend": "xnnpack", "qlinear": "8da4w"}
ALPHA = 1.2


class Batched(FlowHead):
    """Both branches of the guidance in one pass, everything projected in every step."""

    def prepare(self) -> None:
        super().prepare()
        weight = self.time_projection.weight
        times = time_grid(self.n_steps, weight.dtype)[:-1]
        self.register_buffer("embedded", time_embedding(times, weight.shape[1]))

    def tokens(self, step: int, hidden: Tensor) -> tuple[Tensor, Tensor]:
        both = torch.cat((hidden, torch.zeros_like(hidden)))
        return self.every_time_projection(self.embedded[step][None]), self.llm_projection(both)

    def field(self, hidden: Tensor) -> VelocityField:
        def velocity(x: Tensor, step: int) -> Tensor:
            time, condition = self.tokens(step, hidden)
            return self.rows(x.expand(2, -1), time.expand(2, -1), condition)

        return velocity

    def rows(self, x: Tensor, time: Tensor, condition: Tensor) -> Tensor:
        h = torch.stack((self.input_projection(x), time, condition), dim=1)
        for layer in self.layers:
            h = layer(h)
        y: Tensor = self.acoustic_codebook_output(self.norm(h[:, 0]))
        return y


class Unbatched(Batched):
    """As ExecuTorch's example: one pass with condition, one without."""

    def field(self, hidden: Tensor) -> VelocityField:
        def velocity(x: Tensor, step: int) -> Tensor:
            passes = []
            for state in (hidden, torch.zeros_like(hidden)):
                time = self.every_time_projection(self.embedded[step][None])
                passes.append(self.rows(x, time, self.llm_projection(state)))
            return torch.cat(passes)

        return velocity


class LastRowOnly(FrameFlowHead):
    """The last layer for the first row, the first layer as it is."""

    def field(self, hidden: Tensor) -> VelocityField:
        tokens = self.llm_tokens(hidden)

        def velocity(x: Tensor, step: int) -> Tensor:
            both = x.expand(2, -1)
            time = self.time_tokens[step].expand_as(tokens)
            h = torch.stack((self.input_projection(both), time, tokens), dim=1)
            first = self.layers[0]
            return self.finish(h, first.attention.wqkv(first.attention_norm(h)))

        return velocity

    def finish(self, h: Tensor, first_qkv: Tensor) -> Tensor:
        y: Tensor = self.acoustic_codebook_output(self.norm(self._layers(h, first_qkv)[:, 0]))
        return y


class Variant(NamedTuple):
    name: str
    kind: type[FlowHead]
    options: ExportOptions
    alpha: float = ALPHA


def savings() -> list[Variant]:
    options = ExportOptions(**FOUR_BIT)
    return [
        Variant("guidance in two passes, all projected per step", Unbatched, options),
        Variant("guidance batched", Batched, options),
        Variant("+ projections of time and condition hoisted", FlowHead, options),
        Variant("+ last layer for the velocity's row alone", LastRowOnly, options),
        Variant("+ first layer's constant rows cached", FrameFlowHead, options),
    ]


def precisions() -> list[Variant]:
    def variant(name: str, alpha: float = ALPHA, **changes: object) -> Variant:
        return Variant(name, FrameFlowHead, ExportOptions(**FOUR_BIT | changes), alpha)  # type: ignore[arg-type]

    return [
        variant("8-bit weights", qlinear_flow="8da8w"),
        variant("4-bit, groups of 32 (default)"),
        variant("4-bit, groups of 64", qlinear_flow_group_size=64),
        variant("4-bit, groups of 128", qlinear_flow_group_size=128),
        *(variant(f"groups of 32, {n} steps *", flow_steps=n) for n in (5, 4, 3)),
        *(variant(f"groups of 32, alpha {a} *", alpha=a) for a in (1.0, 1.5)),
    ]


class Decode(nn.Module):
    def __init__(self, head: FlowHead) -> None:
        super().__init__()
        self.head = head

    def forward(self, hidden: Tensor, noise: Tensor, cfg_alpha: Tensor) -> Tensor:
        return self.head.decode(hidden, noise, cfg_alpha)


@torch.no_grad()
def load(checkpoint: Checkpoint, variant: Variant) -> FlowHead:
    options, forms = variant.options, forms_of(variant.options.backend)
    config = exported_config(checkpoint.config, options)
    with torch.device("meta"):
        head = variant.kind(config)
    _use_cores(head.layers, [forms.flow_attention() for _ in head.layers])

    def scheme(name: str, module: nn.Module):  # type: ignore[no-untyped-def]
        return _flow_scheme(name, module, options)

    if isinstance(head, Batched):  # what the loader drops, once its constants are made
        prepare = head.prepare

        def keep() -> None:
            head.every_time_projection = nn.Linear(1, 1, bias=False)
            head.every_time_projection.weight = head.time_projection.weight
            prepare()

        head.prepare = keep  # type: ignore[method-assign]
    _Reader(checkpoint, torch.float32, forms, scheme, lambda _: None).fill(head, FLOW_HEAD_PREFIX)
    return head


def export(checkpoint: Checkpoint, variant: Variant, path: Path) -> None:
    config, head = checkpoint.config, load(checkpoint, variant)
    del head.semantic_codebook_output
    inputs = (
        torch.zeros(1, config.language_model.dim),
        torch.zeros(1, config.n_acoustic),
        torch.ones(1),
    )
    method = lowering.Method(Decode(head).eval(), inputs, (None,) * 3)
    lowering.lower({"flow": method}, {}, variant.options.backend, path)


@torch.no_grad()
def reference_codes(checkpoint: Checkpoint, hidden: Tensor, noise: Tensor) -> Tensor:
    """In fp32, with the checkpoint's weights and 7 steps."""
    with torch.device("meta"):
        head = FlowHead(checkpoint.config)
    for name, _parameter in list(head.named_parameters()):
        owner = head.get_submodule(name.rpartition(".")[0])
        stored = checkpoint.tensor(f"{FLOW_HEAD_PREFIX}{name}").float()
        setattr(owner, name.rpartition(".")[2], nn.Parameter(stored, requires_grad=False))
    head.prepare()
    alpha = torch.tensor([ALPHA])
    return torch.cat(
        [head.decode(h[None], n[None], alpha) for h, n in zip(hidden, noise, strict=True)]
    )


def program_codes(path: Path, hidden: Tensor, noise: Tensor, alpha: float) -> Tensor:
    method = Runtime.get().load_program(path).load_method("flow")
    weight = torch.tensor([alpha])
    rows = [
        method.execute([h[None], n[None], weight])[0].clone()
        for h, n in zip(hidden, noise, strict=True)
    ]
    return torch.cat(rows)


def changed(codes: Tensor, expected: Tensor) -> str:
    different = codes != expected
    steps = (codes - expected)[different].abs().float()
    mean = float(steps.mean()) if len(steps) else 0.0
    return f"{100 * float(different.float().mean()):.1f} % | {mean:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--output", type=Path, default=Path("out/flow-savings"))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--frames", type=int, default=24, help="frames whose codes are compared")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    _core.default_options()  # the operators come with the package
    generator = torch.Generator().manual_seed(0)
    checkpoint = Checkpoint(options.checkpoint)
    config = checkpoint.config
    hidden = torch.randn(options.frames, config.language_model.dim, generator=generator)
    noise = torch.randn(options.frames, config.n_acoustic, generator=generator)
    print("reference", file=sys.stderr)
    expected = reference_codes(checkpoint, hidden, noise)
    for title, variants in (("saving", savings()), ("precision", precisions())):
        paths = {}
        for i, variant in enumerate(variants):
            # alpha is an input: another one needs no file of its own
            same = [v.kind is variant.kind and v.options == variant.options for v in variants]
            path = options.output / f"{title}-{min(i, same.index(True))}.pte"
            paths[variant.name] = path
            if not path.exists():
                print(f"exporting: {variant.name}", file=sys.stderr)
                partial = path.with_suffix(".partial")
                export(Checkpoint(options.checkpoint), variant, partial)
                partial.rename(path)
        times: dict[str, list[float]] = {name: [] for name in paths}
        for _ in range(options.rounds):
            for name, path in paths.items():
                _, calls, _ = _core._time_method(str(path), "flow", 0, 0, 3, False)
                times[name].append(statistics.median(calls))
        print(f"\n| {title} | flow, ms per frame | range | codes changed | by levels, mean |")
        print("|---|---|---|---|---|")
        for variant in variants:
            ms = times[variant.name]
            codes = program_codes(paths[variant.name], hidden, noise, variant.alpha)
            spread = f"{min(ms):.1f} - {max(ms):.1f}"
            print(
                f"| {variant.name} | {statistics.median(ms):.1f} | {spread} "
                f"| {changed(codes, expected)} |",
                flush=True,
            )
    print("\n* not as the model's authors run it")


if __name__ == "__main__":
    main()
