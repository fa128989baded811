"""Calls flite: a text to samples, and to the phones it speaks with their times."""

from __future__ import annotations

import subprocess
import tempfile
import wave
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from .arrays import Floats

SAMPLE_RATE_HZ = 24000  # of everything here but flite's own output
PAUSE = "pau"
_MISMATCH, _GAP = 2, 3  # costs of aligning phones; the same sound may be written differently


@dataclass(frozen=True, slots=True)
class Phone:
    name: str
    end_s: float
    word: int  # index of the word it belongs to; -1: a pause


@dataclass(frozen=True, slots=True)
class Utterance:
    samples: Floats  # [N], 24 kHz, -1 to 1
    phones: tuple[Phone, ...]


def speak(text: str, voice: str) -> Utterance:
    """Speaks with flite, resampled to 24 kHz. Raises RuntimeError when flite fails."""
    import soxr

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        listing = _flite("-voice", voice, "-psdur", "-t", text, "-o", str(path))
        with wave.open(str(path)) as file:
            rate = file.getframerate()
            raw = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
    samples = soxr.resample(raw.astype(np.float64) / 32768, rate, SAMPLE_RATE_HZ, quality="VHQ")
    timed = [item.split(":") for item in listing.split()]
    names, ends = [name for name, _ in timed], [float(end) for _, end in timed]
    words = _words_of(names, text, voice)
    phones = tuple(Phone(*entry) for entry in zip(names, ends, words, strict=True))
    return Utterance(samples, phones)


def _flite(*arguments: str) -> str:
    try:
        done = subprocess.run(["flite", *arguments], capture_output=True, text=True)
    except FileNotFoundError as error:
        raise RuntimeError("flite: is not installed; on Debian: apt install flite") from error
    if done.returncode != 0:
        raise RuntimeError(f"flite {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


@cache
def _pronunciation(word: str, voice: str) -> tuple[str, ...]:
    listing = _flite("-voice", voice, "-ps", "-t", word, "-o", "none")
    return tuple(name for name in listing.split() if name != PAUSE)


def _words_of(names: list[str], text: str, voice: str) -> list[int]:
    """The word each phone belongs to.

    flite lists the phones of a sentence without word boundaries. They are found by aligning it
    with the pronunciations of the single words, which differ little (such as "the").
    """
    expected = [
        (name, index)
        for index, word in enumerate(text.split())
        for name in _pronunciation(word.strip(".,?!"), voice)
    ]
    spoken = [(name, position) for position, name in enumerate(names) if name != PAUSE]
    words = [-1] * len(names)
    for (_, word), (_, position) in _align(expected, spoken):
        words[position] = word
    return _fill(words, names)


def _align(
    left: list[tuple[str, int]], right: list[tuple[str, int]]
) -> list[tuple[tuple[str, int], tuple[str, int]]]:
    """Pairs of the cheapest alignment (edit distance) of two lists by their names."""
    cost = np.zeros((len(left) + 1, len(right) + 1), dtype=np.int64)
    cost[:, 0] = _GAP * np.arange(len(left) + 1)
    cost[0, :] = _GAP * np.arange(len(right) + 1)
    for i, (a, _) in enumerate(left, 1):
        for j, (b, _) in enumerate(right, 1):
            replaced = cost[i - 1, j - 1] + (0 if a == b else _MISMATCH)
            cost[i, j] = min(replaced, cost[i - 1, j] + _GAP, cost[i, j - 1] + _GAP)
    pairs = []
    i, j = len(left), len(right)
    while i > 0 and j > 0:
        pair = left[i - 1], right[j - 1]
        if cost[i, j] == cost[i - 1, j - 1] + (0 if pair[0][0] == pair[1][0] else _MISMATCH):
            pairs.append(pair)
            i, j = i - 1, j - 1
        elif cost[i, j] == cost[i - 1, j] + _GAP:
            i -= 1
        else:
            j -= 1
    return pairs[::-1]


def _fill(words: list[int], names: list[str]) -> list[int]:
    """Gives phones without a partner the word of the phone before them, else the first word."""
    last = 0
    for position, name in enumerate(names):
        if name == PAUSE:
            continue
        last = words[position] if words[position] >= 0 else last
        words[position] = last
    return words
