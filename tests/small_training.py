"""A model small enough to train within a test, and utterances for it."""

from __future__ import annotations

import torch

from training.features import Codes, Encoder
from training.language import Spoken
from training.settings import LanguageSettings, SizeSettings, TrainingSettings

SIZES = SizeSettings(
    dim=32,
    n_layers=2,
    n_heads=2,
    n_kv_heads=1,
    head_dim=16,
    hidden_dim=64,
    flow_dim=32,
    flow_layers=2,
    flow_heads=2,
    flow_kv_heads=1,
    flow_head_dim=16,
    flow_hidden_dim=32,
    codec_dim=32,
    codec_heads=4,
    codec_head_dim=8,
    codec_hidden_dim=32,
    semantic_codes=16,
    semantic_dim=8,
    max_seq_len=256,
)

TRAINING = TrainingSettings(
    seed=3,
    steps=8,
    batch=4,
    learning_rate=0.01,
    beta2=0.99,
    weight_decay=0.1,
    warm_up=2,
    decay_from=0.5,
    final_rate=0.1,
    clip=1.0,
    bfloat16=False,
    muon=False,
    ema=0.9,
    log_every=2,
    evaluate_every=4,
    save_every_s=1000,
)


def utterances(count: int) -> list[Spoken]:
    generator = torch.Generator().manual_seed(1)
    return [
        Spoken(
            text,
            Codes(
                torch.randint(16, (3 + i % 4,), generator=generator),
                torch.rand(3 + i % 4, 36, generator=generator) * 2 - 1,
            ),
        )
        for i, text in enumerate(["Hello.", "Good night.", "Où?", "Yes."] * (count // 4))
    ]


def encoder() -> Encoder:
    """One with random typical frames, as many as SIZES has semantic codes."""
    generator = torch.Generator().manual_seed(2)
    mean, basis = torch.zeros(512), torch.eye(512)[:, :36]
    centres = torch.randn(SIZES.semantic_codes, 36, generator=generator) * 0.1
    return Encoder(mean, basis, torch.ones(36), centres, torch.tensor(5.0))


def language_settings(training: TrainingSettings) -> LanguageSettings:
    shared = {name: getattr(training, name) for name in TrainingSettings.__dataclass_fields__}
    return LanguageSettings(
        **shared,
        utterances=8,
        voice_rows=3,
        times=1,
        late_times=2,
        grid_share=0.5,
        drop_condition=0.1,
        respelling=0.1,
        wrong_semantic=0.1,
        history_noise=0.1,
        lost_history=0.1,
        softness=0.1,
        lower_case=0.1,
        regression_weight=1.0,
    )
