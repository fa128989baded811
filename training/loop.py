"""The training loop: seeded by step, so that a resumed run is the uninterrupted one."""

from __future__ import annotations

import csv
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from . import workers
from .plots import plot_curves
from .settings import TrainingSettings

Figures = dict[str, float]
Measures = dict[str, Tensor]  # figures [] that lie where they were computed, without a gradient


class Task(Protocol):
    """What is trained."""

    module: nn.Module

    def loss(self, generator: torch.Generator, progress: float) -> tuple[Tensor, Measures]:
        """The loss of one random batch; `progress` is the part of the steps done."""

    def evaluate(self) -> Figures:
        """Figures on held-out utterances, with the module as it is."""


class Trainer:
    """Runs a task up to settings.steps from wherever the checkpoint in `folder` stands.

    Without one, it starts from the weights in start.pt if that is there, else from random ones.
    """

    def __init__(self, task: Task, settings: TrainingSettings, folder: Path) -> None:
        self.task, self.settings, self.folder = task, settings, folder
        self.device = next(task.module.parameters()).device
        workers.join()
        folder.mkdir(parents=True, exist_ok=True)
        self.checkpoint, self.log = folder / "checkpoint.pt", folder / "log.csv"
        self.optimizers = _optimizers(task.module, settings)
        self.average = {n: p.detach().clone() for n, p in task.module.named_parameters()}
        self.step = 0
        self._sums: Figures = {}  # of the figures since they were last written
        if self.checkpoint.exists():
            self._load()
        else:
            self._forget_later_records()
            if (start := folder / "start.pt").exists():
                task.module.load_state_dict(_loaded(start))
                self.average = {n: p.detach().clone() for n, p in task.module.named_parameters()}

    def run(self, until_step: int | None = None) -> None:
        settings = self.settings
        last = settings.steps if until_step is None else min(until_step, settings.steps)
        saved, started, first = time.monotonic(), time.monotonic(), self.step
        sums = self._sums
        while self.step < last:
            for name, value in self._train_step().items():
                sums[name] = sums.get(name, 0.0) + value
            if self.step % settings.log_every == 0:
                rate = (self.step - first) / (time.monotonic() - started)
                self._record({n: v / settings.log_every for n, v in sums.items()}, rate)
                sums.clear()
            if workers.rank() > 0:
                continue
            if self.step % settings.evaluate_every == 0 or self.step == settings.steps:
                self._record({f"held-out {n}": v for n, v in self.evaluate().items()}, 0.0)
                plot_curves(self.log, self.folder / "curves.png")
            if self.step == int(settings.decay_from * settings.steps):
                self.save()  # from here a longer run could start
                shutil.copy(self.checkpoint, self.folder / "before_decay.pt")
            if time.monotonic() - saved > settings.save_every_s:
                self.save()
                saved = time.monotonic()
        self.save()

    def _train_step(self) -> Figures:
        settings = self.settings
        seed = (settings.seed << 32) + self.step * workers.count() + workers.rank()
        generator = torch.Generator().manual_seed(seed)
        torch.manual_seed(seed)
        rate = learning_rate(self.step, settings)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate
            optimizer.zero_grad(set_to_none=True)
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=settings.bfloat16):
            loss, measures = self.task.loss(generator, self.step / settings.steps)
        loss.backward()
        workers.average_gradients(list(self.task.module.parameters()))
        norm = nn.utils.clip_grad_norm_(self.task.module.parameters(), settings.clip)
        for optimizer in self.optimizers:
            optimizer.step()
        self.step += 1
        self._update_average()
        return {name: float(value) for name, value in measures.items()} | {"gradient": float(norm)}

    def _update_average(self) -> None:
        # As slow as the settings say only once there is something to average over.
        decay = min(self.settings.ema, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            values = [p.detach() for _, p in self.task.module.named_parameters()]
            torch._foreach_lerp_(list(self.average.values()), values, 1 - decay)

    def evaluate(self) -> Figures:
        """The task's figures with the averaged weights."""
        return with_weights(self.task.module, self.average, self.task.evaluate)

    def _record(self, figures: Mapping[str, float], rate: float) -> None:
        if workers.rank() > 0:
            return
        new = not self.log.exists()
        with self.log.open("a", newline="") as file:
            writer = csv.writer(file)
            if new:
                writer.writerow(("step", "figure", "value"))
            writer.writerows((self.step, name, f"{value:.6g}") for name, value in figures.items())
        text = "  ".join(f"{name} {value:.4f}" for name, value in figures.items())
        speed = f"  {rate:.2f} steps/s" if rate else ""
        print(f"{self.folder.name} {self.step}: {text}{speed}", file=sys.stderr, flush=True)

    def save(self) -> None:
        if workers.rank() > 0:
            return
        state = {
            "step": self.step,
            "sums": self._sums,
            "module": self.task.module.state_dict(),
            "average": self.average,
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
        }
        partial = self.checkpoint.with_suffix(".part")
        torch.save(state, partial)
        partial.replace(self.checkpoint)

    def _load(self) -> None:
        state = _loaded(self.checkpoint)
        self.step, self._sums = state["step"], state.get("sums", {})
        self.task.module.load_state_dict(state["module"])
        self.average = {name: value.to(self.device) for name, value in state["average"].items()}
        for optimizer, content in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(content)
        self._forget_later_records()

    def _forget_later_records(self) -> None:
        if workers.rank() > 0 or not self.log.exists():
            return
        with self.log.open(newline="") as file:
            header, *rows = csv.reader(file)
        with self.log.open("w", newline="") as file:
            csv.writer(file).writerows([header, *(r for r in rows if int(r[0]) <= self.step)])


def _loaded(path: Path) -> Any:
    # What a GPU wrote is read without one.
    return torch.load(path, map_location="cpu", weights_only=True)


def load_average(module: nn.Module, checkpoint: Path) -> int:
    """Fills a module with the averaged weights of a checkpoint; returns its step."""
    state = _loaded(checkpoint)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            parameter.copy_(state["average"][name])
    return int(state["step"])


def with_weights(
    module: nn.Module, weights: Mapping[str, Tensor], call: Callable[[], Figures]
) -> Figures:
    """Calls with other weights in place."""
    own = {name: p.detach().clone() for name, p in module.named_parameters()}
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            parameter.copy_(weights[name])
        figures = call()
        for name, parameter in module.named_parameters():
            parameter.copy_(own[name])
    return figures


def learning_rate(step: int, settings: TrainingSettings) -> float:
    """Linear warm-up, constant, then linear down to final_rate of it."""
    start = settings.decay_from * settings.steps
    part = max(0.0, (step - start) / max(settings.steps - start, 1.0))
    factor = 1 - (1 - settings.final_rate) * min(part, 1.0)
    return settings.learning_rate * min(1.0, (step + 1) / settings.warm_up) * factor


def _optimizers(module: nn.Module, settings: TrainingSettings) -> list[torch.optim.Optimizer]:
    named = list(module.named_parameters())
    matrices = [p for n, p in named if settings.muon and p.ndim == 2 and "layers." in n]
    chosen = {id(p) for p in matrices}
    rest = [p for _, p in named if id(p) not in chosen]
    decayed = [p for p in rest if p.ndim > 1]
    plain = [p for p in rest if p.ndim <= 1]  # norms and scales
    common: dict[str, Any] = {"lr": settings.learning_rate}
    optimizers: list[torch.optim.Optimizer] = [
        torch.optim.AdamW(
            [
                {"params": decayed, "weight_decay": settings.weight_decay},
                {"params": plain, "weight_decay": 0.0},
            ],
            betas=(0.9, settings.beta2),
            fused=True,
            **common,
        )
    ]
    if matrices:
        optimizers.append(
            torch.optim.Muon(
                matrices,
                weight_decay=settings.weight_decay,
                adjust_lr_fn="match_rms_adamw",
                **common,
            )
        )
    return optimizers
