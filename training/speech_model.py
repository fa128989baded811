"""Language model, flow head and a voice, as they are trained together."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from export.config import VoxtralConfig
from export.contract import CFG_ALPHA
from export.modules import FlowHead, LanguageModel
from export.modules.flow_head import time_embedding
from export.modules.layers import TransformerLayer
from export.synthetic_tokenizer import N_SPECIAL_TOKENS

from .attention import use_fused_attention
from .features import N_ACOUSTIC, N_LEVELS

_BOS, _AUDIO, _BEGIN_AUDIO, _REPEAT_TEXT, _NEXT_TEXT = 1, 24, 25, 35, 36
_LOWEST_LOG = -1e4
_TABLE_SPREAD = 0.3  # of embedding rows at the start


def prompt_ids(text: str, voice_rows: int) -> list[int]:
    """<s> [BEGIN_AUDIO] [AUDIO] x N [NEXT_AUDIO_TEXT] bytes [REPEAT_AUDIO_TEXT] [BEGIN_AUDIO]"""
    spoken = [N_SPECIAL_TOKENS + byte for byte in text.encode()]
    before = [_BOS, _BEGIN_AUDIO, *[_AUDIO] * voice_rows, _NEXT_TEXT]
    return [*before, *spoken, _REPEAT_TEXT, _BEGIN_AUDIO]


class SpeechModel(nn.Module):
    def __init__(self, config: VoxtralConfig, voice_rows: int, seed: int) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.config = config
        self.language_model = LanguageModel(config, max_seq_len=512)
        self.flow_head = FlowHead(config)
        dim = config.language_model.dim
        self.voice = nn.Parameter(torch.randn(voice_rows, dim) * _TABLE_SPREAD)
        # Tells the hidden states directly what the flow will need; not shipped.
        self.read_out = nn.Linear(dim, N_ACOUSTIC)
        use_fused_attention(self.language_model)
        self._initialise()

    @torch.no_grad()
    def _initialise(self) -> None:
        embeddings = self.language_model.mm_audio_embeddings
        embeddings.tok_embeddings.weight.normal_(0, _TABLE_SPREAD)
        audio = embeddings.audio_codebook_embeddings
        table = audio.embeddings.weight
        table.normal_(0, 0.02)
        sizes = self.config.codebook_sizes
        table[: sizes[0]].normal_(0, _TABLE_SPREAD)
        # The levels of an acoustic code lie on a line: near levels mean near the same.
        level = torch.arange(N_LEVELS)[:, None] * 2 / (N_LEVELS - 1) - 1
        for offset in audio.offsets[1:].tolist():
            direction = torch.randn(1, table.shape[1]) * _TABLE_SPREAD
            table[offset + 2 : offset + 2 + N_LEVELS] += level * direction
        for stack in (self.language_model.layers, self.flow_head.layers):
            for layer in stack:
                assert isinstance(layer, TransformerLayer)
                layer.attention.wo.weight.mul_((2 * len(stack)) ** -0.5)
                layer.feed_forward.w2.weight.mul_((2 * len(stack)) ** -0.5)

    def hidden(self, ids: list[list[int]], codes: list[Tensor]) -> Tensor:
        """The hidden states that predict each frame and the END after the last.

        ids: prompts; codes: [T, 37] with their offset of 2, on the CPU.
        -> [sum of T + 1, dim], in order.
        """
        device = self.voice.device
        embeddings = self.language_model.mm_audio_embeddings
        rows = len(self.voice)
        lengths = [len(i) + len(c) for i, c in zip(ids, codes, strict=True)]
        x = self.voice.new_zeros(len(ids), max(lengths), self.voice.shape[1])
        tokens = torch.tensor([i for prompt in ids for i in prompt]).to(device)
        text = embeddings.tok_embeddings(tokens)
        audio = embeddings.audio_codebook_embeddings
        frames = audio.embeddings((torch.cat(codes) + audio.offsets).to(device)).sum(1)
        x = x.index_put(_places([(0, len(i)) for i in ids], device), text)
        spans = [(len(i), len(c)) for i, c in zip(ids, codes, strict=True)]
        x = x.index_put(_places(spans, device), frames)
        x = torch.cat((x[:, :2], self.voice.expand(len(ids), -1, -1), x[:, 2 + rows :]), dim=1)
        states = self.language_model.hidden(x, torch.zeros(1, dtype=torch.int64, device=device))
        return states[_places([(start - 1, count + 1) for start, count in spans], device)]

    def velocity(self, x: Tensor, times: Tensor, hidden: Tensor, keep: Tensor) -> Tensor:
        """dx/dt [N, 36] at x [N, 36] and times [N]; hidden [N, dim] is the condition where keep."""
        head = self.flow_head
        embedded = time_embedding(times, head.time_projection.weight.shape[1])
        condition = head.llm_projection(hidden) * keep[:, None]
        tokens = (head.input_projection(x), head.time_projection(embedded), condition)
        h = torch.stack(tokens, dim=1)
        for layer in head.layers:
            h = layer(h)
        v: Tensor = head.acoustic_codebook_output(head.norm(h[:, 0]))
        return v

    def sample(self, hidden: Tensor, noise: Tensor) -> Tensor:
        """Latents [N, 36] for hidden [N, dim], as the runtime's Euler steps and guidance make them
        from noise [N, 36]; not yet clamped."""
        x, steps = noise, self.flow_head.n_steps
        given = torch.cat((x.new_ones(len(x)), x.new_zeros(len(x))))
        both = hidden.repeat(2, 1)
        for step in range(steps):
            times = x.new_full((2 * len(x),), step / steps)
            conditional, free = self.velocity(x.repeat(2, 1), times, both, given).chunk(2)
            x = x + (CFG_ALPHA * conditional + (1 - CFG_ALPHA) * free) / steps
        return x

    def semantic_loss(self, hidden: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Cross entropy and the logits [N, rows]; hidden [N, dim], targets [N, rows], each a
        distribution over codes."""
        logits = self.flow_head.semantic_logits(hidden)
        logs = logits.log_softmax(1).clamp(min=_LOWEST_LOG)  # those of excluded codes are -inf
        return -(targets * logs).sum(1).mean(), logits


def _places(spans: list[tuple[int, int]], device: torch.device) -> tuple[Tensor, Tensor]:
    """Indices (batch, position) of a span (start, length) in each row, in order."""
    batch = torch.cat([torch.full((length,), row) for row, (_, length) in enumerate(spans)])
    position = torch.cat([torch.arange(start, start + length) for start, length in spans])
    return batch.to(device), position.to(device)
