"""Who may use the server, and how much of it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import httpx
import pytest
from serving import LONG_TEXT, Served, SlowRunner, served

from voxtral_tts import NumericError, Runner, TextError, VoiceError
from voxtral_tts.server import ServerOptions
from voxtral_tts.server.connection import Connection

KEY = "a key with ümlauts"


@pytest.fixture(scope="module")
def locked(runner: Runner) -> Iterator[Served]:
    with served(runner, ServerOptions(api_key=KEY)) as server:
        yield server


@pytest.mark.parametrize("path", ["/v1/audio/voices", "/v1/models", "/metrics"])
@pytest.mark.parametrize("header", [None, "Bearer wrong", f"Basic {KEY}", KEY, "Bearer"])
def test_the_api_key_is_asked_for(locked: Served, path: str, header: str | None) -> None:
    headers = {} if header is None else {b"Authorization": header.encode("latin-1")}
    answer = locked.client.get(path, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")


def test_the_api_key_opens(locked: Served) -> None:
    headers = {b"Authorization": f"Bearer {KEY}".encode()}
    assert locked.client.get("/v1/models", headers=headers).status_code == 200
    assert locked.client.get("/health").status_code == 200
    assert locked.client.get("/").status_code == 200


def test_the_api_key_is_asked_for_below_another_path(runner: Runner) -> None:
    """As Ray Serve's route_prefix, a proxy's --root-path and a mounted application have it."""
    with served(runner, ServerOptions(api_key=KEY), root_path="/tts") as server:
        for path in ("/v1/models", "/metrics"):
            assert server.client.get(path).status_code == 401
        assert server.speak().status_code == 401
        assert server.client.get("/").status_code == 200


def test_head_is_answered_where_get_is(server: Served, locked: Served) -> None:
    for path in ("/", "/page.css", "/health", "/metrics", "/v1/models", "/openapi.json"):
        answer = server.client.head(path)
        assert (answer.status_code, answer.content) == (200, b"")
        assert int(answer.headers["content-length"]) > 0
    assert server.client.head("/v1/audio/speech").status_code == 405
    assert server.client.head("/nowhere").status_code == 404
    assert locked.client.head("/v1/models").status_code == 401


def test_too_many_connections_are_told_so_in_json(runner: Runner) -> None:
    with served(runner, limit_concurrency=2) as server:
        assert server.client.get("/health", headers={"Connection": "close"}).status_code == 200
        host, port = server.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))):
            answer = server.client.get("/health")
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "server_busy")
        assert (answer.headers["retry-after"], answer.headers["connection"]) == ("1", "close")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil", "[::1", ""])
def test_other_host_names_are_refused(server: Served, host: str) -> None:
    for path in ("/", "/health", "/v1/models"):
        answer = server.client.get(path, headers={"Host": host})
        assert answer.status_code in (400, 403)


def test_own_host_names_are_taken(server: Served) -> None:
    for host in ("localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:8000"):
        assert server.client.get("/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:1", "["])
def test_pages_of_other_origins_cannot_speak(server: Served, origin: str) -> None:
    answer = server.client.post("/v1/audio/speech", json={}, headers={"Origin": origin})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "origin_not_allowed")


def test_the_own_page_can_speak(server: Served) -> None:
    answer = server.client.post("/v1/audio/speech", json={}, headers={"Origin": server.url})
    assert answer.status_code == 400
    assert "access-control-allow-origin" not in answer.headers


def test_the_page_loads_nothing_from_elsewhere(server: Served) -> None:
    answer = server.client.get("/")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    for path in ("/", "/page.css", "/page.js", "/player.js", "/waveform.js"):
        answer = server.client.get(path)
        assert answer.status_code == 200
        assert "//" not in answer.text.replace("// ", "").replace("//\n", "")


@pytest.mark.parametrize("begun", [b"", b"GET /health HT"])
def test_a_connection_without_a_request_is_closed(
    runner: Runner, monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    monkeypatch.setattr(Connection, "head_timeout", 0.5)
    with served(SlowRunner(runner, 0.2)) as server:
        address = server.client.base_url.host, server.client.base_url.port
        with socket.create_connection(address, timeout=10) as idle:
            idle.sendall(begun)
            assert idle.recv(1) == b""
        started = time.monotonic()
        assert server.speak().status_code == 200
        assert time.monotonic() - started > Connection.head_timeout  # a request may take its time


def test_a_refused_voice_tells_nothing_of_the_machine(runner: Runner) -> None:
    slow = SlowRunner(runner, 0, error_after=0)
    slow.error = VoiceError("there is no voice 'a+b'; '/home/user/voices' has none")
    with served(slow) as server:
        answer = server.speak()
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_voice")
    assert "/home" not in answer.text


def test_a_full_queue_says_when_to_come_again(runner: Runner) -> None:
    with served(SlowRunner(runner, 0.05), queue_size=1) as server:
        streams = [
            httpx.Client(base_url=server.url, timeout=60).stream(
                "POST", "/v1/audio/speech", json={"input": LONG_TEXT, "stream": True}
            )
            for _ in range(2)
        ]
        first = streams[0].__enter__()
        waiting = threading.Thread(target=lambda: server.speak(stream=True))
        waiting.start()
        while server.speaker.waiting == 0:
            time.sleep(0.005)
        answer = server.speak()
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (503, "server_busy")
        assert 1 <= int(answer.headers["retry-after"]) <= 3600
        health = server.client.get("/health").json()
        assert (health["speaking"], health["waiting"]) == (1, 1)
        first.close()
        waiting.join()
        server.wait_until_idle()
        assert server.speak().status_code == 200


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (TextError("made for the test"), 400, "invalid_text"),
        (NumericError("frame 3"), 500, "Numeric"),
        (RuntimeError("a secret path"), 500, "Internal"),
    ],
)
def test_failures_before_the_first_byte_have_a_status(
    runner: Runner, error: Exception, status: int, code: str
) -> None:
    slow = SlowRunner(runner, 0, error_after=0)
    slow.error = error
    with served(slow) as server:
        for stream in (False, True):
            answer = server.speak(stream=stream)
            assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
            assert "secret" not in answer.text


def test_failures_after_the_first_byte_end_the_stream(runner: Runner) -> None:
    slow = SlowRunner(runner, 0, error_after=2)
    slow.error = NumericError("frame 3")
    with served(slow) as server:
        with pytest.raises(httpx.RemoteProtocolError):
            server.speak(stream=True, max_new_tokens=40)
        answer = server.speak(stream_format="sse", max_new_tokens=40)
        assert '"type":"speech.audio.error"' in answer.text.split("\n\n")[-2]
        assert server.speak(max_new_tokens=40).status_code == 500
        server.wait_for('voxtral_tts_speeches_total{outcome="failed"}', 3)


def test_the_time_limit(runner: Runner) -> None:
    with served(SlowRunner(runner, 0.1), ServerOptions(timeout=0.5)) as server:
        answer = server.speak(input=LONG_TEXT)
        assert (answer.status_code, answer.json()["error"]["code"]) == (504, "timeout")
        answer = server.speak(input=LONG_TEXT, stream_format="sse", max_new_tokens=999)
        assert "speech.audio.error" in answer.text
        server.wait_until_idle(2)


def test_a_body_that_never_comes(runner: Runner) -> None:
    with served(runner, ServerOptions(body_timeout=0.2)) as server:
        host, port = server.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), 10) as connection:
            connection.sendall(
                b"POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n"
                b"Content-Type: application/json\r\n\r\n{"
            )
            assert b" 408 " in connection.recv(100)


def test_a_client_that_reads_nothing_is_given_up(runner: Runner) -> None:
    body = b'{"stream": true, "sample_rate": 384000, "input": "%s"}' % LONG_TEXT.encode()
    with served(runner, ServerOptions(write_timeout=0.5)) as server:
        host, port = server.url.removeprefix("http://").split(":")
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect((host, int(port)))
            connection.sendall(
                b"POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\n"
                b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                % (len(body), body)
            )
            while not server.speaker.speaking:
                time.sleep(0.005)
            server.wait_until_idle(15)
        server.wait_for('voxtral_tts_speeches_total{outcome="cancelled"}', 1)


def test_a_whole_answer_is_not_kept_for_a_client_that_reads_nothing(runner: Runner) -> None:
    members = b'{"sample_rate": 384000, "max_new_tokens": 400, "input": "%s"}'
    body = members % LONG_TEXT.encode()
    with served(runner, ServerOptions(write_timeout=0.5)) as server:
        host, port = server.url.removeprefix("http://").split(":")
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect((host, int(port)))
            connection.sendall(
                b"POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                % (len(body), body)
            )
            server.wait_for('voxtral_tts_speeches_total{outcome="complete"}', 1)
            time.sleep(2)
            answer = b"".join(iter(lambda: connection.recv(1 << 20), b""))
    head, _, content = answer.partition(b"\r\n\r\n")
    promised = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    assert len(content) < promised
