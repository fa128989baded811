"""The corpus: utterances of flite said again, in shards of a fixed number."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .arrays import Floats, Integers
from .flite import speak
from .rhythm import snap
from .sentences import make_texts
from .settings import CorpusSettings
from .vocoder import analyse, synthesise

_FULL_SCALE = 32767
HELD_OUT = "held_out"


@dataclass(frozen=True, slots=True)
class Shard:
    texts: tuple[str, ...]
    starts: Integers  # [utterances + 1], in samples
    samples: Integers  # int16, 24 kHz, one utterance after the other, whole frames each

    def __len__(self) -> int:
        return len(self.texts)

    def wave(self, index: int) -> Floats:
        """The samples of one utterance, -1 to 1."""
        part = self.samples[self.starts[index] : self.starts[index + 1]]
        return part.astype(np.float32) / _FULL_SCALE


def say(text: str, settings: CorpusSettings) -> Floats:
    """A text as the corpus has it: snapped rhythm, locked pitch; whole frames at 24 kHz."""
    utterance = speak(text, settings.voice)
    old, new = snap(utterance.phones, settings.unit_s)
    return synthesise(analyse(utterance.samples).warped(old, new))


def make_corpus(settings: CorpusSettings, folder: Path, worker: int = 0, workers: int = 1) -> None:
    """Writes the shards that are not there yet; of several workers each does every n-th."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = make_texts(settings.utterances, settings.held_out, settings.seed)
    jobs = [(folder / f"{HELD_OUT}.npz", texts.held_out)]
    for number, start in enumerate(range(0, len(texts.training), settings.shard)):
        part = texts.training[start : start + settings.shard]
        jobs.append((folder / f"shard_{number:04d}.npz", part))
    for path, part in jobs[worker::workers]:
        if not path.exists():
            _write(path, part, settings)
            print(f"{path.name}: {len(part)} utterances", file=sys.stderr, flush=True)


def _write(path: Path, texts: tuple[str, ...], settings: CorpusSettings) -> None:
    waves = [say(text, settings) for text in texts]
    starts = np.cumsum([0, *(len(wave) for wave in waves)])
    joined = np.concatenate(waves) * _FULL_SCALE
    clipped = np.clip(np.rint(joined), -_FULL_SCALE, _FULL_SCALE).astype(np.int16)
    partial = path.with_suffix(".part.npz")
    np.savez(partial, texts=np.array(texts), starts=starts, samples=clipped)
    partial.replace(path)


def read_shard(path: Path) -> Shard:
    with np.load(path) as file:
        return Shard(tuple(str(t) for t in file["texts"]), file["starts"], file["samples"])


def read_training(folder: Path, utterances: int) -> Iterator[Shard]:
    """The first shards, until they hold `utterances`. Raises FileNotFoundError when too few."""
    number = 0
    while utterances > 0:
        shard = read_shard(folder / f"shard_{number:04d}.npz")
        yield shard
        utterances -= len(shard)
        number += 1
