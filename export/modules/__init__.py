"""The model in plain PyTorch: the reference for the runner, and the source of what is exported."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ..checkpoint import CODEC_PREFIX, FLOW_HEAD_PREFIX, Checkpoint, expected_tensors
from ..config import END_AUDIO, VoxtralConfig
from ..contract import CFG_ALPHA
from .codec import Codec, fold_weights
from .flow_head import FlowHead
from .language_model import LanguageModel

__all__ = [
    "Codec",
    "FlowHead",
    "Frame",
    "LanguageModel",
    "VoxtralTTS",
    "load_codec",
    "load_flow_head",
    "load_language_model",
]

_VOICE_START = 2  # prompt position of the first voice row, after <s> and [BEGIN_AUDIO]


def load_language_model(module: LanguageModel, checkpoint: Checkpoint, dtype: torch.dtype) -> None:
    """Fills a module, typically built under torch.device("meta"), with weights of `dtype`."""
    state = {name: checkpoint.tensor(name).to(dtype) for name in module.state_dict()}
    _assign(module, state)


def load_flow_head(module: FlowHead, checkpoint: Checkpoint, dtype: torch.dtype) -> None:
    """As load_language_model; also prepares the constants of the Euler steps."""
    names = module.state_dict()
    state = {name: checkpoint.tensor(FLOW_HEAD_PREFIX + name).to(dtype) for name in names}
    _assign(module, state)
    module.prepare()


def load_codec(module: Codec, checkpoint: Checkpoint, dtype: torch.dtype) -> None:
    """As load_language_model; weight norm and codebook division are folded in fp32."""
    names = (n for n in expected_tensors(checkpoint.config) if n.startswith(CODEC_PREFIX))
    stored = {name.removeprefix(CODEC_PREFIX): checkpoint.tensor(name) for name in names}
    _assign(module, {name: tensor.to(dtype) for name, tensor in fold_weights(stored).items()})


def _assign(module: nn.Module, state: dict[str, Tensor]) -> None:
    module.load_state_dict(state, strict=True, assign=True)
    module.eval().requires_grad_(False)


class Frame(NamedTuple):
    """One step of generation."""

    hidden: Tensor  # [1, dim], what the codes were computed from
    codes: Tensor | None  # [1, 37] int64 with their offset of 2; None: END


class VoxtralTTS(nn.Module):
    """The three parts and the generation loop. Not thread-safe: the key/value cache is inside."""

    def __init__(self, config: VoxtralConfig, max_seq_len: int | None = None) -> None:
        super().__init__()
        self.config = config
        self.language_model = LanguageModel(config, max_seq_len=max_seq_len)
        self.flow_head = FlowHead(config)
        self.codec = Codec(config)

    @staticmethod
    def from_checkpoint(
        path: str | Path | Checkpoint,
        dtype: torch.dtype = torch.float32,
        max_seq_len: int = 4096,
    ) -> VoxtralTTS:
        """Validates and loads a checkpoint folder. Raises CheckpointError."""
        checkpoint = path if isinstance(path, Checkpoint) else Checkpoint(path)
        checkpoint.validate()
        with torch.device("meta"):  # no storage until the weights are assigned
            model = VoxtralTTS(checkpoint.config, max_seq_len)
        load_language_model(model.language_model, checkpoint, dtype)
        load_flow_head(model.flow_head, checkpoint, dtype)
        load_codec(model.codec, checkpoint, dtype)
        return model.eval()

    def prompt_embeddings(self, ids: list[int], voice: Tensor) -> Tensor:
        """Embeds prompt ids and puts the voice rows [N, dim] at positions 2..N+1: [1, P, dim]"""
        embeddings = self.language_model.embed_text(torch.tensor([ids]))
        before, after = embeddings[:, :_VOICE_START], embeddings[:, _VOICE_START + len(voice) :]
        return torch.cat((before, voice.to(embeddings.dtype)[None], after), dim=1)

    def generate(self, prompt: Tensor, noise: Tensor, cfg_alpha: float = CFG_ALPHA) -> Tensor:
        """The codes [n, 37] int64 of `frames`, without an END frame; n < len(noise) means END."""
        frames = self.frames(prompt, noise, cfg_alpha)
        rows = [frame.codes for frame in frames if frame.codes is not None]
        return torch.cat([torch.empty(0, self.config.n_codebooks, dtype=torch.int64), *rows])

    @torch.no_grad()
    def frames(
        self, prompt: Tensor, noise: Tensor, cfg_alpha: float = CFG_ALPHA
    ) -> Iterator[Frame]:
        """Free-running greedy generation until END, at most one frame per row of noise.

        prompt [1, P, dim], noise [frames, 36]. Frame 0 comes from the last prompt row; the
        embedding of frame k takes position P + k. Raises ValueError when a frame is not finite.
        """
        alpha = torch.tensor([cfg_alpha])
        greedy = torch.zeros(1, self.config.semantic_rows)
        inputs, position = prompt, 0
        for index, row in enumerate(noise):
            hidden = self.language_model.last_hidden(inputs, torch.tensor([position]))
            position += inputs.shape[1]
            semantic = self.flow_head.semantic_code(hidden, greedy)
            if int(semantic) == END_AUDIO:
                yield Frame(hidden, None)
                return
            acoustic = self.flow_head.decode(hidden, row[None], alpha)
            codes = torch.cat((semantic[None], acoustic), dim=1)
            if int(codes.min()) < 0:
                raise ValueError(f"frame {index}: the model's output is not finite")
            yield Frame(hidden, codes)
            inputs = self.language_model.embed_codes(codes)
