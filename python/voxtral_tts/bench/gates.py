"""Limits on counts, which hold on a busy machine too. Each raises GateError, else says nothing."""

from __future__ import annotations

from collections.abc import Sequence


class GateError(AssertionError):
    """A count is beyond its limit; the message has both."""


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise GateError(message)


def one_execute_per_frame(executes: int, frames: int) -> None:
    """`executes` of `step` for `frames` frames, those of a prompt left out."""
    _require(executes == frames, f"{executes} executes of step for {frames} frames: one each")


def decoded_once(decoded: int, emitted: int) -> None:
    """Frames that the codec decoded, and frames whose samples came out."""
    _require(decoded == emitted, f"{decoded} frames decoded, {emitted} emitted: as many")


def allocations(ours: Sequence[int], runtime: Sequence[int], runtime_limit: int) -> None:
    """Of each frame: ours none, the runtime's at most as many as measured."""
    _require(len(ours) > 0, "no frame was counted")
    _require(max(ours) == 0, f"{max(ours)} allocations of ours in a frame: none")
    _require(
        max(runtime) <= runtime_limit,
        f"{max(runtime)} allocations of the runtime in a frame: at most {runtime_limit}",
    )


def weights_read(read: int, least: int, tolerance: float = 0.02) -> None:
    """Bytes that a program reads per frame, against a formula's; small constants come on top."""
    _require(
        least <= read <= least * (1 + tolerance),
        f"{read} bytes of weights per frame, {least} by the formula: at most {tolerance:.0%} more",
    )


def same_chunks(fast: Sequence[int], slow: Sequence[int]) -> None:
    """Frames per chunk, read at once and read slowly."""
    _require(list(fast) == list(slow), f"chunks of {fast} frames, of {slow} for a slow reader")
