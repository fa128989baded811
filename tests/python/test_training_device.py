"""The language stage on a device that is not the CPU.

Without a GPU, PyTorch's meta device stands for it: tensors there have shapes but no values. Some
operators would take them together with the CPU's, so every operator is watched. What this leaves
open: what a GPU refuses for other reasons, and its arithmetic.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from small_training import SIZES, TRAINING, encoder, language_settings, utterances
from training import workers
from training.language import LanguageTask
from training.sizes import config
from training.speech_model import SpeechModel

THERE = torch.device("meta")
COPIES = (torch.ops.aten._to_copy.default, torch.ops.aten.copy_.default)


class OneDevice(TorchDispatchMode):
    """Refuses operators on tensors of several devices, as a GPU does; numbers [] may be mixed."""

    def __torch_dispatch__(  # type: ignore[override]
        self, operator: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        tensors = [x for x in tree_leaves((args, kwargs)) if isinstance(x, torch.Tensor)]
        devices = {str(tensor.device) for tensor in tensors if tensor.ndim > 0}
        if len(devices) > 1 and operator not in COPIES:
            raise RuntimeError(f"{operator}: device is {' and '.join(sorted(devices))}")
        return operator(*args, **(kwargs or {}))


def task_on(device: torch.device) -> LanguageTask:
    items = utterances(8)
    model = SpeechModel(config(SIZES), 3, seed=0).to(device)
    return LanguageTask(model, encoder(), items, items[:4], language_settings(TRAINING))


@pytest.mark.parametrize("progress", [0.0, 0.9])
def test_a_batch_drawn_on_the_cpu_is_trained_where_the_model_is(progress: float) -> None:
    task = task_on(THERE)
    with OneDevice():
        loss, measures = task.loss(torch.Generator().manual_seed(0), progress)
        loss.backward()
    assert loss.device == THERE and loss.shape == ()
    assert {value.device for value in measures.values()} == {THERE}
    grads = [p.grad for p in task.module.parameters() if p.grad is not None]
    assert len(grads) > 20 and {grad.device for grad in grads} == {THERE}
    here = task_on(torch.device("cpu")).loss(torch.Generator().manual_seed(0), progress)[1]
    assert here.keys() == measures.keys()


def test_what_lies_on_the_wrong_device_is_noticed() -> None:
    """The test above can fail."""
    task = task_on(THERE)
    task._encoder_there = encoder()
    with OneDevice(), pytest.raises(RuntimeError, match="device"):
        task.loss(torch.Generator().manual_seed(0), 0.0)
    table, index = torch.zeros(3, 4, device=THERE), torch.tensor([1])
    assert torch.nn.functional.embedding(index, table).shape == (1, 4)  # PyTorch takes it
    with OneDevice(), pytest.raises(RuntimeError, match=r"embedding.*cpu and meta"):
        torch.nn.functional.embedding(index, table)


def test_the_device_is_a_gpu_where_there_is_one_and_one_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert workers.language_device("auto").type == "cpu"
    with pytest.raises(RuntimeError, match=r"--device cuda: PyTorch .* finds no GPU"):
        workers.language_device("cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert workers.language_device("auto").type == "cuda"
    assert workers.language_device("cpu").type == "cpu"
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert workers.language_device("auto").type == "cpu"
    with pytest.raises(RuntimeError, match="one process"):
        workers.language_device("cuda")
