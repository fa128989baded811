"""One generation thread, the queue before it, and the way of the bytes out of it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import threading
import time
from collections import deque

from voxtral_tts.server.errors import as_api_error, busy
from voxtral_tts.server.metrics import Metrics
from voxtral_tts.server.requests import SpeechOrder
from voxtral_tts.server.speaking import Utterance, Voicer
from voxtral_tts.speech import SpeechStats

log = logging.getLogger("voxtral_tts.server")

# Bytes made and not yet taken, per request: minutes of 16-bit audio, so that a slow reader
# does not hold the thread up before it has fallen far behind.
BUFFER_BYTES = 8 * 1024 * 1024
_FIRST_PACE = 0.1  # seconds per character, until one is measured


class Job:
    """An order on its way: made by ``Speaker.submit``, read by one coroutine.

    ``take`` gives bytes, then None; it raises what ended the speech early. ``cancel``, from any
    thread, takes the job out of the queue or ends its speech after the current frame.
    """

    def __init__(self, order: SpeechOrder, loop: asyncio.AbstractEventLoop) -> None:
        self.order = order
        self.submitted = time.monotonic()
        self.started: float | None = None
        self.first_bytes: float | None = None
        self.stats = SpeechStats()
        self.is_cancelled = False
        self.error: BaseException | None = None
        self._loop = loop
        self._changed = threading.Condition()
        self._arrived = asyncio.Event()
        self._pieces: deque[bytes] = deque()
        self._buffered = 0
        self._is_over = False
        self._utterance: Utterance | None = None

    async def take(self) -> bytes | None:
        while True:
            self._arrived.clear()
            with self._changed:
                if self._pieces:
                    piece = self._pieces.popleft()
                    self._buffered -= len(piece)
                    self._changed.notify()
                    return piece
                if self._is_over:
                    if self.error is not None:
                        raise self.error
                    return None
            await self._arrived.wait()

    def cancel(self) -> None:
        with self._changed:
            if self._is_over:
                return
            self.is_cancelled = True
            self._pieces.clear()
            self._changed.notify()
            utterance = self._utterance
        if utterance is not None:
            utterance.close()

    @property
    def ttfa_s(self) -> float:
        """From the request to the first bytes, waiting in the queue included."""
        return 0.0 if self.first_bytes is None else self.first_bytes - self.submitted

    def speak(self, runner: Voicer, write_timeout: float) -> None:
        """In the generation thread: runs the speech to its end, its failure or its cancelling."""
        self.started = time.monotonic()
        try:
            utterance = Utterance(runner, self.order)
            with self._changed:
                self._utterance = utterance
            # A cancelling up to here found nothing to close.
            if self.is_cancelled:
                utterance.close()
            try:
                for piece in utterance:
                    self.stats = utterance.stats
                    if not self._put(piece, write_timeout):
                        return
            finally:
                utterance.close()
                self.stats = utterance.stats
        except BaseException as error:
            self.error = error
        finally:
            self.end()

    def end(self, error: BaseException | None = None) -> None:
        with self._changed:
            self.error = self.error or error
            if self.is_cancelled and self.error is None:
                self.error = busy("the speech was cancelled", 1)
            self._is_over = True
        self._wake()

    def _put(self, piece: bytes, write_timeout: float) -> bool:
        """Hands on a piece, when there is room. False: nobody wants it any more."""
        with self._changed:
            room = lambda: self.is_cancelled or self._buffered < BUFFER_BYTES
            if not self._changed.wait_for(room, write_timeout):
                raise TimeoutError(f"nothing was read for {write_timeout:g} s")
            if self.is_cancelled:
                return False
            self._pieces.append(piece)
            self._buffered += len(piece)
        if self.first_bytes is None:
            self.first_bytes = time.monotonic()
        self._wake()
        return True

    def _wake(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
            self._loop.call_soon_threadsafe(self._arrived.set)


class Speaker:
    """A runner, the thread in which it speaks, and at most ``queue_size`` waiting requests.

    The requests' order is that of their arrival. The runner stays the caller's to close, after
    ``close``.
    """

    def __init__(self, runner: Voicer, *, queue_size: int = 16, write_timeout: float = 20) -> None:
        self.metrics = Metrics()
        self.queue_size = queue_size
        self._runner = runner
        self._voices = tuple(runner.voices())
        self._write_timeout = write_timeout
        self._changed = threading.Condition()
        self._waiting: deque[Job] = deque()
        self._current: Job | None = None
        self._is_closing = False
        self._pace = _FIRST_PACE
        self._thread = threading.Thread(target=self._run, name="voxtral_tts", daemon=True)
        self._thread.start()

    @property
    def voices(self) -> tuple[str, ...]:
        return self._voices

    @property
    def sample_rate(self) -> int:
        """Hz, of the model."""
        return self._runner.sample_rate

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive() and not self._is_closing

    @property
    def waiting(self) -> int:
        """Requests in the queue, the one being spoken not counted."""
        return len(self._waiting)

    @property
    def speaking(self) -> int:
        """1 while something is being spoken."""
        return int(self._current is not None)

    def submit(self, order: SpeechOrder) -> Job:
        """Queues an order, in a coroutine. Raises ``ApiError`` 503 when the queue is full."""
        job = Job(order, asyncio.get_running_loop())
        with self._changed:
            if not self.is_alive:
                raise busy("the server is going down", 5)
            if len(self._waiting) >= self.queue_size and (self._waiting or self._current):
                raise busy(
                    f"{self._count()} speeches are being made or waiting, which is the limit",
                    self._retry_after(),
                )
            self._waiting.append(job)
            self._note()
            self._changed.notify()
        return job

    def cancel(self, job: Job) -> None:
        """Ends a job, wherever it is; harmless when it is over."""
        job.cancel()
        with self._changed:
            if job in self._waiting:
                self._waiting.remove(job)
                job.end()
                self.metrics.withdrawn()
            self._note()

    def close(self) -> None:
        """Cancels everything and waits for the thread: a frame's time."""
        with self._changed:
            self._is_closing = True
            jobs = [*self._waiting, *([self._current] if self._current else [])]
            self._changed.notify()
        for job in jobs:
            self.cancel(job)
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._is_closing)
                if not self._waiting:
                    return
                job = self._current = self._waiting.popleft()
                self._note()
            job.speak(self._runner, self._write_timeout)
            with self._changed:
                self._current = None
                self._note()
            self._learn(job)

    def _learn(self, job: Job) -> None:
        self.metrics.spoken(job)
        if job.error is None and job.started is not None:
            pace = (time.monotonic() - job.started) / max(len(job.order.text), 1)
            self._pace += 0.3 * (pace - self._pace)
        elif job.error is not None and as_api_error(job.error).status == 500:
            log.error("speech failed: %r", job.error, exc_info=job.error)

    def _retry_after(self) -> int:
        """Seconds until a place in the queue should be free, at the pace so far."""
        job = self._current
        if job is None or job.started is None:
            return 1
        left = len(job.order.text) * self._pace - (time.monotonic() - job.started)
        return max(1, min(math.ceil(left), 3600))

    def _count(self) -> int:
        return len(self._waiting) + self.speaking

    def _note(self) -> None:
        self.metrics.queue(len(self._waiting), self.speaking)
