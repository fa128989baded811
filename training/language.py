"""Trains language model and flow head on texts and codes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from export.config import END_AUDIO, N_SPECIAL_CODES, VoxtralConfig

from . import workers
from .features import N_ACOUSTIC, Codes, Encoder, to_codes
from .loop import Figures
from .settings import LanguageSettings
from .speech_model import SpeechModel, prompt_ids

_GRID = 7  # Euler steps of the runtime
_POOL = 8  # batches that are drawn at once and cut by length, to pad little


class Spoken(NamedTuple):
    text: str
    codes: Codes


class _Flow(NamedTuple):
    """Points of the straight paths from noise to latents."""

    x: Tensor  # [N, 36]
    times: Tensor  # [N]
    velocity: Tensor  # [N, 36], constant along the path
    keep: Tensor  # [N], 0: without condition


class LanguageTask:
    module: nn.Module

    def __init__(
        self,
        model: SpeechModel,
        encoder: Encoder,
        items: Sequence[Spoken],
        held_out: Sequence[Spoken],
        settings: LanguageSettings,
    ) -> None:
        self.module = self.model = model
        self.encoder = encoder
        self.items, self.held_out, self.settings = items, held_out, settings
        self._config: VoxtralConfig = model.config

    def loss(self, generator: torch.Generator, progress: float) -> tuple[Tensor, Figures]:
        batch = self._draw(generator)
        histories = self._histories(batch, generator)
        texts = [self._written(item.text, generator) for item in batch]
        late = progress >= self.settings.decay_from
        times = self.settings.late_times if late else self.settings.times
        return self._losses(texts, batch, histories, generator, times)

    def _losses(
        self,
        texts: Sequence[str],
        batch: Sequence[Spoken],
        histories: list[Tensor],
        generator: torch.Generator,
        times: int,
    ) -> tuple[Tensor, Figures]:
        model, rows = self.model, len(self.model.voice)
        hidden = model.hidden([prompt_ids(text, rows) for text in texts], histories)
        targets = torch.cat([_semantic_targets(item.codes) for item in batch])
        wanted = torch.cat([self._distribution(item.codes) for item in batch])
        cross_entropy, logits = model.semantic_loss(hidden, wanted)
        spoken = hidden[targets != END_AUDIO]
        latents = self._latents_beside(logits[targets != END_AUDIO], batch)
        flow = self._flow_points(latents.repeat(times, 1), generator)
        made = model.velocity(flow.x, flow.times, spoken.repeat(times, 1), flow.keep)
        squares = (made - flow.velocity).square().mean(1)
        velocity = squares.mean()
        regression = F.mse_loss(model.read_out(spoken), latents)
        loss = cross_entropy + velocity + self.settings.regression_weight * regression
        right = logits.argmax(1) == targets
        end = targets == END_AUDIO
        kept = flow.keep > 0
        return loss, {
            "loss": float(loss.detach()),
            "cross entropy": float(cross_entropy.detach()),
            "accuracy": float(right.float().mean()),
            "flow": float(squares.detach()[kept].mean()),
            "flow, no condition": float(squares.detach()[~kept].mean()) if (~kept).any() else 0.0,
            "regression": float(regression.detach()),
            "end": float(right[end].float().mean()),
            "false end": float((logits.argmax(1)[~end] == END_AUDIO).float().mean()),
        }

    def _latents_beside(self, logits: Tensor, batch: Sequence[Spoken]) -> Tensor:
        """The latents [N, 36] that make a frame right beside the semantic code that the model
        chooses for it, which may be a neighbour of the true one; if none would, the true ones."""
        codes = Codes(*(torch.cat(parts) for parts in zip(*(i.codes for i in batch), strict=True)))
        chosen = (logits.argmax(1) - N_SPECIAL_CODES).clamp(0, len(self.encoder.centres) - 1)
        latents = self.encoder.latents(self.encoder.points(codes), chosen)
        fits = latents.abs().amax(1, keepdim=True) <= 1
        return torch.where(fits, latents, codes.latents)

    def _distribution(self, codes: Codes) -> Tensor:
        """What the semantic head should say: [T + 1, rows], the last row END.

        A frame between typical frames belongs a little to each. To say so spares the model from
        learning by heart on which side of a border it fell.
        """
        rows = torch.zeros(len(codes.semantic) + 1, self._config.semantic_rows)
        rows[-1, END_AUDIO] = 1
        if self.settings.softness == 0:
            rows[torch.arange(len(codes.semantic)), codes.semantic + N_SPECIAL_CODES] = 1
            return rows
        near = self.encoder.nearness(self.encoder.points(codes), self.settings.softness)
        rows[:-1, N_SPECIAL_CODES : N_SPECIAL_CODES + near.shape[1]] = near
        return rows

    def _draw(self, generator: torch.Generator) -> list[Spoken]:
        size = workers.share(self.settings.batch)
        drawn = torch.randint(len(self.items), (size * _POOL,), generator=generator).tolist()
        drawn.sort(key=lambda i: len(self.items[i].codes.semantic) + len(self.items[i].text))
        start = size * int(torch.randint(_POOL, (), generator=generator))
        return [self.items[i] for i in drawn[start : start + size]]

    def _written(self, text: str, generator: torch.Generator) -> str:
        lower = float(torch.rand((), generator=generator)) < self.settings.lower_case
        return text.lower() if lower else text

    def _histories(self, batch: Sequence[Spoken], generator: torch.Generator) -> list[Tensor]:
        """What is fed back in training: [T, 37] each, wrong as the model's own output will be."""
        s = self.settings
        sizes = [len(item.codes.semantic) for item in batch]
        true = Codes(*(torch.cat(parts) for parts in zip(*(i.codes for i in batch), strict=True)))
        semantic, latents = self.encoder.respelt(true, s.respelling, generator)
        count = len(semantic)

        def chance(part: float) -> Tensor:
            return torch.rand(count, generator=generator) < part

        spread = torch.rand(len(batch), generator=generator) * s.history_noise
        per_frame = spread.repeat_interleave(torch.tensor(sizes))[:, None]
        latents = latents + per_frame * torch.randn(latents.shape, generator=generator)
        any_code = torch.randint(self._config.semantic_codebook_size, (count,), generator=generator)
        semantic = torch.where(chance(s.wrong_semantic), any_code, semantic)
        other = torch.randint(count, (count,), generator=generator)
        place = torch.where(chance(s.lost_history), other, torch.arange(count))
        codes = to_codes(Codes(semantic[place], latents[place]))
        return list(codes.split(sizes))

    def _flow_points(self, latents: Tensor, generator: torch.Generator) -> _Flow:
        s, count = self.settings, len(latents)
        noise = torch.randn(latents.shape, generator=generator)
        on_grid = torch.randint(_GRID, (count,), generator=generator) / _GRID
        anywhere = torch.rand(count, generator=generator)
        grid = torch.rand(count, generator=generator) < s.grid_share
        times = torch.where(grid, on_grid, anywhere)
        x = (1 - times[:, None]) * noise + times[:, None] * latents
        keep = (torch.rand(count, generator=generator) >= s.drop_condition).float()
        return _Flow(x, times, latents - noise, keep)

    def _mel_error(
        self,
        texts: Sequence[str],
        batch: Sequence[Spoken],
        histories: list[Tensor],
        generator: torch.Generator,
    ) -> float:
        """The mean difference between the log-mel spectrograms of what is said and true."""
        said = echo(self.model, texts, histories, generator)
        pairs = [(self.encoder.decode_mel(a), b.codes) for a, b in zip(said, batch, strict=True)]
        errors = [(mel - self.encoder.decode_mel(codes)).abs() for mel, codes in pairs]
        return float(torch.cat(errors).mean())

    @torch.no_grad()
    def evaluate(self) -> Figures:
        """On true histories, the same noise each time."""
        generator = torch.Generator().manual_seed(0)
        held_out = sorted(self.held_out, key=lambda item: len(item.codes.semantic))
        sums: Figures = {}
        parts = [held_out[i : i + 20] for i in range(0, len(held_out), 20)]
        for part in parts:
            histories = [to_codes(item.codes) for item in part]
            texts = [item.text for item in part]
            figures = self._losses(texts, part, histories, generator, 4)[1]
            figures["mel"] = self._mel_error(texts, part, histories, generator)
            for name, value in figures.items():
                sums[name] = sums.get(name, 0.0) + value / len(parts)
        return sums


def echo(
    model: SpeechModel,
    texts: Sequence[str],
    histories: list[Tensor],
    generator: torch.Generator,
) -> list[Codes]:
    """What the model says to each frame of utterances whose true codes it has heard so far."""
    ids = [prompt_ids(text, len(model.voice)) for text in texts]
    hidden = model.hidden(ids, histories)
    sizes = [len(history) + 1 for history in histories]
    spoken = torch.cat([part[:-1] for part in hidden.split(sizes)])
    semantic = model.flow_head.semantic_logits(spoken).argmax(1) - N_SPECIAL_CODES
    noise = torch.randn(len(spoken), N_ACOUSTIC, generator=generator)
    latents = model.sample(spoken, noise).clamp(-1, 1)
    parts = [size - 1 for size in sizes]
    both = zip(semantic.clamp(min=0).split(parts), latents.split(parts), strict=True)
    return [Codes(*pair) for pair in both]


def _semantic_targets(codes: Codes) -> Tensor:
    """[T + 1], the last one END."""
    return torch.cat((codes.semantic + N_SPECIAL_CODES, torch.tensor([END_AUDIO])))
