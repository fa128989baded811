"""Checkpoint to the modules that are exported, one weight at a time.

Quantised weights replace full ones as they are read, so that memory holds the quantised model
and never the whole checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import torch
from torch import nn

from .checkpoint import CODEC_PREFIX, FLOW_HEAD_PREFIX, Checkpoint
from .config import VoxtralConfig
from .forms import Forms, forms_of
from .frame_flow import FrameFlowHead
from .methods import DebugStep, Decode, EmbedText, Step
from .modules import load_codec
from .modules.codec import Codec
from .modules.flow_head import FlowHead
from .modules.language_model import LanguageModel
from .modules.layers import TransformerLayer
from .options import GROUP_SIZES, TORCH_DTYPES, ExportOptions, UnsupportedOptions
from .quantize import CHANNEL_8BIT, LinearScheme
from .streaming import FrameIndex, use_carried_state

_SEMANTIC_HEAD = "semantic_codebook_output"  # its argmax is sensitive: never below 8 bits
# Narrow ends of the flow, a thousandth of its weights: kept in full.
_FULL_PRECISION = ("input_projection", "acoustic_codebook_output")

_CODEC_SCHEMES = {
    None: None,
    "8da8w": CHANNEL_8BIT,
    "8w": LinearScheme(8, 32),
    "4w": LinearScheme(4, 32),
}

Progress = Callable[[str], None]
Scheme = Callable[[str, nn.Module], LinearScheme | None]


def load_step(
    checkpoint: Checkpoint, options: ExportOptions, progress: Progress
) -> tuple[Step, EmbedText]:
    """The two methods of model.pte with their weights.

    Raises CheckpointError, and UnsupportedOptions when a weight does not divide into groups.
    """
    config = exported_config(checkpoint.config, options)
    forms, dtype = forms_of(options.backend), _torch_dtype(options.dtype)
    with torch.device("meta"):
        language_model, flow_head = LanguageModel(config), FrameFlowHead(config)

    def scheme(name: str, module: nn.Module) -> LinearScheme | None:
        return _scheme(name, module, options)

    def flow_scheme(name: str, module: nn.Module) -> LinearScheme | None:
        return _flow_scheme(name, module, options)

    _check_groups(language_model, "", scheme)
    _check_groups(flow_head, FLOW_HEAD_PREFIX, flow_scheme)
    cache_dtype = _torch_dtype(options.cache_dtype)
    cores = forms.cached_attention(config.language_model, options.max_seq_len, cache_dtype)
    _use_cores(language_model.layers, cores)
    _use_cores(flow_head.layers, [forms.flow_attention() for _ in flow_head.layers])
    _Reader(checkpoint, dtype, forms, scheme, progress).fill(language_model, "")
    _Reader(checkpoint, dtype, forms, flow_scheme, progress).fill(flow_head, FLOW_HEAD_PREFIX)
    embed_text = EmbedText(language_model.mm_audio_embeddings.tok_embeddings)
    # `step` does not read it; left there it would lie in the program a second time.
    del language_model.mm_audio_embeddings.tok_embeddings
    kind = DebugStep if options.debug else Step
    step = kind(language_model, flow_head, forms.read_position)
    return step.eval(), embed_text.eval()


def load_decode(checkpoint: Checkpoint, options: ExportOptions) -> Decode:
    """The method of codec_decoder.pte: the codec with carried state. Raises as load_step."""
    config, forms = checkpoint.config, forms_of(options.backend)
    index = FrameIndex()
    with torch.device("meta"):
        codec = Codec(config)
    linears = _CODEC_SCHEMES[options.qlinear_codec]

    def scheme(name: str, module: nn.Module) -> LinearScheme | None:
        return linears if isinstance(module, nn.Linear) else None

    _check_groups(codec, CODEC_PREFIX, scheme)
    dtype = _torch_dtype(options.dtype)
    load_codec(codec, checkpoint, dtype)
    use_carried_state(
        codec,
        config,
        index,
        lambda window, rows: forms.codec_attention(config.codec, window, rows, index, dtype),
    )
    forms.fuse(codec)
    _quantize(codec, forms, scheme)
    return Decode(codec, index).eval()


def exported_config(config: VoxtralConfig, options: ExportOptions) -> VoxtralConfig:
    """The checkpoint's configuration with what the options change about it."""
    if options.flow_steps is None:
        return config
    flow_head = replace(config.flow_head, n_decoding_steps=options.flow_steps)
    return replace(config, flow_head=flow_head)


def _torch_dtype(name: str) -> torch.dtype:
    dtype = getattr(torch, TORCH_DTYPES[name])
    assert isinstance(dtype, torch.dtype)
    return dtype


def _use_cores(layers: Iterable[nn.Module], cores: list[nn.Module]) -> None:
    for layer, core in zip(layers, cores, strict=True):
        assert isinstance(layer, TransformerLayer)
        layer.attention.core = core


class _Reader:
    """Fills modules with weights; a layer is fused and quantised before the next is read."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        dtype: torch.dtype,
        forms: Forms,
        scheme: Scheme,
        progress: Progress,
    ) -> None:
        self.checkpoint, self.dtype, self.forms = checkpoint, dtype, forms
        self.scheme, self.progress = scheme, progress

    def fill(self, module: nn.Module, prefix: str) -> None:
        for name, child in list(module.named_children()):
            if isinstance(child, TransformerLayer):
                self.progress(f"reading {prefix}{name}")
            self.fill(child, f"{prefix}{name}.")
        weight = getattr(module, "weight", None)
        if isinstance(weight, nn.Parameter) and weight.is_meta:
            stored = self.checkpoint.tensor(f"{prefix}weight").to(self.dtype)
            module.weight = nn.Parameter(stored, requires_grad=False)
        if isinstance(module, FlowHead):
            module.prepare()
            del module.time_projection
        if isinstance(module, TransformerLayer | FlowHead | LanguageModel):
            self.forms.fuse(module)
            _quantize(module, self.forms, self.scheme)
        if isinstance(module, FrameFlowHead):
            module.precompute()


def _quantize(module: nn.Module, forms: Forms, scheme: Scheme) -> None:
    """Exchanges the linears and embeddings below `module` that have a scheme."""
    for name, child in list(module.named_children()):
        chosen = scheme(name, child)
        if chosen is None:
            _quantize(child, forms, scheme)
        else:
            assert isinstance(child, nn.Linear | nn.Embedding)
            form = forms.linear if isinstance(child, nn.Linear) else forms.embedding
            setattr(module, name, form(child.weight, chosen))


def _scheme(name: str, module: nn.Module, options: ExportOptions) -> LinearScheme | None:
    """How a linear or an embedding of model.pte is quantised; None: not at all."""
    if isinstance(module, nn.Embedding):
        return _embedding_scheme(module.weight.shape[1], options)
    if not isinstance(module, nn.Linear):
        return None
    return _linear_scheme(options.qlinear, options.qlinear_group_size)


def _flow_scheme(name: str, module: nn.Module, options: ExportOptions) -> LinearScheme | None:
    """The same for the flow head, where the semantic head is the language model's."""
    if not isinstance(module, nn.Linear) or name in _FULL_PRECISION:
        return None
    if name != _SEMANTIC_HEAD:
        return _linear_scheme(options.flow_linear, options.flow_group_size)
    if options.backend == "mlx":
        full = options.qlinear in (None, "4w")
        return None if full else LinearScheme(8, options.qlinear_group_size)
    return None if options.qlinear is None else CHANNEL_8BIT


def _linear_scheme(qlinear: str | None, group_size: int) -> LinearScheme | None:
    if qlinear is None:
        return None
    if qlinear == "8da8w":
        return CHANNEL_8BIT
    return LinearScheme(8 if qlinear == "8w" else 4, group_size)


def _embedding_scheme(columns: int, options: ExportOptions) -> LinearScheme | None:
    if options.qembedding is None:
        return None
    if options.backend != "mlx":
        return CHANNEL_8BIT
    if options.qembedding == "4w":
        return LinearScheme(4, 32)
    # 8 bits are fine enough for the largest groups that fit: fewest scales.
    return LinearScheme(8, max((g for g in GROUP_SIZES if columns % g == 0), default=32))


def _check_groups(module: nn.Module, prefix: str, scheme: Scheme) -> None:
    """Raises UnsupportedOptions; asked before anything is read, while names are the file's."""
    for name, child in module.named_modules():
        chosen = scheme(name.rpartition(".")[2], child)
        if chosen is not None and not chosen.fits(child.weight):
            inputs = child.weight.shape[1]
            fitting = [str(size) for size in GROUP_SIZES if inputs % size == 0]
            flag = "--qlinear" if isinstance(child, nn.Linear) else "--qembedding"
            if prefix == FLOW_HEAD_PREFIX:
                flag = "--qlinear-flow"
            remedies = [f"{flag} none"]
            if prefix == CODEC_PREFIX:
                remedies = ["--qlinear-codec none"]
            elif flag != "--qembedding" and fitting:
                remedies.insert(0, f"{flag}-group-size {' or '.join(fitting)}")
            raise UnsupportedOptions(
                f"{prefix}{name}.weight has {inputs} inputs, which groups of "
                f"{chosen.group_size} do not divide; use {' or '.join(remedies)}"
            )
