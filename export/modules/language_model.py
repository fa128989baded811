"""The autoregressive language model: embeddings in, hidden states out; it has no output head."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..config import VoxtralConfig
from .attention import CausalAttention, RotaryTable
from .layers import RMSNorm, TransformerLayer


class AudioCodebookEmbeddings(nn.Module):
    """One table for the 37 codebooks, one after another, padded at the end."""

    def __init__(self, config: VoxtralConfig) -> None:
        super().__init__()
        dim = config.language_model.dim
        self.embeddings = nn.Embedding(config.audio_embedding_rows, dim)
        sizes = torch.tensor(config.codebook_sizes, device="cpu")
        self.offsets = sizes.cumsum(0) - sizes  # 0, 8194, 8194 + 23, ... at full size

    def forward(self, codes: Tensor) -> Tensor:
        """codes [1, 37] -> the sum of their rows [1, 1, dim]"""
        rows: Tensor = self.embeddings(codes + self.offsets)  # [1, 37, dim]
        return rows.sum(dim=1, keepdim=True)


class Embeddings(nn.Module):
    """The two embedding tables, under the names they have in the checkpoint."""

    def __init__(self, config: VoxtralConfig) -> None:
        super().__init__()
        language_model = config.language_model
        self.tok_embeddings = nn.Embedding(language_model.vocab_size, language_model.dim)
        self.audio_codebook_embeddings = AudioCodebookEmbeddings(config)


class LanguageModel(nn.Module):
    """Parameter names equal the checkpoint's.

    Has room for max_seq_len positions (default: the checkpoint's own limit).
    """

    def __init__(self, config: VoxtralConfig, max_seq_len: int | None = None) -> None:
        super().__init__()
        sizes = config.language_model
        stack = sizes
        limit = sizes.max_seq_len if max_seq_len is None else max_seq_len
        table = RotaryTable(stack.head_dim, sizes.rope_theta, limit)
        self.mm_audio_embeddings = Embeddings(config)
        self.layers = nn.ModuleList(
            TransformerLayer(stack, CausalAttention(table)) for _ in range(stack.n_layers)
        )
        self.norm = RMSNorm(stack.dim, stack.norm_eps)

    def embed_text(self, ids: Tensor) -> Tensor:
        """ids [1, S] int64 -> [1, S, dim]"""
        rows: Tensor = self.mm_audio_embeddings.tok_embeddings(ids)
        return rows

    def embed_codes(self, codes: Tensor) -> Tensor:
        """The codes of one frame, with their offset of 2: [1, 37] int64 -> [1, 1, dim]"""
        row: Tensor = self.mm_audio_embeddings.audio_codebook_embeddings(codes)
        return row

    def hidden(self, embeddings: Tensor, position: Tensor) -> Tensor:
        """[1, T, dim] at position [1] int64 of row 0 -> the normed state of each row [1, T, dim]"""
        state: Tensor = self.norm(self._layers(embeddings, position))
        return state

    def last_hidden(self, embeddings: Tensor, position: Tensor) -> Tensor:
        """As `hidden`, for the last row alone: [1, dim]"""
        rows = self._layers(embeddings, position)
        # Not [:, -1]: MLX's take has no negative indices.
        state: Tensor = self.norm(rows[:, rows.shape[1] - 1])
        return state

    def _layers(self, x: Tensor, position: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x, position)
        return x
