"""The methods of the contract (docs/contract.md) as modules that torch.export can trace."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from .modules.codec import Codec
from .modules.flow_head import FlowHead
from .modules.language_model import LanguageModel
from .streaming import FrameIndex


class Step(nn.Module):
    """Rows of the prompt, or the last frame's embedding, to one frame of codes.

    Floats cross the boundary in fp32 whatever the model's dtype.
    """

    def __init__(
        self,
        language_model: LanguageModel,
        flow_head: FlowHead,
        read_position: Callable[[Tensor], Tensor],
    ) -> None:
        super().__init__()
        self.language_model, self.flow_head = language_model, flow_head
        self.read_position = read_position

    def forward(
        self,
        embeddings: Tensor,
        position: Tensor,
        noise: Tensor,
        cfg_alpha: Tensor,
        semantic_noise: Tensor,
    ) -> tuple[Tensor, ...]:
        hidden = self._hidden(embeddings, position)
        semantic = self.flow_head.semantic_code(hidden, semantic_noise)
        acoustic = self.flow_head.decode(hidden, noise, cfg_alpha)
        return self._frame(semantic, acoustic)

    def _hidden(self, embeddings: Tensor, position: Tensor) -> Tensor:
        rows = embeddings.to(self.language_model.norm.weight.dtype)
        return self.language_model.last_hidden(rows, self.read_position(position))

    def _frame(self, semantic: Tensor, acoustic: Tensor) -> tuple[Tensor, ...]:
        codes = torch.cat((semantic[None], acoustic), dim=1)
        # A code of -1 reports a non-finite value to the host; it must not index a table.
        return codes, self.language_model.embed_codes(codes.clamp(min=0)).float()


class DebugStep(Step):
    """Step, and what lies between its inputs and its codes."""

    def forward(
        self,
        embeddings: Tensor,
        position: Tensor,
        noise: Tensor,
        cfg_alpha: Tensor,
        semantic_noise: Tensor,
    ) -> tuple[Tensor, ...]:
        head = self.flow_head
        hidden = self._hidden(embeddings, position)
        velocities: list[Tensor] = []
        end = head.integrate(hidden, noise, cfg_alpha, velocities)
        codes, following = self._frame(
            head.semantic_code(hidden, semantic_noise), head.quantize(end)
        )
        logits = head.semantic_logits(hidden)
        return codes, following, hidden.float(), logits, torch.cat(velocities).float()


class EmbedText(nn.Module):
    def __init__(self, table: nn.Module) -> None:
        super().__init__()
        self.tok_embeddings = table

    def forward(self, ids: Tensor) -> Tensor:
        rows: Tensor = self.tok_embeddings(ids)
        return rows.float()


class Decode(nn.Module):
    """New frames to their samples; the codec's look-back stays in the program."""

    def __init__(self, codec: Codec, index: FrameIndex) -> None:
        super().__init__()
        self.codec, self.index = codec, index

    def forward(self, codes: Tensor, position: Tensor) -> Tensor:
        self.index.begin(position)
        return self.codec.decode(codes.transpose(1, 2)).float()
