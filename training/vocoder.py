"""Analyses speech with WORLD and says it again at a constant pitch that is locked to the codec.

One pitch period is one patch of the codec (240 samples: 100 Hz at 24 kHz), and the noise of
unvoiced sounds repeats with every frame. So the samples of a patch follow from its spectrum,
voicing and place in the frame alone: nothing is left that a decoder would have to guess.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .arrays import Complexes, Floats
from .flite import SAMPLE_RATE_HZ

PATCH = 240  # samples: one pitch period, one position of the codec's last stage
FRAME = 1920
_STEP_S = 0.005  # of the analysis
_FFT = 1024
_BINS = _FFT // 2 + 1
_PULSE_AT = 16  # sample of the patch at which the vocal tract is excited
_SILENCE = 1e-10  # power below which an envelope counts as silent
_RAMP_HZ = (2000.0, 5000.0)  # voiced speech is periodic below, half noise above


@dataclass(frozen=True, slots=True)
class Track:
    """Spectrum and voicing of an utterance in steps of 5 ms."""

    log_power: Floats  # [steps, 513], natural logarithm
    voiced: Floats  # [steps], 0 or 1

    def warped(self, old_s: Floats, new_s: Floats) -> Track:
        """At the middle of each 10 ms patch of a new time axis on which old_s falls on new_s."""
        patches = round(float(new_s[-1]) * SAMPLE_RATE_HZ / PATCH)
        middle = (np.arange(patches) + 0.5) * PATCH / SAMPLE_RATE_HZ
        step = np.interp(middle, new_s, old_s) / _STEP_S
        step = np.clip(step, 0, len(self.voiced) - 1.001)
        low = step.astype(np.int64)
        part = (step - low)[:, None]
        log_power = self.log_power[low] * (1 - part) + self.log_power[low + 1] * part
        return Track(log_power, self.voiced[np.rint(step).astype(np.int64)])


def analyse(samples: Floats) -> Track:
    """samples [N] at 24 kHz."""
    import pyworld

    x = np.ascontiguousarray(samples, dtype=np.float64)
    f0, times = pyworld.dio(x, SAMPLE_RATE_HZ, frame_period=_STEP_S * 1000)
    f0 = pyworld.stonemask(x, f0, times, SAMPLE_RATE_HZ)
    power = pyworld.cheaptrick(x, f0, times, SAMPLE_RATE_HZ, fft_size=_FFT)
    return Track(np.log(np.maximum(power, _SILENCE)), (f0 > 0).astype(np.float64))


def synthesise(track: Track) -> Floats:
    """A track in patches -> samples [240 * patches] float32; patch 0 starts a frame."""
    spectrum = _minimum_phase(track.log_power)
    noisy = _noise_share()[None] * track.voiced[:, None] + (1 - track.voiced[:, None])
    # A unit pulse per period has 1 / 240 of the power of unit noise.
    pulse = np.fft.rfft(np.eye(1, _FFT, _PULSE_AT)[0]) * np.sqrt(PATCH)
    segments = _noise_segments()
    noise = segments[np.arange(len(track.voiced)) % len(segments)]
    periodic = np.fft.irfft(spectrum * np.sqrt(1 - noisy) * pulse, _FFT)
    aperiodic = np.fft.irfft(spectrum * np.sqrt(noisy) * noise, _FFT)
    # The noise segments start half a patch early.
    half = PATCH // 2
    padded = _overlap_add(aperiodic)[half:]
    return (_overlap_add(periodic)[: -half or None] + padded)[: track.voiced.size * PATCH].astype(
        np.float32
    )


def _minimum_phase(log_power: Floats) -> Complexes:
    """[P, 513] log power -> the complex minimum-phase spectrum, by folding the cepstrum."""
    cepstrum = np.fft.irfft(0.5 * log_power, _FFT)
    cepstrum[:, 1 : _FFT // 2] *= 2
    cepstrum[:, _FFT // 2 + 1 :] = 0
    spectrum: Complexes = np.exp(np.fft.rfft(cepstrum))
    return spectrum


def _noise_share() -> Floats:
    """The part of the power that is noise in voiced speech, per bin [513]."""
    hz = np.arange(_BINS) * SAMPLE_RATE_HZ / _FFT
    low, high = _RAMP_HZ
    return np.clip(0.5 * (hz - low) / (high - low), 0.0, 0.5)


def _noise_segments() -> Complexes:
    """Spectra [8, 513] of the windowed pieces of one frame of white noise, repeated for ever."""
    phases = np.random.default_rng(0).uniform(0, 2 * np.pi, FRAME // 2 + 1)
    spectrum = np.exp(1j * phases)  # exactly white
    spectrum[0] = 0
    noise = np.fft.irfft(spectrum, FRAME) * np.sqrt(FRAME)
    half = PATCH // 2
    rows = np.arange(FRAME // PATCH)[:, None] * PATCH - half + np.arange(2 * PATCH)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(2 * PATCH) + 0.5) / (2 * PATCH))
    segments: Complexes = np.fft.rfft(noise[rows % FRAME] * window, _FFT)
    return segments


def _overlap_add(responses: Floats) -> Floats:
    """[P, n], each shifted by one patch against the one before -> their sum."""
    patches, length = responses.shape
    pieces = -(-length // PATCH)
    padded = np.pad(responses, ((0, 0), (0, pieces * PATCH - length)))
    total = np.zeros((patches + pieces, PATCH))
    for piece in range(pieces):
        total[piece : piece + patches] += padded[:, piece * PATCH : (piece + 1) * PATCH]
    flat: Floats = total.reshape(-1)
    return flat
