"""The answer to a speech request: bytes, a stream of bytes, or a stream of events."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from voxtral_tts.server.errors import ApiError, as_api_error
from voxtral_tts.server.options import ServerOptions
from voxtral_tts.server.requests import SpeechOrder
from voxtral_tts.server.schedule import Job, Speaker
from voxtral_tts.server.speaking import usage

log = logging.getLogger("voxtral_tts.server")


_PART_BYTES = 64 * 1024


class _BrokenOffError(Exception):
    """The answer has begun and cannot be completed."""


class SpeechResponse:
    """An ASGI application of its own, as the status depends on how the speech begins.

    Nothing is sent before the first bytes exist. When the client goes, takes nothing for the
    write timeout, or the time limit is over, the speech is cancelled.
    """

    def __init__(
        self, speaker: Speaker, order: SpeechOrder, options: ServerOptions, request_id: str
    ) -> None:
        self._speaker = speaker
        self._order = order
        self._options = options
        self._id = request_id
        self._job: Job | None = None
        self._has_begun = self._is_complete = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            job = self._job = self._speaker.submit(self._order)
        except ApiError as error:
            await error_response(error)(scope, receive, send)
            return
        gone = asyncio.create_task(_wait_for_disconnect(receive))
        answer = asyncio.create_task(self._answer(job, scope, receive, send))
        try:
            await asyncio.wait({gone, answer}, return_when=asyncio.FIRST_COMPLETED)
            if answer.done():
                answer.result()
        except _BrokenOffError as error:
            # Without its last chunk the client knows the answer to be incomplete.
            log.warning("%s: answer broken off: %s", self._id, error)
        finally:
            self._speaker.cancel(job)
            for task in (gone, answer):
                task.cancel()
            await asyncio.gather(gone, answer, return_exceptions=True)
            self._log(job)

    async def _answer(self, job: Job, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with asyncio.timeout(self._options.timeout):
                await self._send_all(job, send)
        except (_BrokenOffError, asyncio.CancelledError):
            raise
        except Exception as error:
            failure = as_api_error(error)
            if self._has_begun:
                if self._order.is_sse:
                    event = {"type": "speech.audio.error", **failure.body()}
                    await self._write(send, _event(event), is_last=True)
                    return
                raise _BrokenOffError(failure.message) from error
            await error_response(failure)(scope, receive, send)

    async def _send_all(self, job: Job, send: Send) -> None:
        first = await job.take()
        assert first is not None
        if not self._order.is_streamed:
            await job.take()  # its end: what goes wrong until then still has its own status
        headers = self._headers(job, first)
        raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        start = {"type": "http.response.start", "status": 200, "headers": raw}
        await self._in_time(lambda: send(start))
        self._has_begun = True
        if not self._order.is_streamed:
            # In parts, so that a client that takes them slowly is within the time limits.
            for start_at in range(0, len(first), _PART_BYTES):
                part = first[start_at : start_at + _PART_BYTES]
                await self._write(send, part, is_last=start_at + _PART_BYTES >= len(first))
            return
        piece: bytes | None = first
        while piece is not None:
            content = self._delta(piece) if self._order.is_sse else piece
            await self._write(send, content)
            piece = await job.take()
        await self._write(send, self._done(job) if self._order.is_sse else b"", is_last=True)

    async def _write(self, send: Send, content: bytes, *, is_last: bool = False) -> None:
        message = {"type": "http.response.body", "body": content, "more_body": not is_last}
        await self._in_time(lambda: send(message))
        self._is_complete = self._is_complete or is_last

    async def _in_time(self, sending: Callable[[], Awaitable[None]]) -> None:
        """``send`` waits while the client takes nothing."""
        try:
            async with asyncio.timeout(self._options.write_timeout):
                await sending()
        except TimeoutError:
            raise _BrokenOffError("the client takes nothing") from None

    def _headers(self, job: Job, first: bytes) -> dict[str, str]:
        order, stats = self._order, job.stats
        media = "text/event-stream; charset=utf-8" if order.is_sse else order.format.media_type
        headers = {
            "Content-Type": media,
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",  # proxies shall hand on what they have
            "X-Voxtral-Voice": order.voice,
            "X-Voxtral-Sample-Rate": str(order.sample_rate or self._speaker.sample_rate),
            "X-Voxtral-TTFA-Ms": f"{job.ttfa_s * 1000:.0f}",
        }
        if not order.is_streamed:
            headers |= {
                "Content-Length": str(len(first)),
                "X-Voxtral-Audio-Seconds": f"{stats.audio_seconds:.3f}",
                "X-Voxtral-RTF": f"{stats.rtf:.3f}",
                "X-Voxtral-Finish-Reason": stats.finish_reason,
                "X-Voxtral-Missed-Ends": str(stats.missed_ends),
            }
        return headers

    def _delta(self, piece: bytes) -> bytes:
        return _event({"type": "speech.audio.delta", "audio": base64.b64encode(piece).decode()})

    def _done(self, job: Job) -> bytes:
        stats = {**job.stats.to_dict(), "ttfa_ms": job.ttfa_s * 1000, "voice": self._order.voice}
        return _event(
            {
                "type": "speech.audio.done",
                "usage": usage(self._order, job.stats),
                "stats": stats,
            }
        )

    def _log(self, job: Job) -> None:
        stats = job.stats
        outcome = repr(job.error) if job.error else stats.finish_reason
        if self._has_begun and not self._is_complete:
            outcome = f"broken off, {outcome}"
        log.info(
            "%s: %s, %s, %d characters, audio %.2f s, TTFA %.0f ms, RTF %.2f, missed ends %d: %s",
            *(self._id, self._order.voice, self._order.format.name, len(self._order.text)),
            *(stats.audio_seconds, job.ttfa_s * 1000, stats.rtf, stats.missed_ends, outcome),
        )


def error_response(error: ApiError) -> JSONResponse:
    """The error in OpenAI's shape."""
    return JSONResponse(error.body(), error.status, error.headers())


async def _wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _event(members: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(members, separators=(',', ':'))}\n\n".encode()


async def read_body(chunks: AsyncIterator[bytes], options: ServerOptions) -> bytes:
    """The request's body. Raises ``ApiError`` 413 and 408."""
    content = b""
    try:
        async with asyncio.timeout(options.body_timeout):
            async for chunk in chunks:
                content += chunk
                if len(content) > options.max_body:
                    message = f"the body is longer than {options.max_body} bytes"
                    raise ApiError(413, message, code="body_too_large")
    except TimeoutError:
        raise ApiError(408, "the body took too long", code="body_timeout") from None
    return content
