"""The operators that stand between CPU delegates, registered for ahead-of-time export.

The definitions here are the eager reference; `cpp/operators/` holds the run-time kernels.
Shapes: q [B, T, H, D], k and v [B, T, Hkv, D], caches [B, capacity, Hkv, D], out [B, T, H*D];
attend_all takes other numbers of rows for q than for k and v.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.library import Library, register_fake

from .packed_weights import PackedWeights, unpack

_LIBRARY = Library("voxtral_tts", "DEF")
_ATTEND = (
    "(Tensor q, Tensor k, Tensor v, Tensor(a!) k_cache, Tensor(b!) v_cache, "
    "Tensor position, Tensor? rope, Tensor? slopes, int window"
)
_LIBRARY.define(f"attend{_ATTEND}) -> Tensor")
_LIBRARY.define(f"attend.out{_ATTEND}, *, Tensor(c!) out) -> Tensor(c!)")
_LIBRARY.define("attend_all(Tensor q, Tensor k, Tensor v) -> Tensor")
_LIBRARY.define("attend_all.out(Tensor q, Tensor k, Tensor v, *, Tensor(a!) out) -> Tensor(a!)")
_LIBRARY.define("rms_norm(Tensor x, Tensor weight, float eps) -> Tensor")
_LIBRARY.define("rms_norm.out(Tensor x, Tensor weight, float eps, *, Tensor(a!) out) -> Tensor(a!)")
_LINEAR = (
    "(Tensor x, Tensor weight, Tensor scales, Tensor sums, int bits, int group_size, int columns"
)
_LIBRARY.define(f"linear{_LINEAR}) -> Tensor")
_LIBRARY.define(f"linear.out{_LINEAR}, *, Tensor(a!) out) -> Tensor(a!)")
_LIBRARY.define("swiglu(Tensor x) -> Tensor")
_LIBRARY.define("swiglu.out(Tensor x, *, Tensor(a!) out) -> Tensor(a!)")


def _rotate(x: Tensor, table: Tensor) -> Tensor:
    cos, sin = (half[None, :, None] for half in table.chunk(2, -1))
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2)


def _softmax_attend(q: Tensor, k: Tensor, v: Tensor, bias: Tensor) -> Tensor:
    groups = q.shape[2] // k.shape[2]
    k, v = k.repeat_interleave(groups, 2), v.repeat_interleave(groups, 2)
    scores = torch.einsum("bthd,bshd->bhts", q, k) / q.shape[-1] ** 0.5 + bias
    return torch.einsum("bhts,bshd->bthd", scores.softmax(-1), v).flatten(2)


def _attend(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    k_cache: Tensor,
    v_cache: Tensor,
    position: Tensor,
    rope: Tensor | None,
    slopes: Tensor | None,
    window: int,
) -> Tensor:
    start, rows, capacity = int(position[0]), q.shape[1], k_cache.shape[1]
    if rope is not None:
        q, k = (_rotate(x, rope[start : start + rows]) for x in (q, k))
    written = torch.arange(start, start + rows)[-capacity:] % capacity
    if window > 0:  # a ring: new rows overwrite rows that are still read
        first = max(0, start - capacity)
        filled = torch.arange(first, start) % capacity
        keys, values = torch.cat((k_cache[:, filled], k), 1), torch.cat((v_cache[:, filled], v), 1)
    k_cache[:, written], v_cache[:, written] = (t[:, -capacity:].to(k_cache.dtype) for t in (k, v))
    if window == 0:  # every row is read as the cache holds it
        first = 0
        keys, values = (cache[:, : start + rows].float() for cache in (k_cache, v_cache))
    distance = torch.arange(first, start + rows)[None] - torch.arange(start, start + rows)[:, None]
    masked = (distance > 0) | ((distance < -window) if window > 0 else False)
    bias = torch.zeros(1, *distance.shape) if slopes is None else slopes[:, None, None] * distance
    return _softmax_attend(q, keys, values, bias.masked_fill(masked, float("-inf")))


def _attend_all(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return _softmax_attend(q, k, v, torch.zeros(()))


def _rms_norm(x: Tensor, weight: Tensor, eps: float) -> Tensor:
    y = x.float()
    return (y * torch.rsqrt(y.pow(2).mean(-1, keepdim=True) + eps)).to(x.dtype) * weight


def _linear(
    x: Tensor,
    weight: Tensor,
    scales: Tensor,
    sums: Tensor,
    bits: int,
    group_size: int,
    columns: int,
) -> Tensor:
    ops = torch.ops.quantized_decomposed
    packed = PackedWeights(weight, scales, sums, bits, group_size, columns)
    scale, zero = ops.choose_qparams_per_token_asymmetric(x, torch.int8)
    q = ops.quantize_per_token(x, scale, zero, -128, 127, torch.int8)
    x = ops.dequantize_per_token(q, scale, zero, -128, 127, torch.int8, torch.float32)
    return torch.nn.functional.linear(x, unpack(packed, x.shape[-1]))


def _swiglu(x: Tensor) -> Tensor:
    gate, up = x.chunk(2, -1)
    return torch.nn.functional.silu(gate) * up


for _name, _function in (
    ("attend", _attend),
    ("attend_all", _attend_all),
    ("linear", _linear),
    ("rms_norm", _rms_norm),
    ("swiglu", _swiglu),
):

    def _out(*args: object, out: Tensor, _function=_function) -> Tensor:  # type: ignore[no-untyped-def]
        return out.copy_(_function(*args))

    _LIBRARY.impl(_name, _function, "CompositeExplicitAutograd")
    _LIBRARY.impl(f"{_name}.out", _out, "CompositeExplicitAutograd")


@register_fake("voxtral_tts::attend", lib=_LIBRARY)
def _(q, k, v, k_cache, v_cache, position, rope, slopes, window):  # type: ignore[no-untyped-def]
    return q.new_empty(q.shape[0], q.shape[1], q.shape[2] * q.shape[3])


@register_fake("voxtral_tts::attend_all", lib=_LIBRARY)
def _(q, k, v):  # type: ignore[no-untyped-def]
    return q.new_empty(q.shape[0], q.shape[1], q.shape[2] * q.shape[3])


@register_fake("voxtral_tts::linear", lib=_LIBRARY)
def _(x, weight, scales, sums, bits, group_size, columns):  # type: ignore[no-untyped-def]
    return x.new_empty(*x.shape[:-1], columns)


@register_fake("voxtral_tts::rms_norm", lib=_LIBRARY)
def _(x, weight, eps):  # type: ignore[no-untyped-def]
    return torch.empty_like(x)


@register_fake("voxtral_tts::swiglu", lib=_LIBRARY)
def _(x):  # type: ignore[no-untyped-def]
    return x.new_empty(*x.shape[:-1], x.shape[-1] // 2)
