"""Counts for Prometheus, of one server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST

if TYPE_CHECKING:
    from voxtral_tts.server.schedule import Job

_SECONDS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60)
_RTF = (0.1, 0.2, 0.5, 0.8, 1, 1.5, 2, 3, 5, 10)


class Metrics:
    """A registry of its own: two servers in one process do not share counts."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        name = "voxtral_tts"
        self._responses = Counter(
            f"{name}_responses", "Responses.", ["path", "status"], registry=self.registry
        )
        self._speeches = Counter(
            f"{name}_speeches", "Speeches ended.", ["outcome"], registry=self.registry
        )
        self._waiting = Gauge(f"{name}_waiting", "Requests in the queue.", registry=self.registry)
        self._speaking = Gauge(f"{name}_speaking", "Speeches being made.", registry=self.registry)
        self._ttfa = Histogram(
            f"{name}_first_audio_seconds",
            "From the request to its first bytes, waiting included.",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._rtf = Histogram(
            f"{name}_rtf",
            "Wall seconds per second of audio, of whole speeches.",
            buckets=_RTF,
            registry=self.registry,
        )
        self._audio = Counter(f"{name}_audio_seconds", "Audio made.", registry=self.registry)
        self._characters = Counter(f"{name}_characters", "Text spoken.", registry=self.registry)
        for outcome in ("complete", "cancelled", "failed", "withdrawn"):
            self._speeches.labels(outcome)

    def answered(self, path: str, status: int) -> None:
        self._responses.labels(path, str(status)).inc()

    def queue(self, waiting: int, speaking: int) -> None:
        self._waiting.set(waiting)
        self._speaking.set(speaking)

    def spoken(self, job: Job) -> None:
        """A speech that was begun has ended."""
        outcome = "cancelled" if job.is_cancelled else "failed" if job.error else "complete"
        self._speeches.labels(outcome).inc()
        self._audio.inc(job.stats.audio_seconds)
        if job.first_bytes is not None:
            self._ttfa.observe(job.ttfa_s)
        if outcome == "complete":
            self._rtf.observe(job.stats.rtf)
            self._characters.inc(len(job.order.text))

    def withdrawn(self) -> None:
        """A speech was cancelled before it was begun."""
        self._speeches.labels("withdrawn").inc()

    def text(self) -> bytes:
        """Prometheus' text format."""
        return generate_latest(self.registry)
