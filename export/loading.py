"""Checkpoint to the modules that are exported, one weight at a time.

Quantised weights replace full ones as they are read, so that memory holds the quantised model
and never the whole checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from .checkpoint import FLOW_HEAD_PREFIX, Checkpoint
from .methods import DebugStep, EmbedText, Step
from .modules.flow_head import FlowHead
from .modules.language_model import LanguageModel
from .operator_modules import use_cached_attention, use_flow_attention
from .options import ExportOptions
from .quantize import CHANNEL_8BIT, LinearScheme, QuantizedEmbedding, QuantizedLinear

_SEMANTIC_HEAD = "semantic_codebook_output"  # its argmax is sensitive: never below 8 bits
_TIME_PROJECTION = "time_projection"  # only used ahead of time, for the table of steps
# Narrow ends of the flow, a thousandth of its weights: kept in full.
_FULL_PRECISION = ("input_projection", "acoustic_codebook_output", _TIME_PROJECTION)

Progress = Callable[[str], None]


def load_step(
    checkpoint: Checkpoint, options: ExportOptions, progress: Progress
) -> tuple[Step, EmbedText]:
    """The two methods of model.pte with their weights, sharing the embedding table's module."""
    config = checkpoint.config
    with torch.device("meta"):
        language_model, flow_head = LanguageModel(config), FlowHead(config)
    _materialize(language_model, "", checkpoint, options, progress)
    _materialize(flow_head, FLOW_HEAD_PREFIX, checkpoint, options, progress)
    flow_head.prepare()
    del flow_head.time_projection
    use_cached_attention(language_model, config.language_model, options.max_seq_len)
    use_flow_attention(flow_head)
    step = DebugStep if options.debug else Step
    return step(language_model, flow_head).eval(), EmbedText(language_model).eval()


def _materialize(
    module: nn.Module,
    prefix: str,
    checkpoint: Checkpoint,
    options: ExportOptions,
    progress: Progress,
) -> None:
    """Gives every parameter under `module` its checkpoint value, quantised where asked."""
    for name, child in list(module.named_children()):
        path = f"{prefix}{name}"
        if isinstance(child, nn.Linear):
            scheme = _scheme(name, options)
            weight = checkpoint.tensor(f"{path}.weight")
            if scheme is not None and scheme.fits(weight):
                setattr(module, name, QuantizedLinear(weight, scheme))
            else:
                child.weight = _parameter(weight)
        elif isinstance(child, nn.Embedding):
            weight = checkpoint.tensor(f"{path}.weight")
            if options.qembedding is not None:
                setattr(module, name, QuantizedEmbedding(weight))
            else:
                child.weight = _parameter(weight)
        elif hasattr(child, "weight"):
            child.weight = _parameter(checkpoint.tensor(f"{path}.weight"))
        else:
            if name.isdigit():
                progress(f"reading {path}")
            _materialize(child, f"{path}.", checkpoint, options, progress)


def _parameter(weight: Tensor) -> nn.Parameter:
    return nn.Parameter(weight.float(), requires_grad=False)


def _scheme(name: str, options: ExportOptions) -> LinearScheme | None:
    if options.qlinear is None or name in _FULL_PRECISION:
        return None
    if options.qlinear == "8da8w" or name == _SEMANTIC_HEAD:
        return CHANNEL_8BIT
    return LinearScheme(4, options.qlinear_group_size)


def quantize_linears(module: nn.Module) -> None:
    """8 bits per channel for every nn.Linear below `module`."""
    for name, child in module.named_children():
        if isinstance(child, nn.Linear):
            setattr(module, name, QuantizedLinear(child.weight, CHANNEL_8BIT))
        else:
            quantize_linears(child)
