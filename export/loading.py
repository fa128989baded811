"""Checkpoint to the modules that are exported, one weight at a time.

Quantised weights replace full ones as they are read, so that memory holds the quantised model
and never the whole checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from .checkpoint import FLOW_HEAD_PREFIX, Checkpoint
from .methods import DebugStep, EmbedText, Step
from .modules.flow_head import FlowHead
from .modules.language_model import LanguageModel
from .modules.layers import TransformerLayer
from .operator_modules import use_cached_attention, use_flow_attention, use_operators
from .options import GROUP_SIZES, ExportOptions, UnsupportedOptions
from .quantize import CHANNEL_8BIT, LinearScheme, QuantizedEmbedding, QuantizedLinear

_SEMANTIC_HEAD = "semantic_codebook_output"  # its argmax is sensitive: never below 8 bits
# Narrow ends of the flow, a thousandth of its weights: kept in full.
_FULL_PRECISION = ("input_projection", "acoustic_codebook_output")

Progress = Callable[[str], None]


def load_step(
    checkpoint: Checkpoint, options: ExportOptions, progress: Progress
) -> tuple[Step, EmbedText]:
    """The two methods of model.pte with their weights, sharing the embedding table's module.

    Raises CheckpointError, and UnsupportedOptions when a linear does not divide into groups.
    """
    config = checkpoint.config
    with torch.device("meta"):
        language_model, flow_head = LanguageModel(config), FlowHead(config)
    _check_groups(language_model, "", options)
    _check_groups(flow_head, FLOW_HEAD_PREFIX, options)
    use_cached_attention(language_model, config.language_model, options.max_seq_len)
    use_flow_attention(flow_head)
    reader = _Reader(checkpoint, options, progress)
    reader.fill(language_model, "")
    reader.fill(flow_head, FLOW_HEAD_PREFIX)
    step = DebugStep if options.debug else Step
    return step(language_model, flow_head).eval(), EmbedText(language_model).eval()


class _Reader:
    """Fills modules with weights; a layer is fused and quantised before the next is read."""

    def __init__(self, checkpoint: Checkpoint, options: ExportOptions, progress: Progress) -> None:
        self.checkpoint, self.options, self.progress = checkpoint, options, progress

    def fill(self, module: nn.Module, prefix: str) -> None:
        for name, child in list(module.named_children()):
            if isinstance(child, TransformerLayer):
                self.progress(f"reading {prefix}{name}")
            self.fill(child, f"{prefix}{name}.")
        weight = getattr(module, "weight", None)
        if isinstance(weight, nn.Parameter) and weight.is_meta:
            stored = self.checkpoint.tensor(f"{prefix}weight").float()
            module.weight = nn.Parameter(stored, requires_grad=False)
        if isinstance(module, FlowHead):
            module.prepare()
            del module.time_projection
        if isinstance(module, TransformerLayer | FlowHead | LanguageModel):
            use_operators(module)
            self._quantize(module)

    def _quantize(self, module: nn.Module) -> None:
        for name, child in list(module.named_children()):
            if isinstance(child, nn.Linear):
                scheme = _scheme(name, self.options)
                if scheme is not None:
                    setattr(module, name, QuantizedLinear(child.weight, scheme))
            elif isinstance(child, nn.Embedding) and self.options.qembedding is not None:
                setattr(module, name, QuantizedEmbedding(child.weight))
            else:
                self._quantize(child)


def _scheme(name: str, options: ExportOptions) -> LinearScheme | None:
    if options.qlinear is None or name in _FULL_PRECISION:
        return None
    if options.qlinear == "8da8w" or name == _SEMANTIC_HEAD:
        return CHANNEL_8BIT
    return LinearScheme(4, options.qlinear_group_size)


def _check_groups(module: nn.Module, prefix: str, options: ExportOptions) -> None:
    """Raises UnsupportedOptions; asked before anything is read, while names are the file's."""
    for name, child in module.named_modules():
        if not isinstance(child, nn.Linear):
            continue
        scheme = _scheme(name.rpartition(".")[2], options)
        if scheme is not None and not scheme.fits(child.weight):
            inputs = child.in_features
            fitting = [str(size) for size in GROUP_SIZES if inputs % size == 0]
            remedies = [f"--qlinear-group-size {' or '.join(fitting)}"] if fitting else []
            remedies.append("--qlinear 8da8w")
            raise UnsupportedOptions(
                f"--qlinear-group-size {scheme.group_size}: {prefix}{name}.weight has {inputs} "
                f"inputs, which it does not divide; use {' or '.join(remedies)}"
            )


def quantize_linears(module: nn.Module) -> None:
    """8 bits per channel for every nn.Linear below `module`."""
    for name, child in module.named_children():
        if isinstance(child, nn.Linear):
            setattr(module, name, QuantizedLinear(child.weight, CHANNEL_8BIT))
        else:
            quantize_linears(child)
