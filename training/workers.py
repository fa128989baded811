"""Several processes, one per core, that train on parts of each batch.

Started by torchrun; without it there is one worker. Two threads of one process would wait for
each other in every operation, which is much slower on a machine that does other work as well.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Sequence

import torch
import torch.distributed as dist
from torch import nn


def count() -> int:
    return int(os.environ.get("WORLD_SIZE", "1"))


def rank() -> int:
    return int(os.environ.get("RANK", "0"))


def join() -> None:
    """Connects the workers; does nothing for one. Gradients are summed on the CPU."""
    if count() > 1 and not dist.is_initialized():
        # A stage that one of them works on alone may take hours.
        dist.init_process_group("gloo", timeout=datetime.timedelta(days=7))


def wait() -> None:
    """Until every worker is here."""
    if count() > 1:
        dist.barrier()


def share(batch: int) -> int:
    """This worker's part of a batch."""
    return max(1, batch // count())


def language_device(asked: str) -> torch.device:
    """Where the language model is trained: "auto" is a GPU if there is one and one worker."""
    if asked == "auto":
        asked = "cuda" if torch.cuda.is_available() and count() == 1 else "cpu"
    if asked == "cuda" and not torch.cuda.is_available():
        raise RuntimeError(
            f"--device cuda: PyTorch {torch.__version__} finds no GPU; "
            'see "On a GPU" in docs/small-voice.md'
        )
    if asked == "cuda" and count() > 1:
        raise RuntimeError("--device cuda: is for one process; start it without torchrun")
    return torch.device(asked)


@torch.no_grad()
def average_gradients(parameters: Sequence[nn.Parameter]) -> None:
    """Every worker goes on with the mean of all workers' gradients."""
    if count() == 1:
        return
    grads = [p.grad if p.grad is not None else torch.zeros_like(p) for p in parameters]
    flat = torch.cat([grad.flatten() for grad in grads])
    dist.all_reduce(flat)
    flat /= count()
    for p, part in zip(parameters, flat.split([p.numel() for p in parameters]), strict=True):
        p.grad = part.view_as(p)
