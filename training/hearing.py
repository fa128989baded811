"""Measures of speech that we did not train: a recogniser's word errors, and periodicity."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .arrays import Floats
from .flite import SAMPLE_RATE_HZ

_EAR_RATE_HZ = 16000
_WINDOW = 960  # samples at 24 kHz: four periods of 100 Hz
_PITCH_HZ = (60.0, 250.0)
_LOUD = 0.3  # of the RMS of the loudest tenth of the windows


# Narrower than its own, for the sentence grammar alone: as right, and faster.
_NARROW = {"beam": 1e-30, "wbeam": 1e-20, "pbeam": 1e-30, "maxhmmpf": 1500, "ds": 2}


class Ear:
    """pocketsphinx with the English models it comes with, one sentence at a time.

    With a grammar (JSGF) it expects the sentences of that grammar, else any English.
    """

    def __init__(self, grammar: str | None = None) -> None:
        from pocketsphinx import Decoder

        options = {} if grammar is None else {"lm": None, **_NARROW}
        self._decoder = Decoder(samprate=_EAR_RATE_HZ, loglevel="FATAL", **options)
        if grammar is not None:
            self._decoder.add_jsgf_string("sentences", grammar)
            self._decoder.activate_search("sentences")

    def hear(self, samples: Floats) -> list[str]:
        """samples [N] at 24 kHz -> the words heard."""
        import soxr

        low = soxr.resample(np.asarray(samples, np.float64), SAMPLE_RATE_HZ, _EAR_RATE_HZ)
        # A fixed level. What was heard before has no influence: the means of the features are
        # those of the whole utterance.
        low = 0.5 * low / max(float(np.abs(low).max()), 1e-6)
        # Its endpoints need some silence.
        low = np.pad(low, _EAR_RATE_HZ // 4)
        self._decoder.start_utt()
        self._decoder.process_raw((low * 32767).astype("<i2").tobytes(), full_utt=True)
        self._decoder.end_utt()
        hypothesis = self._decoder.hyp()
        return [] if hypothesis is None else hypothesis.hypstr.split()


def word_errors(expected: Sequence[str], heard: Sequence[str]) -> int:
    """Substitutions, insertions and deletions of the best alignment (Levenshtein distance)."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(expected, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            best = min(diagonal + (word != other), row[j] + 1, row[j - 1] + 1)
            diagonal, row[j] = row[j], best
    return row[-1]


def periodicity(samples: Floats) -> Floats:
    """The largest normalised autocorrelation, lags of 60 to 250 Hz, of each loud window.

    samples [N] at 24 kHz -> [windows], -1 to 1: near 1 where speech is voiced, low in whispers.
    """
    x = np.asarray(samples, np.float64)
    low, high = (round(SAMPLE_RATE_HZ / hz) for hz in _PITCH_HZ[::-1])
    starts = np.arange(0, len(x) - _WINDOW - high, _WINDOW // 2)
    if starts.size == 0:
        return np.zeros(0)
    rows = x[starts[:, None] + np.arange(_WINDOW + high)]
    head = rows[:, :_WINDOW]
    energy = np.sqrt((head**2).sum(1))
    loud = energy > _LOUD * np.quantile(energy, 0.9)
    rows, head = rows[loud], head[loud]
    best = np.full(len(head), -1.0)
    for lag in range(low, high + 1):
        shifted = rows[:, lag : lag + _WINDOW]
        scale = np.sqrt((head**2).sum(1) * (shifted**2).sum(1)) + 1e-9
        best = np.maximum(best, (head * shifted).sum(1) / scale)
    return best
