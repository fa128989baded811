"""Exported programs, method by method, and what the reference says they return.

They run through ExecuTorch's own Python runtime, which shares the operators and delegates that
importing voxtral_tts and loading a Runner brings into the process.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from export.checkpoint import Checkpoint
from export.contract import CFG_ALPHA
from export.loading import load_step
from export.modules import VoxtralTTS
from export.modules.flow_head import FlowHead
from export.modules.language_model import LanguageModel
from export.noise import normal_frames
from export.options import ExportOptions
from exporting import MAX_SEQ_LEN


def relative(actual: Tensor, expected: Tensor) -> float:
    return float((actual - expected).norm() / expected.norm())


def finite(logits: Tensor) -> Tensor:
    return logits[torch.isfinite(logits)]


class Program:
    """A .pte file; its methods load when they are first called."""

    def __init__(self, file: Path) -> None:
        from executorch.runtime import Runtime, Verification

        self._program = Runtime.get().load_program(
            file, verification=Verification.InternalConsistency
        )
        self._methods: dict[str, Any] = {}

    def __call__(self, method: str, *inputs: Tensor) -> list[Tensor]:
        if method not in self._methods:
            self._methods[method] = self._program.load_method(method)
        return [output.clone() for output in self._methods[method].execute(list(inputs))]


def dequantized(checkpoint: Checkpoint, options: ExportOptions) -> VoxtralTTS:
    """The reference in fp32 with every quantised weight as the program multiplies with it."""
    model = VoxtralTTS.from_checkpoint(checkpoint, torch.float32, MAX_SEQ_LEN)
    step, embed_text = load_step(checkpoint, options, lambda _: None)
    for reference, exported in (
        (model.language_model, step.language_model),
        (model.flow_head, step.flow_head),
    ):
        _copy_weights(reference, exported)
    text_table = model.language_model.mm_audio_embeddings.tok_embeddings
    text_table.weight.copy_(_weight(embed_text.tok_embeddings))
    return model


def _weight(module: nn.Module) -> Tensor:
    weight: Tensor = module.dequantized() if hasattr(module, "dequantized") else module.weight
    return weight.float()


def _copy_weights(reference: LanguageModel | FlowHead, exported: LanguageModel | FlowHead) -> None:
    for layer, source in zip(reference.layers, exported.layers, strict=True):
        attention, feed_forward = layer.attention, layer.feed_forward
        if hasattr(source.attention, "wqkv"):
            parts = _weight(source.attention.wqkv).split(source.attention.widths)
        else:
            parts = (_weight(source.attention.wq), *_weight(source.attention.wkv).chunk(2))
        for linear, part in zip((attention.wq, attention.wk, attention.wv), parts, strict=True):
            linear.weight.copy_(part)
        attention.wo.weight.copy_(_weight(source.attention.wo))
        gate, up = _weight(source.feed_forward.w13).chunk(2)
        feed_forward.w1.weight.copy_(gate)
        feed_forward.w3.weight.copy_(up)
        feed_forward.w2.weight.copy_(_weight(source.feed_forward.w2))
    if isinstance(reference, LanguageModel):
        codebooks, source = (
            model.mm_audio_embeddings.audio_codebook_embeddings.embeddings
            for model in (reference, exported)
        )
        codebooks.weight.copy_(_weight(source))
    else:
        for name in ("llm_projection", "semantic_codebook_output"):
            getattr(reference, name).weight.copy_(_weight(getattr(exported, name)))


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
