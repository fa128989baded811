"""`--export-target bench`: the parts of `step` as methods of their own, to be timed one by one.

The modules are the very ones that `step` consists of, in the same forms; each method keeps only
what it runs, so that its weights lie in the program once.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.export import Dim

from .checkpoint import Checkpoint
from .contract import model_metadata
from .loading import Progress, exported_config, load_step
from .lower import Method, lower
from .methods import Step
from .options import ExportOptions

_M = TypeVar("_M", bound=nn.Module)

_SEMANTIC_HEAD = "semantic_codebook_output"
_EMBEDDINGS = "mm_audio_embeddings"


def _without(module: _M, name: str) -> _M:
    """`module` without one of its children; the others are shared."""
    part = copy.copy(module)
    part._modules = {key: child for key, child in module._modules.items() if key != name}
    return part


def _only(module: _M, name: str) -> _M:
    """`module` with one of its children and no weights of its own."""
    part = copy.copy(module)
    part._modules = {name: module._modules[name]}
    part._buffers = {}
    return part


class _Part(nn.Module):
    """A part of a step; floats cross its boundary in fp32, as they do there."""

    def __init__(self, step: Step) -> None:
        super().__init__()
        self.dtype = step.language_model.norm.weight.dtype


class LanguageModelPart(_Part):
    """embeddings f32 [1, T, dim], position i64 [1] -> hidden f32 [1, dim] of the last row"""

    def __init__(self, step: Step) -> None:
        super().__init__(step)
        self.language_model = _without(step.language_model, _EMBEDDINGS)
        self.read_position = step.read_position

    def forward(self, embeddings: Tensor, position: Tensor) -> Tensor:
        rows = embeddings.to(self.dtype)
        hidden = self.language_model.last_hidden(rows, self.read_position(position))
        return hidden.float()


class SemanticHeadPart(_Part):
    """hidden f32 [1, dim], semantic_noise f32 [1, semantic_vocab] -> code i64 [1, 1]"""

    def __init__(self, step: Step) -> None:
        super().__init__(step)
        self.flow_head = _only(step.flow_head, _SEMANTIC_HEAD)

    def forward(self, hidden: Tensor, semantic_noise: Tensor) -> Tensor:
        code = self.flow_head.semantic_code(hidden.to(self.dtype), semantic_noise)
        return code[None]


class FlowPart(_Part):
    """hidden f32 [1, dim], noise f32 [1, n_acoustic], cfg_alpha f32 [1] -> codes i64, as noise"""

    def __init__(self, step: Step) -> None:
        super().__init__(step)
        self.flow_head = _without(step.flow_head, _SEMANTIC_HEAD)

    def forward(self, hidden: Tensor, noise: Tensor, cfg_alpha: Tensor) -> Tensor:
        return self.flow_head.decode(hidden.to(self.dtype), noise, cfg_alpha)


class EmbedCodesPart(_Part):
    """codes i64 [1, n_codebooks] -> the next step's embedding f32 [1, 1, dim]"""

    def __init__(self, step: Step) -> None:
        super().__init__(step)
        self.embeddings = getattr(step.language_model, _EMBEDDINGS).audio_codebook_embeddings

    def forward(self, codes: Tensor) -> Tensor:
        row: Tensor = self.embeddings(codes.clamp(min=0))
        return row.float()


def export_bench(
    checkpoint: Checkpoint, path: Path, options: ExportOptions, progress: Progress
) -> None:
    """Writes the program. Raises as `export_folder` does."""
    config = exported_config(checkpoint.config, options)
    metadata = model_metadata(
        config, checkpoint.codebook_id(), options.max_seq_len, checkpoint.special_ids()
    )
    step, _ = load_step(checkpoint, options, progress)
    checkpoint.close()
    rows = int(metadata["max_step_rows"])  # type: ignore[arg-type]
    dim = config.language_model.dim
    hidden = torch.zeros(1, dim)
    integer = torch.zeros(1, dtype=torch.int64)
    methods = {
        "language_model": Method(
            LanguageModelPart(step).eval(),
            (torch.zeros(1, min(2, rows), dim), integer),
            ({1: Dim("T", min=1, max=rows)}, None),
        ),
        "semantic_head": Method(
            SemanticHeadPart(step).eval(),
            (hidden, torch.zeros(1, config.semantic_rows)),
            (None, None),
        ),
        "flow": Method(
            FlowPart(step).eval(),
            (hidden, torch.zeros(1, config.n_acoustic), torch.ones(1)),
            (None, None, None),
        ),
        "embed_codes": Method(
            EmbedCodesPart(step).eval(),
            (torch.full((1, config.n_codebooks), 2),),
            (None,),
        ),
    }
    del step
    progress("lowering the parts of a step")
    lower(methods, metadata, options.backend, path)
