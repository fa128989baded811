"""The server on Ray Serve: streamed answers and errors arrive as they are."""

from __future__ import annotations

import json
import os
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from batches import TIMEOUT_S, spoken
from voxtral_tts.batch import Job, ModelFiles

ray = pytest.importorskip("ray")
serve = pytest.importorskip("ray.serve")

from voxtral_tts.batch import ray_serve  # noqa: E402
from voxtral_tts.batch.ray_serve import deployment  # noqa: E402
from voxtral_tts.server import ServerOptions  # noqa: E402

FRAMES = 30


@pytest.fixture(scope="module")
def files(exported: Path) -> ModelFiles:
    return ModelFiles(
        str(exported / "model.pte"),
        str(exported / "codec_decoder.pte"),
        num_threads=1,
        voice_cache="memory",
    )


def test_a_replica_has_the_limits_of_its_options(
    files: ModelFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "ingress", lambda build: lambda: build)
    monkeypatch.setattr(serve, "deployment", lambda build, **_: SimpleNamespace(bind=lambda: build))
    build = deployment(files, options=ServerOptions(write_timeout=3.0), requests_per_replica=2)
    given: dict[str, Any] = {}

    class Stop(Exception):
        pass

    def speaker(_runner: object, **members: Any) -> None:
        given.update(members)
        raise Stop

    monkeypatch.setattr(ray_serve, "Speaker", speaker)
    with pytest.raises(Stop):
        build()
    assert given == {"queue_size": 2, "write_timeout": 3.0}


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
    serve.run(deployment(files, num_replicas=2), route_prefix="/")
    yield f"http://127.0.0.1:{port}/v1/audio/speech"
    serve.shutdown()
    ray.shutdown()


def post(address: str, body: dict[str, Any]) -> Any:
    request = urllib.request.Request(
        address, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    return urllib.request.urlopen(request, timeout=TIMEOUT_S)


def test_an_answer_is_streamed_and_the_same(address: str, files: ModelFiles) -> None:
    body = {"input": "Hello.", "max_new_tokens": FRAMES, "response_format": "pcm", "stream": True}
    with post(address, body) as response:
        assert response.headers["Content-Type"].startswith("audio/pcm")
        assert response.headers["Transfer-Encoding"] == "chunked"
        content = response.read()
    assert content == spoken(files, Job("a", "Hello.", max_frames=FRAMES))


def test_an_error_is_an_answer(address: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        post(address, {"input": "Hello.", "speed": 2})
    assert refused.value.code == 400
    assert "speed" in json.load(refused.value)["error"]["message"]
