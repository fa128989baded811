"""The flow head: a hidden state and noise in, the 37 codes of a frame out."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from ..config import EMPTY_AUDIO, N_SPECIAL_CODES, VoxtralConfig
from .attention import BidirectionalAttention
from .layers import RMSNorm, TransformerLayer, widen

_TIME_THETA = 10000.0
_INVALID_CODE = -1

VelocityField = Callable[[Tensor, int], Tensor]


def time_grid(n_steps: int, dtype: torch.dtype) -> Tensor:
    """The n_steps + 1 times of the Euler grid from 0 to 1, computed in the model's dtype.

    As the authors do; rounding the fp32 grid would give other times: 0.8554 for 0.8594 in bf16.
    """
    return torch.linspace(0, 1, n_steps + 1, dtype=dtype, device="cpu")


def time_embedding(times: Tensor, dim: int) -> Tensor:
    """cos then sin of t * theta^(-2i / dim), i < dim / 2: times [N] -> [N, dim] fp32"""
    half = dim // 2
    frequencies = torch.exp(-math.log(_TIME_THETA) / half * torch.arange(half, device=times.device))
    angles = torch.outer(times.float(), frequencies)
    return torch.cat((angles.cos(), angles.sin()), dim=-1)


class FlowHead(nn.Module):
    """Parameter names equal the checkpoint's after "acoustic_transformer.".

    Call `prepare` once the weights are in place. All methods can be exported: no data-dependent
    control flow, the steps are unrolled.
    """

    def __init__(self, config: VoxtralConfig) -> None:
        super().__init__()
        sizes = config.flow_head
        stack = sizes
        self.n_steps = sizes.n_decoding_steps
        self.n_levels = config.acoustic_codebook_size
        self.semantic_end = config.codebook_sizes[0]  # rows from here on are padding
        self.input_projection = nn.Linear(config.n_acoustic, stack.dim, bias=False)
        self.time_projection = nn.Linear(stack.dim, stack.dim, bias=False)
        self.llm_projection = nn.Linear(sizes.input_dim, stack.dim, bias=False)
        self.semantic_codebook_output = nn.Linear(sizes.input_dim, config.semantic_rows, bias=False)
        self.acoustic_codebook_output = nn.Linear(stack.dim, config.n_acoustic, bias=False)
        self.layers = nn.ModuleList(
            TransformerLayer(stack, BidirectionalAttention()) for _ in range(stack.n_layers)
        )
        self.norm = RMSNorm(stack.dim, stack.norm_eps)
        self.time_tokens: Tensor  # [n_steps, dim], the projected times
        self.register_buffer("time_tokens", None, persistent=False)

    @torch.no_grad()
    def prepare(self) -> None:
        """Computes the constants that depend on weights; in the weights' dtype."""
        weight = self.time_projection.weight
        grid = time_grid(self.n_steps, weight.dtype)
        self.step_sizes = [float(dt) for dt in grid.diff()]
        embedded = time_embedding(grid[:-1], weight.shape[1]).to(weight.dtype)
        self.time_tokens = self.time_projection(embedded)

    def semantic_logits(self, hidden: Tensor) -> Tensor:
        """hidden [1, dim] -> fp32 [1, semantic_rows]; EMPTY and the padding rows are -inf"""
        logits = widen(self.semantic_codebook_output(hidden))
        row = torch.arange(logits.shape[-1], device=logits.device)
        allowed = (row != EMPTY_AUDIO) & (row < self.semantic_end)
        return torch.where(allowed, logits, torch.full_like(logits, float("-inf")))

    def semantic_code(self, hidden: Tensor, semantic_noise: Tensor) -> Tensor:
        """hidden [1, dim], noise fp32 [1, semantic_rows] (zeros: greedy) -> code [1] int64.

        The code keeps its offset of 2; 1 ends the utterance, -1 reports a non-finite maximum.
        """
        logits = self.semantic_logits(hidden) + semantic_noise
        finite = torch.isfinite(logits.amax(-1))
        code = logits.argmax(-1).to(torch.float32)  # a backend's positions may be unsigned
        invalid = torch.full_like(code, _INVALID_CODE)
        return torch.where(finite, code, invalid).to(torch.int64)

    def llm_tokens(self, hidden: Tensor) -> Tensor:
        """The conditional and the unconditional token of a frame: hidden [1, dim] -> [2, dim].

        Without condition the hidden state is zero, and so is its projection.
        """
        token = self.llm_projection(hidden)
        return torch.cat((token, torch.zeros_like(token)))

    def velocity(self, x: Tensor, step: int, llm_token: Tensor) -> Tensor:
        """dx/dt [B, 36] at x [B, 36] and the time of Euler step `step`; llm_token [B, dim]"""
        time_token = self.time_tokens[step].expand_as(llm_token)
        h = torch.stack((self.input_projection(x), time_token, llm_token), dim=1)  # [B, 3, dim]
        for layer in self.layers:
            h = layer(h)
        v: Tensor = self.acoustic_codebook_output(self.norm(h[:, 0]))
        return v

    def field(self, hidden: Tensor) -> VelocityField:
        """The velocities of a frame, with its condition and without: x [1, 36], step -> [2, 36]"""
        llm_tokens = self.llm_tokens(hidden)
        return lambda x, step: self.velocity(x.expand(2, -1), step, llm_tokens)

    def decode(self, hidden: Tensor, noise: Tensor, cfg_alpha: Tensor) -> Tensor:
        """Integrates the flow from the noise and rounds to levels.

        hidden [1, dim], noise [1, 36], cfg_alpha fp32 [1] -> codes [1, 36] int64 with their
        offset of 2; -1 where the result is not finite.
        """
        return self.quantize(self.integrate(hidden, noise, cfg_alpha))

    def integrate(
        self,
        hidden: Tensor,
        noise: Tensor,
        cfg_alpha: Tensor,
        velocities: list[Tensor] | None = None,
    ) -> Tensor:
        """The end point [1, 36] of the flow, by Euler's rule with classifier-free guidance.

        All of it in the model's dtype, to which the authors round alpha too. The guided velocity
        [1, 36] of every step is appended to `velocities`.
        """
        field = self.field(hidden)
        x, alpha = noise.to(hidden.dtype), cfg_alpha.to(hidden.dtype)
        for step, dt in enumerate(self.step_sizes):
            with_condition, without = field(x, step).chunk(2)
            v = alpha * with_condition + (1 - alpha) * without
            x = x + v * dt
            if velocities is not None:
                velocities.append(v)
        return x

    def quantize(self, x: Tensor) -> Tensor:
        """x [1, 36] -> round((clamp(x, -1, 1) + 1) / 2 * 20) + 2, half to even, int64"""
        levels = torch.round((x.clamp(-1, 1) + 1) / 2 * (self.n_levels - 1))
        invalid = torch.full_like(levels, _INVALID_CODE)
        return torch.where(torch.isfinite(x), levels + N_SPECIAL_CODES, invalid).to(torch.int64)
