"""What the API answers: audio, lists, and errors before the first byte."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import numpy as np
import pytest
from serving import FRAMES, Served, served

from audio_files import decode
from voxtral_tts import Runner
from voxtral_tts.encode import StreamEncoder

FORMATS = ("wav", "pcm", "flac", "mp3", "opus")
LAST_BLOCK_S = 0.2  # of a streamed FLAC, which soundfile does not read
MEDIA = ("audio/wav", "audio/pcm", "audio/flac", "audio/mpeg", "audio/ogg")


def direct(runner: Runner, text: str = "Hello.", *, hold_segments: bool, **options: Any) -> Any:
    """What the runner itself says."""
    options = {"max_frames": FRAMES} | options
    return runner.speak(text, hold_segments=hold_segments, **options).samples()


def pcm(samples: Any) -> bytes:
    encoder = StreamEncoder("pcm")
    return encoder.write(samples) + encoder.finish()


def events(content: str) -> list[dict[str, Any]]:
    return [json.loads(part.removeprefix("data: ")) for part in content.split("\n\n") if part]


@pytest.mark.parametrize(("name", "media"), list(zip(FORMATS, MEDIA, strict=True)))
@pytest.mark.parametrize("stream", [False, True])
def test_every_format(server: Served, runner: Runner, name: str, media: str, stream: bool) -> None:
    answer = server.speak(response_format=name, stream=stream)
    assert (answer.status_code, answer.headers["content-type"]) == (200, media)
    assert ("content-length" in answer.headers) is not stream
    expected = direct(runner, hold_segments=not stream)
    if name == "pcm":
        assert answer.content == pcm(expected)
        return
    if name == "wav" and not stream:  # its header says the length
        assert len(answer.content) == 44 + 2 * len(expected)
        assert int.from_bytes(answer.content[40:44], "little") == 2 * len(expected)
    if name == "wav" and stream:
        assert answer.content[44:] == pcm(expected)
        return
    samples, rate = decode(answer.content)
    assert rate == 24000
    assert abs(len(samples) / rate - len(expected) / 24000) < LAST_BLOCK_S
    if name in ("wav", "flac"):
        assert (samples * 32768 == np.frombuffer(pcm(expected), "<i2")[: len(samples)]).all()


def test_a_whole_answer_says_what_it_cost(server: Served) -> None:
    headers = server.speak(voice="fr_female", sample_rate=16000).headers
    assert headers["x-voxtral-voice"] == "fr_female"
    assert headers["x-voxtral-sample-rate"] == "16000"
    assert float(headers["x-voxtral-rtf"]) > 0
    assert float(headers["x-voxtral-audio-seconds"]) > 0.08
    assert headers["x-voxtral-finish-reason"] == "length"
    assert headers["x-voxtral-missed-ends"] == "0"
    assert headers["x-request-id"]


def test_events(server: Served, runner: Runner) -> None:
    answer = server.speak(stream_format="sse", response_format="pcm", seed=7)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["x-accel-buffering"] == "no"
    *deltas, done = events(answer.text)
    assert {event["type"] for event in deltas} == {"speech.audio.delta"}
    audio = b"".join(base64.b64decode(event["audio"]) for event in deltas)
    assert audio == pcm(direct(runner, hold_segments=False, seed=7))
    assert done["type"] == "speech.audio.done"
    assert done["usage"] == {"input_tokens": 6, "output_tokens": FRAMES, "total_tokens": 12}
    assert done["stats"]["rtf"] > 0 and done["stats"]["ttfa_ms"] > 0


# member, value, the parameter the error names, part of its message
REFUSED = [
    ("input", "", "input", "empty"),
    ("input", " \n", "input", "empty"),
    ("input", "a" * 4097, "input", "4096"),
    ("input", 5, "input", "string"),
    ("input", None, "input", "string"),
    ("voice", "nobody", "voice", "neutral_female"),
    ("voice", "../neutral_female", "voice", "this server has"),
    ("voice", "/etc/passwd", "voice", "this server has"),
    ("voice", "", "voice", "this server has"),
    ("voice", {"id": "nobody"}, "voice", "neutral_female"),
    ("response_format", "aac", "response_format", "wav, pcm, flac, mp3, opus"),
    ("response_format", "f32le", "response_format", "wav, pcm, flac, mp3, opus"),
    ("speed", 1.5, "speed", "speed 1 only"),
    ("speed", "fast", "speed", "number"),
    ("instructions", "Whisper.", "instructions", "no instructions"),
    ("stream_format", "mp3", "stream_format", "'audio' or 'sse'"),
    ("seed", -1, "seed", "greater"),
    ("seed", 2**64, "seed", "less"),
    ("language", "xx", "language", "en"),
    ("max_new_tokens", 0, "max_new_tokens", "greater"),
    ("temperature", 101, "temperature", "less"),
    ("temperature", True, "temperature", "valid number"),
    ("max_new_tokens", True, "max_new_tokens", "valid integer"),
    ("normalize", "no", "normalize", "valid boolean"),
    ("cfg_alpha", -101, "cfg_alpha", "greater"),
    ("sample_rate", 10, "sample_rate", "1000"),
    ("format", "mp3", "format", "unknown field"),
]


@pytest.mark.parametrize(("member", "value", "param", "part"), REFUSED)
def test_refused_before_the_first_byte(
    server: Served, member: str, value: object, param: str, part: str
) -> None:
    for stream in (False, True):
        answer = server.speak(**{"stream": stream, member: value})
        error = answer.json()["error"]
        assert answer.status_code == 400
        assert (error["type"], error["param"]) == ("invalid_request_error", param)
        assert part in error["message"]
        assert set(error) == {"message", "type", "param", "code"}


BODIES = [
    (b"", 400),
    (b"{", 400),
    (b"null", 400),
    (b"[]", 400),
    (b'"text"', 400),
    (b"{}", 400),
    (b'{"input": "a", "input": 1}', 400),
    (b'{"input": "\\ud800"}', 400),
    (b'{"input": "\xff"}', 400),
    (b"[" * 10000, 400),
    (b'{"input": "a", "speed": NaN}', 400),
    (b'{"input": "' + b"a" * 300000 + b'"}', 413),
]


@pytest.mark.parametrize(("body", "status"), BODIES)
def test_bad_bodies(server: Served, body: bytes, status: int) -> None:
    headers = {"Content-Type": "application/json"}
    answer = server.client.post("/v1/audio/speech", content=body, headers=headers)
    assert answer.status_code == status
    assert answer.json()["error"]["message"]


def test_other_media_types_and_methods_are_refused(server: Served) -> None:
    assert server.client.post("/v1/audio/speech", data={"input": "Hi"}).status_code == 415
    assert server.client.get("/v1/audio/speech").status_code == 405
    answer = server.client.get("/nothing")
    assert (answer.status_code, answer.json()["error"]["type"]) == (404, "invalid_request_error")
    assert "GET /nothing; see GET /openapi.json" in answer.json()["error"]["message"]


def test_models(server: Served) -> None:
    listed = server.client.get("/v1/models").json()["data"]
    assert [model["id"] for model in listed] == ["voxtral-4b-tts-2603"]
    for name in ("voxtral-4b-tts-2603", "voxtral", "tts-1", "mistralai/Voxtral-4B-TTS-2603"):
        assert server.speak(model=name).status_code == 200
        assert server.client.get(f"/v1/models/{name}").json()["id"] == "voxtral-4b-tts-2603"
    assert server.client.get("/v1/models/whisper-1").status_code == 404
    answer = server.speak(model="whisper-1")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found")


def test_voices(server: Served, runner: Runner) -> None:
    answer = server.client.get("/v1/audio/voices").json()
    assert answer["voices"] == runner.voices()
    french = next(voice for voice in answer["details"] if voice["name"] == "fr_female")
    assert (french["language"], french["gender"]) == ("fr", "female")
    for name in ("alloy", None, {"id": "neutral_female"}):
        assert server.speak(voice=name).headers["x-voxtral-voice"] == "neutral_female"


def test_health_and_metrics(runner: Runner) -> None:
    with served(runner) as server:
        check_health_and_metrics(server)


def check_health_and_metrics(server: Served) -> None:
    assert server.client.get("/health").json()["status"] == "ok"
    server.speak()
    server.speak(speed=2)
    server.wait_for('voxtral_tts_speeches_total{outcome="complete"}', 1)
    path = 'voxtral_tts_responses_total{path="/v1/audio/speech",status="%d"}'
    assert (server.metric(path % 200), server.metric(path % 400)) == (1, 1)
    server.wait_for("voxtral_tts_first_audio_seconds_count", 1)


def test_the_openapi_document_has_the_request(server: Served) -> None:
    document = server.client.get("/openapi.json").json()
    schema = document["paths"]["/v1/audio/speech"]["post"]["requestBody"]["content"]
    assert "input" in schema["application/json"]["schema"]["properties"]


def test_httpx_reads_a_stream_piece_by_piece(server: Served) -> None:
    body = {"input": "Hello.", "stream": True, "response_format": "pcm", "max_new_tokens": 40}
    with httpx.stream("POST", f"{server.url}/v1/audio/speech", json=body) as answer:
        assert len(list(answer.iter_raw())) > 2
