"""A timeline of what a program did: Chrome's trace format, which Perfetto and browsers open."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from voxtral_tts.files import replace_file


def now_us() -> float:
    """Microseconds of the monotonic clock; spans of one trace share it."""
    return time.monotonic_ns() / 1000


class Trace:
    """Spans of one process; any thread may add some."""

    def __init__(self) -> None:
        self._events: list[dict[str, Any]] = []
        self._threads: dict[str, int] = {}
        self._lock = threading.Lock()

    def add_span(
        self,
        name: str,
        category: str,
        start_us: float,
        duration_us: float,
        thread: str = "main",
        args: Mapping[str, object] | None = None,
    ) -> None:
        """``start_us`` is of ``now_us``'s clock; ``thread`` names the row it is drawn in."""
        with self._lock:
            event = {
                "name": name,
                "cat": category,
                "ph": "X",
                "ts": start_us,
                "dur": duration_us,
                "pid": os.getpid(),
                "tid": self._threads.setdefault(thread, len(self._threads)),
            }
            if args:
                event["args"] = dict(args)
            self._events.append(event)

    @contextmanager
    def span(
        self, name: str, category: str, thread: str = "main", **args: object
    ) -> Iterator[None]:
        """A span that lasts as long as the block."""
        start = now_us()
        try:
            yield
        finally:
            self.add_span(name, category, start, now_us() - start, thread, args)

    def to_json(self) -> str:
        """The trace as one JSON object; times begin at 0."""
        with self._lock:
            events, threads = list(self._events), dict(self._threads)
        start = min((event["ts"] for event in events), default=0)
        shifted = [event | {"ts": event["ts"] - start} for event in events]
        names = [
            {
                "name": "thread_name",
                "ph": "M",
                "pid": os.getpid(),
                "tid": number,
                "args": {"name": thread},
            }
            for thread, number in threads.items()
        ]
        return json.dumps({"displayTimeUnit": "ms", "traceEvents": names + shifted})

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the file, whole or not at all. Raises ``OutputError``."""
        replace_file(path, self.to_json().encode())
