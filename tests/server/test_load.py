"""Many clients: nothing is lost or mixed, and whoever goes leaves nothing running."""

from __future__ import annotations

import json
import random
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from serving import LONG_TEXT, Served, served
from test_api import pcm

from voxtral_tts import Runner
from voxtral_tts.cli.main import main

REQUESTS, CONNECTIONS, DISCONNECTS = 64, 8, 200


def test_concurrent_requests_are_neither_lost_nor_mixed(runner: Runner) -> None:
    voices = runner.voices()
    orders = [
        {
            "input": f"Request number {index}.",
            "seed": index,
            "voice": voices[index % len(voices)],
            "max_new_tokens": 4 + index % 9,
            "stream": index % 2 == 0,
            "response_format": "pcm",
        }
        for index in range(REQUESTS)
    ]
    expected = [
        pcm(
            runner.speak(
                str(order["input"]),
                voice=str(order["voice"]),
                seed=index,
                max_frames=4 + index % 9,
                hold_segments=index % 2 == 1,
            ).samples()
        )
        for index, order in enumerate(orders)
    ]
    assert len(set(expected)) == REQUESTS
    with served(runner) as server, httpx.Client(base_url=server.url, timeout=60) as client:
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            answers = list(
                pool.map(lambda order: client.post("/v1/audio/speech", json=order), orders)
            )
        assert [answer.status_code for answer in answers] == [200] * REQUESTS
        assert [answer.content for answer in answers] == expected
        server.wait_for('voxtral_tts_speeches_total{outcome="complete"}', REQUESTS)


def disconnect(server: Served, patience_s: float | None) -> None:
    """Asks for minutes of audio, and goes after its first bytes or after some time."""
    body = json.dumps({"input": LONG_TEXT, "stream": patience_s is None}).encode()
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 30) as connection:
        connection.sendall(
            b"POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
        )
        if patience_s is None:
            assert connection.recv(100).startswith(b"HTTP/1.1 200 ")
        else:
            time.sleep(patience_s)


def test_disconnects_leave_no_running_generation(runner: Runner) -> None:
    rng = random.Random(1)
    with served(runner) as server:
        before = server.speak(response_format="pcm").content
        with ThreadPoolExecutor(4) as pool:  # one is speaking, the others wait
            patiences = [
                None if rng.random() < 0.5 else rng.uniform(0, 0.1) for _ in range(DISCONNECTS)
            ]
            list(pool.map(lambda patience_s: disconnect(server, patience_s), patiences))
        started = time.monotonic()
        server.wait_until_idle(5)
        idle_s = time.monotonic() - started
        counts = {
            outcome: server.metric(f'voxtral_tts_speeches_total{{outcome="{outcome}"}}')
            for outcome in ("complete", "cancelled", "withdrawn", "failed")
        }
        print(f"idle {idle_s:.3f} s after the last of {DISCONNECTS} disconnects: {counts}")
        assert (counts["complete"], counts["failed"]) == (1, 0)  # the one at the start
        assert counts["cancelled"] >= patiences.count(None)
        # Each was cancelled, was taken out of the queue, or had gone before it was read.
        path = 'voxtral_tts_responses_total{path="/v1/audio/speech",status="499"}'
        unread = server.metric(path, 0)
        assert counts["cancelled"] + counts["withdrawn"] + unread == DISCONNECTS
        for name in ("voxtral_tts_speaking", "voxtral_tts_waiting"):
            assert server.metric(name) == 0
        assert server.speak(response_format="pcm").content == before


def command(exported: Path, *flags: str) -> list[str]:
    program = [sys.executable, "-m", "voxtral_tts", "serve", "--model", str(exported)]
    return [*program, "--port", "0", *flags]


def start(exported: Path, *flags: str) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen(command(exported, *flags), stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if "listening on" in line:
            return process, line.split()[-1]
    raise AssertionError("the server did not start")


def test_sigterm_lets_requests_finish(exported: Path) -> None:
    process, url = start(exported)
    body = {"input": "Hello there.", "stream": True, "response_format": "pcm"}
    with httpx.stream("POST", f"{url}/v1/audio/speech", json=body, timeout=60) as answer:
        chunks = answer.iter_raw()
        first = next(chunks)
        process.terminate()
        content = first + b"".join(chunks)
    with Runner(exported / "model.pte", exported / "codec_decoder.pte") as runner:
        assert content == pcm(runner.speak("Hello there.").samples())
    assert process.wait(20) == 0


def test_sigterm_ends_what_takes_longer(exported: Path) -> None:
    process, url = start(exported, "--grace", "1")
    body = {"input": LONG_TEXT, "stream": True}
    started = time.monotonic()
    try:
        with httpx.stream("POST", f"{url}/v1/audio/speech", json=body, timeout=60) as answer:
            process.terminate()
            for _ in answer.iter_raw():
                pass
    except httpx.RemoteProtocolError:
        pass
    assert process.wait(20) == 0
    assert time.monotonic() - started < 10


def test_bad_flags(exported: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        for flags, code, part in (
            (("--workers", "2"), 2, "--workers"),
            (("--queue", "-1"), 2, "--queue"),
            (("--port", port), 8, f"port {port}"),
        ):
            assert main(["serve", "--model", str(exported), *flags]) == code
            assert part in capsys.readouterr().err
