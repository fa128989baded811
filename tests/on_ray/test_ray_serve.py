"""An ASGI application on Ray Serve: streamed answers and errors arrive as they are."""

from __future__ import annotations

import json
import os
import socket
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from batches import TIMEOUT_S, spoken
from voxtral_tts.batch import Job, ModelFiles

ray = pytest.importorskip("ray")
serve = pytest.importorskip("ray.serve")

from voxtral_tts.batch.ray_serve import deployment  # noqa: E402

FRAMES = 30


def small_app(files: ModelFiles) -> Callable[[], Any]:
    """The least that speaks over HTTP: chunks of raw samples as they are made."""

    def make_app() -> Any:
        from starlette.applications import Starlette
        from starlette.responses import JSONResponse, StreamingResponse
        from starlette.routing import Route

        from voxtral_tts._native import _core

        runner = files.open()

        async def speak(request: Any) -> Any:
            members = await request.json()
            try:
                speech = runner.speak(
                    members["text"], max_frames=members["max_frames"], hold_segments=True
                )
            except ValueError as error:
                return JSONResponse({"error": str(error)}, 400)

            async def chunks() -> AsyncIterator[bytes]:
                for chunk in speech:
                    yield _core.to_s16le(chunk.samples)

            return StreamingResponse(chunks(), media_type="audio/pcm")

        return Starlette(routes=[Route("/speak", speak, methods=["POST"])])

    return make_app


@pytest.fixture(scope="module")
def files(exported: Path) -> ModelFiles:
    return ModelFiles(
        str(exported / "model.pte"),
        str(exported / "codec_decoder.pte"),
        num_threads=1,
        voice_cache="memory",
    )


@pytest.fixture(scope="module")
def address(files: ModelFiles) -> Iterator[str]:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ray.init(
        address="local",
        num_cpus=3,
        include_dashboard=False,
        log_to_driver=False,
        object_store_memory=100 << 20,
    )
    serve.start(http_options={"host": "127.0.0.1", "port": port}, proxy_location="HeadOnly")
    serve.run(deployment(small_app(files), num_replicas=2), route_prefix="/")
    yield f"http://127.0.0.1:{port}/speak"
    serve.shutdown()
    ray.shutdown()


def post(address: str, body: dict[str, Any]) -> Any:
    request = urllib.request.Request(
        address, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    return urllib.request.urlopen(request, timeout=TIMEOUT_S)


def test_an_answer_is_streamed_and_the_same(address: str, files: ModelFiles) -> None:
    with post(address, {"text": "Hello.", "max_frames": FRAMES}) as response:
        assert response.headers["Content-Type"] == "audio/pcm"
        assert response.headers["Transfer-Encoding"] == "chunked"
        content = response.read()
    assert content == spoken(files, Job("a", "Hello.", max_frames=FRAMES))


def test_an_error_is_an_answer(address: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        post(address, {"text": "Hello.", "max_frames": -1})
    assert refused.value.code == 400
    assert "max_frames" in json.load(refused.value)["error"]
