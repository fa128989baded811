"""Trains the codec's decoder: codes of the encoder back to samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from export.config import VoxtralConfig
from export.modules.codec import CausalConv, Codec, CodecLayer, UpsamplingConv

from . import workers
from .features import Codes, Encoder, LogMel, to_levels
from .hearing import periodicity
from .loop import Figures, Measures
from .settings import CodecSettings, SettingsError
from .vocoder import FRAME

_RESOLUTIONS = (256, 512, 1024, 2048)
_FLOOR = 1e-3  # of STFT magnitudes
_LAYER_SCALE = 0.1  # at the start; 0.01, as published, takes long to grow
_PRE_EMPHASIS = 0.95


class Item(NamedTuple):
    """An utterance of T frames."""

    samples: Tensor  # [1920 T]
    codes: Codes


def new_codec(config: VoxtralConfig, seed: int, centres: Tensor | None = None) -> Codec:
    """A codec with random weights. Convolutions are trained folded: weight norm is a form of
    storage here, see `publish`. The codebook starts with the encoder's centres [K, 36]."""
    torch.manual_seed(seed)
    codec = Codec(config)
    with torch.no_grad():
        codebook = codec.quantizer.semantic_codebook.embedding.normal_(0, 0.3)
        if centres is not None:
            if centres.shape[1] > codebook.shape[1]:
                raise SettingsError(
                    f"sizes.toml: semantic_dim: {codebook.shape[1]}: "
                    f"at least {centres.shape[1]}, the encoder's"
                )
            codebook[:, : centres.shape[1]] = centres
        for module in codec.modules():
            if isinstance(module, CausalConv | UpsamplingConv):
                weight = module.conv.weight
                taps = weight[0].numel() if isinstance(module, CausalConv) else 2 * len(weight)
                weight.normal_(0, taps**-0.5)
            if isinstance(module, CodecLayer):
                module.attention_scale.fill_(_LAYER_SCALE)
                module.ffn_scale.fill_(_LAYER_SCALE)
        codec.output_proj.conv.weight.mul_(0.1)
    return codec


def decode(codec: Codec, semantic: Tensor, latents: Tensor) -> Tensor:
    """semantic [B, T], latents [B, T, 36] as they are -> samples [B, 1920 T]"""
    rows = F.embedding(semantic, codec.quantizer.semantic_codebook.embedding)
    x = torch.cat((rows, latents), dim=2).transpose(1, 2)
    for block in codec.decoder_blocks:
        x = block(x)
    patches: Tensor = codec.output_proj(x)
    return patches.transpose(1, 2).flatten(1)


def rounded(latents: Tensor) -> Tensor:
    """latents on the grid of levels"""
    return to_levels(latents).float() / 10 - 1


class SpectralLoss:
    """Distance of two signals [B, N] by STFTs of several lengths and by log-mel amplitude."""

    def __init__(self) -> None:
        self._windows = {n: torch.hann_window(n) for n in _RESOLUTIONS}
        self._log_mel = LogMel()

    def __call__(self, x: Tensor, y: Tensor) -> tuple[Tensor, Measures]:
        """x the signal, y the target."""
        magnitude, convergence = torch.zeros(()), torch.zeros(())
        for n in _RESOLUTIONS:
            a, b = self._stft(x, n), self._stft(y, n)
            logs = [s.clamp(min=_FLOOR).log() for s in (a, b)]
            magnitude = magnitude + (logs[0] - logs[1]).abs().mean()
            convergence = convergence + (a - b).norm() / b.norm()
        magnitude, convergence = magnitude / len(_RESOLUTIONS), convergence / len(_RESOLUTIONS)
        mel = (self._log_mel(x) - self._log_mel(y)).abs().mean()
        measures = {
            "log magnitude": magnitude.detach(),
            "convergence": convergence.detach(),
            "mel": mel.detach(),
        }
        return magnitude + convergence + 2 * mel, measures

    def _stft(self, x: Tensor, n: int) -> Tensor:
        window = self._windows[n]
        spectrum = torch.stft(x, n, n // 4, window=window, center=False, return_complex=True)
        power = torch.view_as_real(spectrum).square().sum(-1) / window.square().sum()
        return (power + 1e-9).sqrt()


class CodecTask:
    """Random crops of the items; the decoder is causal, so a crop's first frames lack context."""

    module: nn.Module

    def __init__(
        self,
        codec: Codec,
        encoder: Encoder,
        items: Sequence[Item],
        held_out: Sequence[Item],
        settings: CodecSettings,
    ) -> None:
        self.module = self.codec = codec
        self.encoder = encoder
        self.items = [item for item in items if len(item.codes.semantic) >= settings.frames]
        self.held_out, self.settings = held_out, settings
        self._spectral = SpectralLoss()

    def loss(self, generator: torch.Generator, progress: float) -> tuple[Tensor, Measures]:
        s = self.settings
        size = workers.share(s.batch)
        chosen = torch.randint(len(self.items), (size,), generator=generator)
        crops = [self._crop(self.items[int(i)], generator) for i in chosen]
        target = torch.stack([crop.samples for crop in crops])
        spelt = [self.encoder.respelt(crop.codes, s.respelling, generator) for crop in crops]
        semantic = torch.stack([codes.semantic for codes in spelt])
        latents = torch.stack([codes.latents for codes in spelt])
        # Errors of a size that varies from crop to crop, as the flow head's will.
        noise = torch.randn(latents.shape, generator=generator)
        spread = torch.rand(len(crops), 1, 1, generator=generator) * s.noise
        made = decode(self.codec, semantic, rounded(latents + spread * noise))
        start = s.skipped * FRAME
        made, target = made[:, start:], target[:, start:]
        spectral, measures = self._spectral(made, target)
        sharp = [x[:, 1:] - _PRE_EMPHASIS * x[:, :-1] for x in (made, target)]
        waveform = (made - target).abs().mean() + 2 * (sharp[0] - sharp[1]).abs().mean()
        loss = spectral + s.waveform_weight * waveform
        return loss, measures | {"loss": loss.detach(), "waveform": waveform.detach()}

    def _crop(self, item: Item, generator: torch.Generator) -> Item:
        count = self.settings.frames
        last = len(item.codes.semantic) - count
        start = int(torch.randint(last + 1, (), generator=generator))
        codes = Codes(*(x[start : start + count] for x in item.codes))
        return Item(item.samples[start * FRAME : (start + count) * FRAME], codes)

    @torch.no_grad()
    def evaluate(self) -> Figures:
        log_mel = LogMel()
        mel, noise, power, periodic = 0.0, 0.0, 0.0, []
        for samples, codes in self.held_out:
            made = decode(self.codec, codes.semantic[None], rounded(codes.latents)[None])[0]
            mel += float((log_mel(made[None]) - log_mel(samples[None])).abs().mean())
            noise += float((made - samples).square().sum())
            power += float(samples.square().sum())
            periodic.append(torch.from_numpy(periodicity(made.numpy())))
        ratio = 10 * torch.log10(torch.tensor(power / noise))
        return {
            "mel": mel / len(self.held_out),
            "SNR": float(ratio),
            "periodicity": float(torch.cat(periodic).median()),
        }
