"""Lets lowering write weights from where they lie instead of from copies.

ExecuTorch collects what delegates keep as bytes: each delegate a copy of its own, and they are one
only once all are there. The flow head's products are unrolled seven times, a delegate each on
XNNPACK, so that its fp32 weights lay in memory nine times. Here the tensor itself is collected.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from executorch.exir._serialize._cord import FileBackedData
from executorch.exir._serialize._named_data_store import NamedDataStore
from executorch.exir.tensor_layout import TensorLayout
from torch import Tensor, nn

_SMALLEST = 1 << 20  # bytes; copies of less do not matter


class TensorBytes(FileBackedData):  # type: ignore[misc]  # untyped
    """A contiguous tensor on the CPU as the data of a program: neither copied nor on disk.

    The store takes instances of the base class as they are; nothing of it but the type is used.
    """

    def __init__(self, tensor: Tensor, sha256: bytes | None = None) -> None:
        self._bytes = tensor.flatten().view(torch.uint8).numpy().data
        self._digest = sha256

    def __len__(self) -> int:
        return len(self._bytes)

    def prefix(self, size: int) -> bytes:
        return bytes(self._bytes[:size])

    def sha256(self) -> bytes:
        if self._digest is None:
            self._digest = hashlib.sha256(self._bytes).digest()
        return self._digest

    def to_bytes(self) -> bytes:
        return bytes(self._bytes)

    def write_to_file(self, outfile: io.BufferedIOBase) -> None:
        outfile.write(self._bytes)

    def close(self) -> None:
        """There is no file to remove."""


def _worth_it(tensor: Tensor) -> bool:
    return tensor.nbytes >= _SMALLEST and tensor.is_contiguous()


def _products(modules: Iterable[nn.Module]) -> dict[str, TensorBytes]:
    """SHA-256 in hexadecimal -> weight, the key under which XNNPACK's serializer adds it."""
    found: dict[str, TensorBytes] = {}
    seen: set[int] = set()
    for module in modules:
        for linear in module.modules():
            if not isinstance(linear, nn.Linear) or not _worth_it(linear.weight):
                continue
            if linear.weight.data_ptr() not in seen:
                seen.add(linear.weight.data_ptr())
                content = TensorBytes(linear.weight.detach())
                found[content.sha256().hex()] = content
    return found


@contextmanager
def weights_in_place(modules: Iterable[nn.Module]) -> Iterator[None]:
    """While it is entered, delegates keep the weights of products as `TensorBytes`.

    MLX's serializer hands tensors over; XNNPACK's bytes, which are looked up in `modules`.
    """
    known = _products(modules)
    original: Callable[..., None] = NamedDataStore.add_named_data

    def add(
        self: NamedDataStore,
        key: str,
        data: Any,
        alignment: int | None = 1,
        external_tag: str | None = None,
        tensor_layout: TensorLayout | None = None,
    ) -> None:
        if isinstance(data, Tensor) and _worth_it(data):
            tensor_layout = tensor_layout or TensorLayout.from_tensor(data)
            data = TensorBytes(data)
        elif isinstance(data, bytes):
            data = known.get(key, data)
        original(self, key, data, alignment, external_tag, tensor_layout)

    NamedDataStore.add_named_data = add
    try:
        yield
    finally:
        NamedDataStore.add_named_data = original
