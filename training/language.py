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
from .loop import Figures, Measures
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
    """Draws batches on the CPU, so that every device sees the same, and trains where `model` is."""

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
        self.device = model.voice.device
        self.encoder, self._encoder_there = encoder, encoder.to(self.device)
        self.items, self.held_out, self.settings = items, held_out, settings
        self._config: VoxtralConfig = model.config

    def loss(self, generator: torch.Generator, progress: float) -> tuple[Tensor, Measures]:
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
    ) -> tuple[Tensor, Measures]:
        model, rows = self.model, len(self.model.voice)
        hidden = model.hidden([prompt_ids(text, rows) for text in texts], histories)
        codes = Codes(*(x.to(self.device) for x in joined(batch)))
        frames, ends = (x.to(self.device) for x in _rows_of(batch))
        wanted = self._distribution(codes, frames, ends)
        cross_entropy, logits = model.semantic_loss(hidden, wanted)
        spoken, chosen = hidden[frames], logits.argmax(1)
        latents = self._latents_beside(chosen[frames], codes)
        flow = self._flow_points(latents.repeat(times, 1), generator)
        made = model.velocity(flow.x, flow.times, spoken.repeat(times, 1), flow.keep)
        squares = (made - flow.velocity).square().mean(1)
        velocity = squares.mean()
        regression = F.mse_loss(model.read_out(spoken), latents)
        loss = cross_entropy + velocity + self.settings.regression_weight * regression
        right = chosen[frames] == codes.semantic + N_SPECIAL_CODES
        ended = chosen == END_AUDIO
        squares, keep = squares.detach(), flow.keep
        return loss, {
            "loss": loss.detach(),
            "cross entropy": cross_entropy.detach(),
            "accuracy": (right.sum() + ended[ends].sum()) / len(chosen),
            "flow": (squares * keep).sum() / keep.sum().clamp(min=1),
            "flow, no condition": (squares * (1 - keep)).sum() / (1 - keep).sum().clamp(min=1),
            "regression": regression.detach(),
            "end": ended[ends].float().mean(),
            "false end": ended[frames].float().mean(),
        }

    def _latents_beside(self, chosen: Tensor, codes: Codes) -> Tensor:
        """The latents [N, 36] that make a frame right beside the semantic code [N] that the model
        chooses for it, which may be a neighbour of the true one; if none would, the true ones."""
        encoder = self._encoder_there
        semantic = (chosen - N_SPECIAL_CODES).clamp(0, len(encoder.centres) - 1)
        latents = encoder.latents(encoder.points(codes), semantic)
        fits = latents.abs().amax(1, keepdim=True) <= 1
        return torch.where(fits, latents, codes.latents)

    def _distribution(self, codes: Codes, frames: Tensor, ends: Tensor) -> Tensor:
        """What the semantic head should say: [rows, codes], END in the rows `ends`.

        A frame between typical frames belongs a little to each. To say so spares the model from
        learning by heart on which side of a border it fell.
        """
        encoder, softness = self._encoder_there, self.settings.softness
        wanted = codes.latents.new_zeros(len(frames) + len(ends), self._config.semantic_rows)
        wanted[ends, END_AUDIO] = 1
        if softness == 0:
            wanted[frames, codes.semantic + N_SPECIAL_CODES] = 1
            return wanted
        near = encoder.nearness(encoder.points(codes), softness)
        wanted[frames, N_SPECIAL_CODES : N_SPECIAL_CODES + near.shape[1]] = near
        return wanted

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
        semantic, latents = self.encoder.respelt(joined(batch), s.respelling, generator)
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
        keep = (torch.rand(count, generator=generator) >= s.drop_condition).float()
        noise, times, keep = (x.to(self.device) for x in (noise, times, keep))
        x = (1 - times[:, None]) * noise + times[:, None] * latents
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
            measures = self._losses(texts, part, histories, generator, 4)[1]
            figures = {name: float(value) for name, value in measures.items()}
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
    noise = torch.randn(len(spoken), N_ACOUSTIC, generator=generator).to(spoken.device)
    latents = model.sample(spoken, noise).clamp(-1, 1)
    parts = [size - 1 for size in sizes]
    both = zip(semantic.clamp(min=0).cpu().split(parts), latents.cpu().split(parts), strict=True)
    return [Codes(*pair) for pair in both]


def joined(batch: Sequence[Spoken]) -> Codes:
    """The codes of all utterances, one after the other."""
    return Codes(*(torch.cat(parts) for parts in zip(*(i.codes for i in batch), strict=True)))


def _rows_of(batch: Sequence[Spoken]) -> tuple[Tensor, Tensor]:
    """Which rows of `SpeechModel.hidden` say frames, and which END."""
    sizes = torch.tensor([len(item.codes.semantic) + 1 for item in batch])
    ends = sizes.cumsum(0) - 1
    spoken = torch.ones(int(sizes.sum()), dtype=torch.bool)
    spoken[ends] = False
    return spoken.nonzero()[:, 0], ends
