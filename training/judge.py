"""Judges a checkpoint by ear: flite, the corpus, the codec's round trip and the whole model.

All four say the same held-out sentences in one run and are heard by the same recogniser: first as
any English, then, as a second opinion, as a sentence of the grammar the texts are drawn from.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, fields
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch

from export.checkpoint import Checkpoint
from export.modules import VoxtralTTS
from export.noise import normal_frames

from .arrays import Floats
from .corpus import say
from .features import Encoder, to_codes
from .flite import SAMPLE_RATE_HZ, speak
from .hearing import Ear, periodicity, word_errors
from .sentences import sentence_grammar, spoken_words
from .settings import CorpusSettings, JudgeSettings
from .speech_model import prompt_ids

Say = Callable[[str], tuple[Floats, bool]]  # text -> samples at 24 kHz, and whether it ended


@dataclass
class Verdict:
    """What one way of speaking came to."""

    words: int = 0
    errors: int = 0
    errors_by_grammar: int = 0
    utterances: int = 0
    ended: int = 0
    seconds: float = 0.0
    periodicities: list[float] = field(default_factory=list)  # medians, one per utterance
    heard: list[tuple[str, str, str]] = field(default_factory=list)  # text, both opinions

    @property
    def word_error_rate(self) -> float:
        return self.errors / max(self.words, 1)

    @property
    def word_error_rate_by_grammar(self) -> float:
        return self.errors_by_grammar / max(self.words, 1)

    def add(
        self, text: str, samples: Floats, ended: bool, heard: list[str], by_grammar: list[str]
    ) -> None:
        words = spoken_words(text)
        self.words += len(words)
        self.errors += word_errors(words, heard)
        self.errors_by_grammar += word_errors(words, by_grammar)
        self.utterances += 1
        self.ended += ended
        self.seconds += len(samples) / SAMPLE_RATE_HZ
        voiced = periodicity(samples)
        self.periodicities.append(float(np.median(voiced)) if len(voiced) else 0.0)
        self.heard.append((text, " ".join(heard), " ".join(by_grammar)))

    def merge(self, other: Verdict) -> None:
        """Adds what another verdict on the same way came to."""
        for entry in fields(self):
            setattr(self, entry.name, getattr(self, entry.name) + getattr(other, entry.name))

    def report(self) -> dict[str, Any]:
        rates = {"WER": self.word_error_rate, "WER by grammar": self.word_error_rate_by_grammar}
        return rates | asdict(self)

    def summary(self) -> str:
        return (
            f"WER {self.word_error_rate:.3f} ({self.errors} of {self.words})  "
            f"by grammar {self.word_error_rate_by_grammar:.3f}  "
            f"periodicity {np.median(self.periodicities):.3f}  "
            f"ended {self.ended} of {self.utterances}  {self.seconds:.1f} s"
        )


@dataclass(frozen=True)
class AllWays:
    """Makes every way in which a checkpoint and its exports are judged; can be pickled."""

    checkpoint: Path
    corpus: CorpusSettings
    settings: JudgeSettings
    encoder: Path  # used where it exists
    runner: Path
    programs: tuple[Path, ...] = ()

    def __call__(self) -> dict[str, Say]:
        encoder = Encoder.load(self.encoder) if self.encoder.exists() else None
        ways = ways_without_model(self.corpus)
        ways |= ways_of_checkpoint(
            self.checkpoint, self.corpus.voice, self.corpus, encoder, self.settings
        )
        for folder in self.programs:
            ways |= ways_of_program(self.runner, folder.resolve(), self.settings)
        return ways


def ways_without_model(corpus: CorpusSettings) -> dict[str, Say]:
    return {
        "flite": lambda text: (speak(text, corpus.voice).samples, True),
        "corpus": lambda text: (say(text, corpus), True),
    }


def ways_of_checkpoint(
    folder: Path,
    voice: str,
    corpus: CorpusSettings,
    encoder: Encoder | None,
    settings: JudgeSettings,
) -> dict[str, Say]:
    """The codec's round trip, where there is an encoder, and the whole model once per seed."""
    with Checkpoint(folder) as checkpoint:
        model = VoxtralTTS.from_checkpoint(checkpoint, max_seq_len=1024)
        rows = checkpoint.voice(voice)

    def round_trip(encoder: Encoder) -> Say:
        @torch.no_grad()
        def speak_text(text: str) -> tuple[Floats, bool]:
            codes = to_codes(encoder.encode(torch.from_numpy(say(text, corpus))))
            return model.codec.decode(codes.T[None])[0].numpy(), True

        return speak_text

    def whole(seed: int) -> Say:
        @torch.no_grad()
        def speak_text(text: str) -> tuple[Floats, bool]:
            noise = torch.from_numpy(normal_frames(seed, settings.max_frames))  # the runner's own
            prompt = model.prompt_embeddings(prompt_ids(text, len(rows)), rows)
            codes = model.generate(prompt, noise)
            samples = model.codec.decode(codes.T[None])[0].numpy() if len(codes) else np.zeros(1920)
            return samples, len(codes) < settings.max_frames

        return speak_text

    models = {f"model, seed {seed}": whole(seed) for seed in range(settings.seeds)}
    return ({} if encoder is None else {"codec": round_trip(encoder)}) | models


def ways_of_program(runner: Path, folder: Path, settings: JudgeSettings) -> dict[str, Say]:
    """An exported folder, spoken by the command line program, once per seed."""

    def whole(seed: int) -> Say:
        def speak_text(text: str) -> tuple[Floats, bool]:
            with tempfile.TemporaryDirectory() as temporary:
                raw, stats = Path(temporary) / "speech.f32", Path(temporary) / "stats.json"
                files = ["--model", folder / "model.pte", "--codec", folder / "codec_decoder.pte"]
                limits = ["--seed", seed, "--max-frames", settings.max_frames, "--threads", 1]
                output = ["--format", "f32le", "--output", raw, "--stats-json", stats, "--quiet"]
                command = [runner.resolve(), "--text", text, *files, *limits, *output]
                done = subprocess.run([str(x) for x in command], capture_output=True, text=True)
                if not stats.exists():
                    raise RuntimeError(f"{runner}: {done.stderr.strip()}")
                finished = json.loads(stats.read_text())["finish_reason"] == "end_of_audio"
                return np.fromfile(raw, dtype="<f4"), finished

        return speak_text

    return {f"{folder.name}, seed {seed}": whole(seed) for seed in range(settings.seeds)}


def judge(
    texts: Iterable[str], ways: Callable[[], dict[str, Say]], report: Path, processes: int = 1
) -> dict[str, Verdict]:
    """Speaks and hears every text in every way; writes a JSON report as it goes.

    Each process calls `ways`, which has to be picklable; what it returns need not be.
    """
    verdicts: dict[str, Verdict] = {}
    # Not forked: a process with threads, as PyTorch has them, may hang then, and on macOS does.
    with get_context("spawn").Pool(processes, _begin, (ways,)) as pool:
        for text, said in pool.imap(_judge_one, texts):
            for name, verdict in said.items():
                verdicts.setdefault(name, Verdict()).merge(verdict)
            print(f"judged: {text}", file=sys.stderr, flush=True)
            content = {name: verdict.report() for name, verdict in verdicts.items()}
            report.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return verdicts


_process: dict[str, Any] = {}  # what a process of the pool judges with


def _begin(ways: Callable[[], dict[str, Say]]) -> None:
    torch.set_num_threads(1)
    _process.update(ways=ways(), ears=(Ear(), Ear(sentence_grammar())))


def _judge_one(text: str) -> tuple[str, dict[str, Verdict]]:
    said = {}
    for name, say_text in _process["ways"].items():
        samples, ended = say_text(text)
        said[name] = Verdict()
        said[name].add(text, samples, ended, *(ear.hear(samples) for ear in _process["ears"]))
    return text, said
