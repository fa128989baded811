"""A connection of uvicorn's that does not wait for a request for ever."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from voxtral_tts.server.errors import busy
from voxtral_tts.server.response import error_response


class Connection(H11Protocol):
    """Closes when the head of a request takes too long.

    uvicorn's own limit is for the time after a response only: connections that send nothing, or
    a byte now and then, would take every place among those allowed. And beyond the number that
    is allowed its answer is no JSON.
    """

    head_timeout = 15.0  # seconds
    _timer: asyncio.TimerHandle | None = None

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._limit, self.limit_concurrency = self.limit_concurrency, None
        self._served: Any = self.app
        self.app = self._limited

    async def _limited(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._limit is None or len(self.connections) < self._limit:
            await self._served(scope, receive, send)
            return
        response = error_response(busy(f"{self._limit} connections are the limit", 1))
        response.headers["Connection"] = "close"
        await response(scope, receive, send)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        super().connection_lost(exc)

    def _watch(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            self._unwatch()
        elif self._timer is None:
            self._timer = self.loop.call_later(self.head_timeout, self.timeout_keep_alive_handler)

    def _unwatch(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
