"""The real ``openai`` client against the server."""

from __future__ import annotations

from collections.abc import Iterator

import openai
import pytest
from serving import FRAMES, SENTENCE, Served
from test_api import FORMATS, decode, direct, pcm

from voxtral_tts import Runner

EXTRA = {"seed": 3, "max_new_tokens": FRAMES}


@pytest.fixture
def client(server: Served) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0) as client:
        yield client


def check(content: bytes, name: str, runner: Runner, *, hold_segments: bool) -> None:
    expected = direct(runner, hold_segments=hold_segments, seed=3)
    if name == "pcm":
        assert content == pcm(expected)
    elif name != "wav" or hold_segments:
        samples, rate = decode(content, len(expected))
        assert abs(len(samples) / rate - len(expected) / 24000) < 0.15
    else:
        assert content[44:] == pcm(expected)


@pytest.mark.parametrize("name", FORMATS)
def test_whole(client: openai.OpenAI, runner: Runner, name: str) -> None:
    answer = client.audio.speech.create(
        model="tts-1", voice="neutral_female", input="Hello.", response_format=name,
        extra_body=EXTRA,
    )  # fmt: skip
    check(answer.content, name, runner, hold_segments=True)


@pytest.mark.parametrize("name", FORMATS)
def test_streamed(client: openai.OpenAI, runner: Runner, name: str) -> None:
    with client.audio.speech.with_streaming_response.create(
        model="voxtral", voice="alloy", input="Hello.", response_format=name,
        stream_format="audio", extra_body=EXTRA,
    ) as answer:  # fmt: skip
        content = b"".join(answer.iter_bytes())
    check(content, name, runner, hold_segments=False)


def test_the_sentence_ends_by_itself(client: openai.OpenAI) -> None:
    answer = client.audio.speech.create(model="voxtral", voice="neutral_female", input=SENTENCE)
    samples, rate = decode(answer.content)
    assert rate == 24000 and len(samples) > rate


def test_errors(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="speed 1 only") as caught:
        client.audio.speech.create(model="tts-1", voice="alloy", input="Hello.", speed=2)
    assert caught.value.param == "speed"
    with pytest.raises(openai.BadRequestError, match="this server writes wav, pcm, flac, mp3"):
        client.audio.speech.create(
            model="tts-1", voice="alloy", input="Hello.", response_format="aac"
        )
    with pytest.raises(openai.NotFoundError):
        client.audio.speech.create(model="gpt-5", voice="alloy", input="Hello.")


def test_models(client: openai.OpenAI) -> None:
    (model,) = client.models.list().data
    assert client.models.retrieve(model.id).id == model.id
