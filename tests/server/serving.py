"""Servers that the tests talk to, in a thread of the test's process."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn

from voxtral_tts.server import ServerOptions, Speaker, create_app
from voxtral_tts.server.connection import Connection

SENTENCE = "Hello, this is a small model with random weights."
# Minutes of audio: whatever cancels it has to.
LONG_TEXT = " ".join(f"Sentence number {word} goes on and on." for word in "abcdefghij" * 8)
FRAMES = 6  # for requests that only have to be answered


@dataclass
class Served:
    url: str
    speaker: Speaker
    client: httpx.Client

    def speak(self, **members: Any) -> httpx.Response:
        """POST /v1/audio/speech: a short one unless the members say otherwise."""
        body = {"input": "Hello.", "max_new_tokens": FRAMES} | members
        return self.client.post("/v1/audio/speech", json=body)

    def metric(self, name: str, missing: float | None = None) -> float:
        """The value of one sample, named with its labels."""
        lines = self.client.get("/metrics").text.splitlines()
        values = [float(line.split()[-1]) for line in lines if line.rsplit(" ", 1)[0] == name]
        assert values or missing is not None, name
        return values[0] if values else float(missing or 0)

    def wait_for(self, name: str, value: float, seconds: float = 20) -> None:
        """Until the metric has the value: a speech is counted just after its last byte."""
        deadline = time.monotonic() + seconds
        while (found := self.metric(name, 0)) != value:
            assert time.monotonic() < deadline, f"{name} is {found}"
            time.sleep(0.01)

    def wait_until_idle(self, seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while self.speaker.speaking or self.speaker.waiting:
            assert time.monotonic() < deadline, "something is still being spoken"
            time.sleep(0.01)


@contextmanager
def served(
    runner: Any, options: ServerOptions | None = None, *, queue_size: int = 16, **config: Any
) -> Iterator[Served]:
    """A server on a free port of 127.0.0.1."""
    options = options or ServerOptions()
    speaker = Speaker(runner, queue_size=queue_size, write_timeout=options.write_timeout)
    app = create_app(speaker, options)
    server = uvicorn.Server(
        uvicorn.Config(app, port=0, log_config=None, http=Connection, loop="asyncio", **config)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    try:
        with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
            yield Served(url, speaker, client)
    finally:
        server.should_exit = True
        thread.join()
        speaker.close()


class SlowSpeech:
    """A speech that sleeps before each chunk, as a larger model would compute."""

    def __init__(self, speech: Any, seconds: float) -> None:
        self._speech = speech
        self._seconds = seconds
        self._is_closed = threading.Event()

    def __iter__(self) -> Iterator[Any]:
        for chunk in self._speech:
            if self._is_closed.wait(self._seconds):
                return
            yield chunk

    def __enter__(self) -> SlowSpeech:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def stats(self) -> Any:
        return self._speech.stats

    def close(self) -> None:
        self._is_closed.set()
        self._speech.close()


class SlowRunner:
    """The runner with ``seconds`` before each chunk; its audio is the same.

    With ``error_after`` the speech fails with ``error`` after that many chunks.
    """

    def __init__(self, runner: Any, seconds: float, error_after: int | None = None) -> None:
        self._runner = runner
        self.seconds = seconds
        self.error_after = error_after
        self.error: BaseException = RuntimeError("made for the test")

    @property
    def sample_rate(self) -> int:
        return self._runner.sample_rate

    def voices(self) -> list[str]:
        return self._runner.voices()

    def speak(self, text: str, **arguments: Any) -> Any:
        speech = SlowSpeech(self._runner.speak(text, **arguments), self.seconds)
        if self.error_after is not None:
            whole, count, error = speech.__iter__, self.error_after, self.error

            class Failing(SlowSpeech):
                def __iter__(self) -> Iterator[Any]:
                    for index, chunk in enumerate(whole()):
                        if index == count:
                            raise error
                        yield chunk

            speech = Failing(speech._speech, 0)
        return speech
