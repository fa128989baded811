"""The chunks of a speech for ``async for``."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from voxtral_tts.audio import AudioChunk


class AsyncChunks:
    """Makes an iterator of chunks, which ``close`` ends, an asynchronous one too.

    Each chunk is made in a thread of the loop's executor. Cancelling the task closes the
    iterator: the cancellation arrives when the frame in work is done and the runner is free.
    """

    def __next__(self) -> AudioChunk:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> AudioChunk:
        work = asyncio.get_running_loop().run_in_executor(None, next, self, None)
        try:
            chunk = await asyncio.shield(work)
        except asyncio.CancelledError:
            self.close()
            await asyncio.wait([work])
            work.exception()  # if it failed, that matters no more
            self.close()  # what was busy then is over now
            raise
        if chunk is None:
            raise StopAsyncIteration
        return chunk
