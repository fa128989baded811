"""What an utterance did when: the library's spans, for a timeline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from voxtral_tts._native import _core

CATEGORY = "speech"


class SpanSink(Protocol):
    """Takes spans: ``voxtral_tts.trace.Trace``, or whatever has this method."""

    def add_span(
        self,
        name: str,
        category: str,
        start_us: float,
        duration_us: float,
        thread: str = "main",
        args: Mapping[str, object] | None = None,
    ) -> object:
        """``start_us`` is of the clock of ``time.monotonic_ns``, in microseconds."""


def hand_over(stream: _core.Stream, sink: SpanSink) -> None:
    """Gives the sink the stream's spans; ``cpp/runner/include/voxtral_tts/trace.h`` names them."""
    for name, start_us, duration_us, index in stream.spans():
        sink.add_span(name, CATEGORY, start_us, duration_us, args={"index": index})
