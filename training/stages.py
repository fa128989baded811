"""The stages of a training, each of which continues where it was stopped."""

from __future__ import annotations

import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import torch

from export.config import VoxtralConfig

from . import workers
from .codec import CodecTask, Item, new_codec
from .corpus import HELD_OUT, Shard, make_corpus, read_shard, read_training
from .features import Codes, Encoder, fit, to_codes
from .judge import AllWays, judge
from .language import LanguageTask, Spoken, echo
from .loop import Trainer, load_average
from .pictures import plot_spectrograms
from .publish import publish
from .sentences import GREETING, make_texts
from .settings import (
    AnalysisSettings,
    CodecSettings,
    CorpusSettings,
    JudgeSettings,
    LanguageSettings,
    SettingsError,
    SizeSettings,
)
from .sizes import config, params
from .speech_model import SpeechModel

_HELD_OUT_CODEC = 12  # utterances: its figures need no more


@dataclass(frozen=True)
class Workshop:
    """The settings of a training and the folder where its data and checkpoints lie."""

    configs: Path
    work: Path
    runner: Path = Path("voxtral_tts_runner")
    programs: tuple[Path, ...] = ()  # exported folders that the judge hears as well
    device: str = "auto"  # of the language stage: auto, cpu or cuda
    published: Path | None = None  # the checkpoint, where it is not DIR/checkpoint

    @property
    def corpus(self) -> CorpusSettings:
        return CorpusSettings.from_file(self.configs / "corpus.toml")

    @property
    def sizes(self) -> SizeSettings:
        return SizeSettings.from_file(self.configs / "sizes.toml")

    @property
    def model_config(self) -> VoxtralConfig:
        return config(self.sizes)

    @property
    def shards(self) -> Path:
        return self.work / "corpus"

    @property
    def encoder(self) -> Path:
        return self.work / "encoder.pt"

    @property
    def checkpoint(self) -> Path:
        return self.published or self.work / "checkpoint"

    def check_utterances(self, stage: str, wanted: int) -> None:
        """Raises SettingsError where a stage asks for more than the corpus has."""
        if wanted > self.corpus.utterances:
            raise SettingsError(
                f"{self.configs / stage}.toml: utterances: {wanted}, but corpus.toml makes "
                f"{self.corpus.utterances}; change one of them"
            )

    def trained_codec(self) -> Path:
        return self.work / "codec" / "checkpoint.pt"

    def polished_codec(self) -> Path:
        return self.work / "polish" / "checkpoint.pt"

    def trained_language(self) -> Path:
        return self.work / "language" / "checkpoint.pt"

    def speech_model(self) -> SpeechModel:
        """As trained so far."""
        settings = LanguageSettings.from_file(self.configs / "language.toml")
        model = SpeechModel(self.model_config, settings.voice_rows, settings.seed)
        load_average(model, self.trained_language())
        return model


def run_corpus(shop: Workshop) -> None:
    settings = shop.corpus
    if workers.rank() == 0:
        if all(".part" in path.name for path in shop.shards.glob("*.npz")):
            (shop.work / "corpus.json").unlink(missing_ok=True)  # nothing was made with those
        # More utterances only append.
        settings.keep(shop.work / "corpus.json", may_change=("utterances",))
    workers.wait()
    make_corpus(settings, shop.shards, workers.rank(), workers.count())


def run_analysis(shop: Workshop) -> None:
    settings = AnalysisSettings.from_file(shop.configs / "analysis.toml")
    shop.check_utterances("analysis", settings.utterances)
    if shop.encoder.exists():
        settings.keep(shop.work / "encoder.json")
        return
    shards = read_training(shop.shards, settings.utterances)
    encoder = fit((_wave(s, i) for s in shards for i in range(len(s))), settings)
    (shop.work / "encoder.json").unlink(missing_ok=True)
    settings.keep(shop.work / "encoder.json")
    encoder.save(shop.encoder)


def run_codec(shop: Workshop) -> None:
    settings = CodecSettings.from_file(shop.configs / "codec.toml")
    shop.check_utterances("codec", settings.utterances)
    encoder = Encoder.load(shop.encoder)
    training = _spoken_items(read_training(shop.shards, settings.utterances), encoder)
    held_out = _spoken_items([read_shard(shop.shards / f"{HELD_OUT}.npz")], encoder)
    codec = new_codec(shop.model_config, settings.seed, encoder.centres)
    task = CodecTask(codec, encoder, training, held_out[:_HELD_OUT_CODEC], settings)
    Trainer(task, settings, shop.trained_codec().parent).run()


def run_polish(shop: Workshop) -> None:
    """The decoder goes on with codes as the language model says them, beside the true ones."""
    settings = CodecSettings.from_file(shop.configs / "polish.toml")
    shop.check_utterances("polish", settings.utterances)
    encoder, model = Encoder.load(shop.encoder), shop.speech_model()
    folder = shop.polished_codec().parent
    folder.mkdir(exist_ok=True)
    codec = new_codec(shop.model_config, settings.seed)
    if workers.rank() == 0 and not (folder / "start.pt").exists():
        load_average(codec, shop.trained_codec())
        torch.save(codec.state_dict(), folder / "start.part")
        (folder / "start.part").replace(folder / "start.pt")
    workers.wait()
    generator = torch.Generator().manual_seed(0)

    def items(shard: Shard) -> list[Item]:
        spoken = _spoken_items([shard], encoder)
        return _echoes(model, shard.texts, spoken, generator)

    shards = list(read_training(shop.shards, settings.utterances))
    training = _spoken_items(shards, encoder) + [x for s in shards for x in items(s)]
    held_out = items(read_shard(shop.shards / f"{HELD_OUT}.npz"))[:_HELD_OUT_CODEC]
    Trainer(CodecTask(codec, encoder, training, held_out, settings), settings, folder).run()


def _spoken_items(shards: Iterable[Shard], encoder: Encoder) -> list[Item]:
    waves = (_wave(shard, i) for shard in shards for i in range(len(shard)))
    return [Item(wave, encoder.encode(wave)) for wave in waves]


@torch.no_grad()
def _echoes(
    model: SpeechModel, texts: Sequence[str], items: Sequence[Item], generator: torch.Generator
) -> list[Item]:
    said = []
    for text, item in zip(texts, items, strict=True):
        (codes,) = echo(model, [text], [to_codes(item.codes)], generator)
        said.append(Item(item.samples, codes))
    return said


def run_codes(shop: Workshop) -> None:
    """Codes of every shard that is there: 74 bytes a frame, all that the language model needs."""
    encoder = Encoder.load(shop.encoder)
    (shop.work / "codes").mkdir(exist_ok=True)
    for path in sorted(shop.shards.glob("*.npz")):
        output = shop.work / "codes" / f"{path.stem}.pt"
        if path.name.endswith(".part.npz") or output.exists():
            continue
        shard = read_shard(path)
        rows = []
        for index, text in enumerate(shard.texts):
            codes = encoder.encode(_wave(shard, index))
            rows.append((text, codes.semantic.short(), codes.latents.half()))
        partial = output.with_suffix(".part")
        torch.save(rows, partial)
        partial.replace(output)


def read_codes(path: Path) -> list[Spoken]:
    rows = torch.load(path, weights_only=True)
    return [Spoken(t, Codes(semantic.long(), latents.float())) for t, semantic, latents in rows]


def run_language(shop: Workshop) -> None:
    settings = LanguageSettings.from_file(shop.configs / "language.toml")
    shop.check_utterances("language", settings.utterances)
    codes = shop.work / "codes"
    count = -(-settings.utterances // shop.corpus.shard)
    training = [x for n in range(count) for x in read_codes(codes / f"shard_{n:04d}.pt")]
    held_out = read_codes(codes / f"{HELD_OUT}.pt")
    encoder = Encoder.load(shop.encoder)
    device = workers.language_device(shop.device)
    print(f"language: trained on {device}", file=sys.stderr, flush=True)
    model = SpeechModel(shop.model_config, settings.voice_rows, settings.seed).to(device)
    folder = shop.trained_language().parent
    Trainer(LanguageTask(model, encoder, training, held_out, settings), settings, folder).run()


def run_publish(shop: Workshop) -> None:
    codec = new_codec(shop.model_config, 0)
    polished = shop.polished_codec()
    load_average(codec, polished if polished.exists() else shop.trained_codec())
    voice = shop.corpus.voice
    publish(
        shop.work / "checkpoint", params(shop.sizes, (voice,)), shop.speech_model(), codec, voice
    )


def run_judge(shop: Workshop) -> None:
    settings = JudgeSettings.from_file(shop.configs / "judge.toml")
    corpus = shop.corpus
    texts = make_texts(0, corpus.held_out, corpus.seed).held_out[: settings.sentences]
    if shop.programs:
        _check_programs(shop.programs, shop.runner)
    programs = tuple(shop.programs)
    ways = AllWays(shop.checkpoint, corpus, settings, shop.encoder, shop.runner, programs)
    first = {name: say(GREETING)[0] for name, say in islice(ways().items(), 4)}
    plot_spectrograms(first, GREETING, shop.work / "spectrograms.png")
    own = hasattr(os, "sched_getaffinity")
    processes = len(os.sched_getaffinity(0)) if own else os.cpu_count() or 1
    verdicts = judge(texts, ways, shop.work / "judge.json", processes)
    for name, verdict in verdicts.items():
        print(f"{name}: {verdict.summary()}")


def _check_programs(folders: Sequence[Path], runner: Path) -> None:
    if shutil.which(runner.absolute()) is None:
        raise RuntimeError(f"--runner {runner}: is no program; 'make build' makes one")
    for folder in folders:
        if not (folder / "model.pte").exists():
            raise RuntimeError(
                f"--program {folder}: holds no model.pte; export one with --output-dir"
            )
    name, uses = Counter(folder.resolve().name for folder in folders).most_common(1)[0]
    if uses > 1:
        raise RuntimeError(f"--program: {uses} folders are called {name}; give each its own name")


def _wave(shard: Shard, index: int) -> torch.Tensor:
    return torch.from_numpy(shard.wave(index))


SHARED = ("corpus", "codec", "language", "polish")
"""Stages that several workers share; the first worker does the others."""
STAGES: dict[str, Callable[[Workshop], None]] = {
    "corpus": run_corpus,
    "analysis": run_analysis,
    "codec": run_codec,
    "codes": run_codes,
    "language": run_language,
    "polish": run_polish,
    "publish": run_publish,
    "judge": run_judge,
}
