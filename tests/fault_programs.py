"""Programs of the contract's shape without a model in them, and edits of such programs.

One pair is lowered. Scripts of constants say at which frame it does what, and an edit exchanges a
script, a value of the metadata or an entry of a method: that takes milliseconds.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from pathlib import Path

import torch
from executorch.exir._serialize._program import (
    PTEFile,
    deserialize_pte_binary,
    serialize_pte_binary,
)
from executorch.exir.scalar_type import ScalarType
from executorch.exir.schema import (
    BackendDelegate,
    BackendDelegateDataReference,
    BackendDelegateInlineData,
    Bool,
    Chain,
    ContainerMetadata,
    DataLocation,
    Double,
    EValue,
    ExecutionPlan,
    Int,
    KernelTypes,
    String,
)
from executorch.exir.schema import Tensor as StoredTensor
from torch import Tensor, nn
from torch.export import Dim

from export.config import VoxtralConfig
from export.contract import MAX_CHUNK_FRAMES, Metadata
from export.lower import Method, lower
from export.modules.flow_head import FlowHead
from fault_models import LOUDNESS

NEVER = -1.0
# What a step can do, each at the frame its script names; the amounts are added there.
STEP = {
    "end": 1e4,
    "nan_logits": math.nan,
    "inf_logits": math.inf,
    "no_logits": -math.inf,
    "nan_velocity": math.nan,
    "inf_velocity": -math.inf,
    "nan_embedding": math.nan,
    "inf_embedding": math.inf,
}
DECODE = {"nan": math.nan, "inf": math.inf, "minus_inf": -math.inf}
Value = int | float | str | Sequence[int]


class _Head(FlowHead):
    """The true rules from logits and flow state to codes, without weights."""

    def __init__(self, config: VoxtralConfig) -> None:
        nn.Module.__init__(self)
        self.n_levels = config.acoustic_codebook_size
        self.semantic_end = config.codebook_sizes[0]
        self.semantic_codebook_output = nn.Identity()


class ScriptedStep(nn.Module):
    """Counts frames in channel 0 of the embeddings: rows of text hold 0 there."""

    def __init__(self, config: VoxtralConfig) -> None:
        super().__init__()
        self.head = _Head(config)
        self.script: Tensor
        self.register_buffer("script", torch.full((len(STEP),), NEVER))
        self.register_buffer("amounts", torch.tensor(list(STEP.values())))
        end = torch.zeros(1, config.semantic_rows)
        end[0, 1] = 1
        self.register_buffer("end", end)
        logits = torch.zeros(1, config.semantic_rows)
        logits[0, 2] = 1
        self.register_buffer("logits", logits)
        self.register_buffer("rest", torch.zeros(1, config.language_model.dim - 1))

    def forward(
        self,
        embeddings: Tensor,
        position: Tensor,
        noise: Tensor,
        cfg_alpha: Tensor,
        semantic_noise: Tensor,
    ) -> tuple[Tensor, Tensor]:
        frame = embeddings[:, -1, :1]
        due = torch.where(frame == self.script, self.amounts, torch.zeros_like(self.amounts))
        logits = self.logits + self.end * due[:, :1] + due[:, 1:2] + due[:, 2:3] + due[:, 3:4]
        semantic = self.head.semantic_code(logits, semantic_noise)
        acoustic = self.head.quantize(noise + due[:, 4:5] + due[:, 5:6])
        following = torch.cat((frame + 1, self.rest), dim=-1) + due[:, 6:7] + due[:, 7:8]
        return torch.cat((semantic[None], acoustic), dim=1), following[:, None]


class ScriptedEmbedText(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.register_buffer("row", torch.zeros(dim))

    def forward(self, ids: Tensor) -> Tensor:
        return ids[..., None].float() * self.row


class ScriptedDecode(nn.Module):
    def __init__(self, samples_per_frame: int) -> None:
        super().__init__()
        self.script: Tensor
        self.register_buffer("script", torch.full((len(DECODE),), NEVER))
        self.register_buffer("amounts", torch.tensor(list(DECODE.values())))
        self.register_buffer("loudness", torch.tensor(LOUDNESS))
        up = torch.arange(samples_per_frame) % 120 < 60
        self.register_buffer("wave", torch.where(up, 1.0, -1.0))

    def forward(self, codes: Tensor, position: Tensor) -> Tensor:
        frame = torch.ones_like(codes[0, :, :1]).cumsum(0) - 1 + position  # [n, 1]
        due = torch.where(frame == self.script, self.amounts, torch.zeros_like(self.amounts))
        wave = self.wave * self.loudness[:1] + self.loudness[1:]
        return (wave + due.sum(-1, keepdim=True)).reshape(1, -1)


def lower_model(config: VoxtralConfig, metadata: Metadata, path: Path) -> None:
    rows = int(metadata["max_step_rows"])  # type: ignore[arg-type]
    dim = config.language_model.dim
    inputs = (
        torch.zeros(1, 2, dim),
        torch.zeros(1, dtype=torch.int64),
        torch.zeros(1, config.n_acoustic),
        torch.ones(1),
        torch.zeros(1, config.semantic_rows),
    )
    ids = (torch.zeros(1, 2, dtype=torch.int64),)
    shapes = ({1: Dim("T", min=1, max=rows)}, *[None] * 4)
    methods = {
        "step": Method(ScriptedStep(config), inputs, shapes),
        "embed_text": Method(ScriptedEmbedText(dim), ids, ({1: Dim("S", min=1, max=rows)},)),
    }
    lower(methods, metadata, "portable", path)


def lower_codec(config: VoxtralConfig, metadata: Metadata, path: Path) -> None:
    inputs = (torch.full((1, 2, config.n_codebooks), 2), torch.zeros(1, dtype=torch.int64))
    shapes = ({1: Dim("n", min=1, max=MAX_CHUNK_FRAMES)}, None)
    decode = Method(ScriptedDecode(config.samples_per_frame), inputs, shapes)
    lower({"decode": decode}, metadata, "portable", path)


def float_constants(program: bytes) -> list[slice]:
    """Where a program holds the float32 weights and tables that its methods read."""
    stored = deserialize_pte_binary(program).program
    used = {
        value.val.data_buffer_idx
        for plan in stored.execution_plan
        for value in plan.values
        if isinstance(value.val, StoredTensor)
        and value.val.scalar_type is ScalarType.FLOAT
        and value.val.allocation_info is None
    }
    contents = [stored.constant_buffer[index].storage for index in sorted(used - {0})]
    starts = [program.index(content) for content in contents]
    return [slice(at, at + len(c)) for at, c in zip(starts, contents, strict=True)]


def floats(values: Sequence[float]) -> bytes:
    return torch.tensor(values).numpy().tobytes()


class Edit:
    """A copy of a program, to be changed and written; every member returns it."""

    def __init__(self, file: PTEFile) -> None:
        self.file = copy.deepcopy(file)

    @staticmethod
    def read(path: Path) -> PTEFile:
        return deserialize_pte_binary(path.read_bytes())

    def write(self, path: Path) -> None:
        path.write_bytes(bytes(serialize_pte_binary(self.file, constant_tensor_alignment=64)))

    def plan(self, method: str) -> ExecutionPlan:
        return next(plan for plan in self.file.program.execution_plan if plan.name == method)

    def without(self, method: str) -> Edit:
        self.file.program.execution_plan.remove(self.plan(method))
        return self

    def metadata(self, key: str, value: Value) -> Edit:
        """Gives a constant method another value, of another type if need be."""
        items = list(value) if isinstance(value, list | tuple) else [value]
        values = [EValue(_constant(item)) for item in items]
        chain = Chain(inputs=[], outputs=[], instructions=[], stacktrace=None)
        plan = ExecutionPlan(
            name=key,
            container_meta_type=ContainerMetadata("", ""),
            values=values,
            inputs=[],
            outputs=list(range(len(values))),
            chains=[chain],
            operators=[],
            delegates=[],
            non_const_buffer_sizes=[0],
        )
        self.without(key).file.program.execution_plan.append(plan)
        return self

    def script(self, kinds: dict[str, float], frames: dict[str, float]) -> Edit:
        """`frames` says what of STEP or DECODE happens when."""
        assert frames.keys() <= kinds.keys()
        wanted = [frames.get(kind, NEVER) for kind in kinds]
        return self.constant(floats([NEVER] * len(kinds)), floats(wanted))

    def constant(self, old: bytes, new: bytes) -> Edit:
        (buffer,) = (b for b in self.file.program.constant_buffer if b.storage[: len(old)] == old)
        buffer.storage = new + buffer.storage[len(old) :]
        return self

    def tensor(
        self, method: str, output: int | None = None, given: int | None = None
    ) -> StoredTensor:
        """The stored description of an output, or of the input `given`."""
        plan = self.plan(method)
        index = plan.inputs[given] if output is None else plan.outputs[output]
        stored = plan.values[index].val
        assert isinstance(stored, StoredTensor)
        return stored

    def delegate(self, method: str, backend: str) -> Edit:
        """Adds a part that another backend would have to run."""
        data = self.file.program.backend_delegate_data
        place = BackendDelegateDataReference(location=DataLocation.INLINE, index=len(data))
        data.append(BackendDelegateInlineData(data=b"nothing"))
        self.plan(method).delegates.append(
            BackendDelegate(id=backend, processed=place, compile_specs=[])
        )
        return self


def _constant(value: int | float | str) -> KernelTypes:
    if isinstance(value, bool):
        return Bool(value)
    if isinstance(value, int):
        return Int(value)
    return String(value) if isinstance(value, str) else Double(value)
