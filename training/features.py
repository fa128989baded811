"""The encoder: samples to codes. It is analysis, not a network, and is not shipped.

A frame is eight columns of a log-mel spectrogram, of which 36 principal components are kept. Its
semantic code is the nearest of a number of typical frames (k-means); its acoustic latents are what
the frame differs in from that one, times a gain. So whatever the flow head gets wrong, the frame
stays near the typical one, and an error in a latent is one of that size in the log spectrum.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from .flite import SAMPLE_RATE_HZ
from .settings import AnalysisSettings
from .vocoder import FRAME, PATCH

N_MELS = 64
N_ACOUSTIC = 36
N_LEVELS = 21
_WINDOW, _FFT = 720, 1024
_MEL_HZ = (40.0, 8000.0)  # flite speaks at 16 kHz
_FLOOR = 2e-4  # amplitude, some 65 dB below loud speech
COLUMNS = FRAME // PATCH
_FITTED = ("mean", "basis", "scale", "centres", "gain")


def mel_filters(n_mels: int, n_fft: int) -> Tensor:
    """Triangles [n_fft / 2 + 1, n_mels] on the scale 2595 log10(1 + f / 700)."""
    mel = [2595 * math.log10(1 + hz / 700) for hz in _MEL_HZ]
    edges = 700 * (10 ** (torch.linspace(mel[0], mel[1], n_mels + 2) / 2595) - 1)
    hz = torch.arange(n_fft // 2 + 1) * SAMPLE_RATE_HZ / n_fft
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    rising = (hz[:, None] - low) / (middle - low)
    falling = (high - hz[:, None]) / (high - middle)
    triangles = torch.minimum(rising, falling).clamp(min=0)
    # Low triangles may be narrower than a bin: each has at least its middle's.
    nearest = (middle / SAMPLE_RATE_HZ * n_fft).round().long()
    own = (nearest, torch.arange(n_mels))
    triangles[own] = triangles[own].clamp(min=0.5)
    filters: Tensor = triangles / triangles.sum(0)
    return filters


class LogMel:
    """Log-mel amplitude of each patch: samples [B, 240 P] -> [B, P, 64], natural logarithm."""

    def __init__(self) -> None:
        self._filters = mel_filters(N_MELS, _FFT)
        self._window = torch.hann_window(_WINDOW)
        self._window /= self._window.sum() / 2  # a sine of amplitude 1 has a peak of 1

    def __call__(self, samples: Tensor) -> Tensor:
        side = (_WINDOW - PATCH) // 2
        rows = torch.nn.functional.pad(samples, (side, side)).unfold(-1, _WINDOW, PATCH)
        power = torch.fft.rfft(rows * self._window, _FFT).abs().square()
        mel: Tensor = 0.5 * (power @ self._filters + _FLOOR**2).log()
        return mel


class Codes(NamedTuple):
    """An utterance of T frames as the codec takes it."""

    semantic: Tensor  # [T] int64, row of the semantic codebook, without the offset of 2
    latents: Tensor  # [T, 36] fp32, -1 to 1, not rounded to levels


def to_levels(latents: Tensor) -> Tensor:
    """latents -> levels 0 to 20 int64, as the flow head's `quantize` without its offset of 2"""
    return ((latents.clamp(-1, 1) + 1) / 2 * (N_LEVELS - 1)).round().long()


def to_codes(codes: Codes) -> Tensor:
    """[T, 37] int64 with the offset of 2"""
    return torch.cat((codes.semantic[:, None], to_levels(codes.latents)), dim=1) + 2


class Encoder:
    """Fitted by `fit`, kept in one file."""

    def __init__(
        self, mean: Tensor, basis: Tensor, scale: Tensor, centres: Tensor, gain: Tensor
    ) -> None:
        self.mean, self.basis, self.scale = mean, basis, scale
        self.centres = centres  # [K, 36]
        self.gain = gain
        self._log_mel = LogMel()

    def encode(self, samples: Tensor) -> Codes:
        """samples [1920 T] -> codes of T frames"""
        return self.encode_mel(self._log_mel(samples[None])[0])

    def encode_mel(self, mel: Tensor) -> Codes:
        """log-mel [8 T, 64] -> codes of T frames"""
        x = (mel.reshape(-1, COLUMNS * N_MELS) - self.mean) @ self.basis * self.scale
        semantic = torch.cdist(x, self.centres).argmin(1)
        return Codes(semantic, self.latents(x, semantic).clamp(-1, 1))

    def latents(self, points: Tensor, semantic: Tensor) -> Tensor:
        """What latents [N, 36] beside semantic codes [N] stand for points; not clamped"""
        return (points - self.centres[semantic]) * self.gain

    def nearness(self, points: Tensor, softness: float) -> Tensor:
        """How much points [N, 36] belong to each centre: [N, K], e times less for each `softness`
        of squared distance, in latents; rows add up to 1"""
        squares = torch.cdist(points * self.gain, self.centres * self.gain).square()
        return (-squares / softness).softmax(1)

    def respelt(self, codes: Codes, softness: float, generator: torch.Generator) -> Codes:
        """The same frames beside other typical frames that are near them, drawn at random.

        A frame has many spellings, and the model will not always choose the nearest centre's.
        """
        points = self.points(codes)
        near = self.nearness(points, softness)
        drawn = torch.multinomial(near, 1, generator=generator)[:, 0]
        latents = self.latents(points, drawn)
        fits = latents.abs().amax(1) <= 1
        semantic = torch.where(fits, drawn, codes.semantic)
        return Codes(semantic, torch.where(fits[:, None], latents, codes.latents))

    def points(self, codes: Codes) -> Tensor:
        """The scaled principal components [T, 36] that codes stand for"""
        return self.centres[codes.semantic] + codes.latents / self.gain

    def decode_mel(self, codes: Codes) -> Tensor:
        """codes of T frames -> the log-mel spectrogram they stand for [8 T, 64]"""
        return (self.points(codes) / self.scale @ self.basis.T + self.mean).reshape(-1, N_MELS)

    def to(self, device: torch.device) -> Encoder:
        """A copy on a device; `encode` is for the CPU alone"""
        return Encoder(**{name: getattr(self, name).to(device) for name in _FITTED})

    def save(self, path: Path) -> None:
        state = {name: getattr(self, name) for name in _FITTED}
        partial = path.with_suffix(".part")
        torch.save(state, partial)
        partial.replace(path)

    @staticmethod
    def load(path: Path) -> Encoder:
        return Encoder(**torch.load(path, weights_only=True))


def fit(waves: Iterable[Tensor], settings: AnalysisSettings) -> Encoder:
    """Fits principal components and clusters to utterances of samples [1920 T]."""
    log_mel = LogMel()
    frames = [log_mel(wave[None])[0].reshape(-1, COLUMNS * N_MELS) for wave in waves]
    x = torch.cat(frames)
    mean = x.mean(0)
    values, vectors = torch.linalg.eigh((x - mean).T.double() @ (x - mean).double() / len(x))
    values = values.flip(0)[:N_ACOUSTIC].float()
    basis = vectors.flip(1)[:, :N_ACOUSTIC].float()
    scale = (values / values[0]) ** (settings.exponent / 2) / values.sqrt()
    x = (x - mean) @ basis * scale
    centres = _k_means(x, settings, torch.Generator().manual_seed(settings.seed))
    return Encoder(mean, basis, scale, centres, residual_gain(x, centres, settings.spread))


def residual_gain(x: Tensor, centres: Tensor, spread: float) -> Tensor:
    """The factor that gives the widest axis of x - nearest centre a standard deviation of `spread`;
    x [N, 36]"""
    nearest = torch.cat([torch.cdist(part, centres).argmin(1) for part in x.split(8192)])
    return spread / (x - centres[nearest]).std(0).max()


def _k_means(x: Tensor, settings: AnalysisSettings, generator: torch.Generator) -> Tensor:
    """x [N, 36] -> the means of `clusters` clusters [K, 36]; empty ones restart at random rows."""
    centres = x[torch.randperm(len(x), generator=generator)[: settings.clusters]].clone()
    for _ in range(settings.rounds):
        nearest = torch.cat([torch.cdist(part, centres).argmin(1) for part in x.split(8192)])
        sums = torch.zeros_like(centres).index_add_(0, nearest, x)
        counts = torch.bincount(nearest, minlength=settings.clusters)
        empty = counts == 0
        centres = sums / counts.clamp(min=1)[:, None]
        if empty.any():
            rows = torch.randint(len(x), (int(empty.sum()),), generator=generator)
            centres[empty] = x[rows]
    return centres
