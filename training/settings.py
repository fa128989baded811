"""The settings of every stage, read from one TOML file each."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self

_ACCEPTED: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "str": (str,),
    "bool": (bool,),
    "float": (int, float),
}


class SettingsError(ValueError):
    """A settings file cannot be used; the message names the file and the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Section:
    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Raises SettingsError."""
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise SettingsError(f"{path}: {error}") from error
        return cls.from_values(values, str(path))

    @classmethod
    def from_values(cls, values: Mapping[str, Any], source: str) -> Self:
        known = {field.name: field for field in fields(cls)}
        for key in values.keys() - known.keys():
            raise SettingsError(f"{source}: {key}: unknown key")
        for name, field in known.items():
            if name not in values:
                raise SettingsError(f"{source}: {name}: is missing")
            value = values[name]
            if not isinstance(value, _ACCEPTED[str(field.type)]) or (
                isinstance(value, bool) and field.type != "bool"
            ):
                raise SettingsError(f"{source}: {name}: expected {field.type}, found {value!r}")
        return cls(**values)

    def keep(self, path: Path, may_change: Sequence[str] = ()) -> None:
        """Notes in `path` what files were made with.

        Raises SettingsError where they were made with other settings, outside `may_change`.
        """
        now = asdict(self)
        before = json.loads(path.read_text()) if path.exists() else now
        changed = [key for key in now if key not in may_change and before.get(key) != now[key]]
        if changed:
            listing = ", ".join(
                f"{key} was {before.get(key)!r}, is {now[key]!r}" for key in changed
            )
            raise SettingsError(f"{path}: made with other settings: {listing}; take another folder")
        path.write_text(json.dumps(now, indent=1) + "\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusSettings(_Section):
    """What is spoken, by whom, and how it is made regular."""

    seed: int
    voice: str  # of flite
    utterances: int
    held_out: int
    shard: int  # utterances per file
    unit_s: float  # a phone lasts a multiple of this


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisSettings(_Section):
    """How frames become codes."""

    seed: int
    utterances: int  # that the principal components and clusters are fitted to
    exponent: float  # an axis of variance v gets the spread v^(exponent / 2): 0 whitens, 1 keeps
    spread: float  # of the widest acoustic latent, where 1 is the whole range of levels
    clusters: int  # semantic codes
    rounds: int  # of k-means


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSettings(_Section):
    """What the codec's and the language model's training have in common."""

    seed: int
    steps: int
    batch: int
    learning_rate: float
    beta2: float
    weight_decay: float
    warm_up: int  # steps
    decay_from: float  # part of the steps after which the rate falls linearly
    final_rate: float  # part of learning_rate at the end
    clip: float  # norm of the gradient
    bfloat16: bool  # products in bfloat16, sums and weights in float32
    muon: bool  # for the matrices of the layers; AdamW for all else
    ema: float  # decay of the averaged weights; 0: no averaging
    log_every: int  # steps
    evaluate_every: int  # steps
    save_every_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CodecSettings(TrainingSettings):
    frames: int  # of a training crop
    skipped: int  # first frames of a crop without loss
    utterances: int  # whose samples are used
    waveform_weight: float
    noise: float  # largest standard deviation added to latents
    respelling: float  # softness at which frames are spelt beside other typical frames


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageSettings(TrainingSettings):
    utterances: int
    voice_rows: int
    times: int  # flow times per frame and step
    late_times: int  # the same while the rate falls, for accuracy
    grid_share: float  # part of them on the grid that the runtime integrates on
    drop_condition: float  # part of frames trained without condition, for guidance
    respelling: float  # softness (see there) at which fed back frames are spelt in other ways
    wrong_semantic: float  # part of fed back semantic codes that are replaced at random
    history_noise: float  # largest standard deviation of fed back latents
    lost_history: float  # part of fed back frames that are another frame
    softness: float  # squared distance at which a typical frame is a target e times less; 0: hard
    lower_case: float  # part of texts without capitals
    regression_weight: float  # of the linear read-out of latents, which is not shipped


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeSettings(_Section):
    """The numbers in which params.json differs from the published one."""

    dim: int
    n_layers: int
    n_heads: int
    n_kv_heads: int
    head_dim: int
    hidden_dim: int
    flow_dim: int
    flow_layers: int
    flow_heads: int
    flow_kv_heads: int
    flow_head_dim: int
    flow_hidden_dim: int
    codec_dim: int
    codec_heads: int
    codec_head_dim: int
    codec_hidden_dim: int
    semantic_codes: int
    semantic_dim: int
    max_seq_len: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeSettings(_Section):
    sentences: int  # of the held-out ones
    seeds: int  # noises of the flow head; each is spoken and judged
    max_frames: int
