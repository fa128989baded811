"""The small voice, exported in any way, and what it says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

import exporting
from training.sentences import make_texts
from training.settings import CorpusSettings
from voxtral_tts import Runner

CHECKPOINT = exporting.ROOT / "assets" / "small_voice"

# Those of the Makefile.
PACKAGED_FLAGS = ("--backend", "xnnpack", "--qlinear", "8da8w", "--qembedding", "8w")
PACKAGED_FLAGS += ("--qlinear-codec", "8da8w")
CORPUS = CorpusSettings.from_file(exporting.ROOT / "training/configs/small_voice/corpus.toml")
HELD_OUT = make_texts(0, CORPUS.held_out, CORPUS.seed).held_out  # none is a training text
MAX_FRAMES = 100  # 8 s; the longest held-out sentence takes flite 4.1


@dataclass(frozen=True)
class Said:
    samples: np.ndarray  # [N], 24 kHz
    codes: np.ndarray  # [frames, 37]
    ended: bool  # by itself


def export_voice(*flags: str) -> Path:
    """An exported folder of the small voice."""
    files = sorted(path for path in CHECKPOINT.rglob("*") if path.is_file())
    contents = [path.read_bytes() for path in files]
    key = exporting.digest(*contents, exporting.sources(), " ".join(flags).encode())
    return exporting.cached(
        f"exports/{key}", lambda folder: exporting.export(CHECKPOINT, folder, *flags)
    )


def say(runner: Runner, text: str, *, seed: int = 0, chunk_frames: int = 0) -> Said:
    audio = runner.synthesize(text, seed=seed, max_frames=MAX_FRAMES, chunk_frames=chunk_frames)
    return Said(audio.samples, audio.codes, audio.stats.finish_reason == "end_of_audio")
