"""Speeches in the packaged small voice: dropped in every way, asynchronous, at their limit."""

from __future__ import annotations

import asyncio
import gc
import itertools
from collections.abc import AsyncIterable, Callable, Iterator
from typing import Any

import numpy as np
import pytest

from voxtral_tts import AudioChunk, Runner, TextError


@pytest.fixture(scope="module")
def small_voice() -> Iterator[Runner]:
    """The small voice of the package."""
    with Runner(voice_cache="memory") as runner:
        yield runner


LONG = "The weather is fine today, and it will stay so. " * 20


def by_break(runner: Runner) -> None:
    for _ in runner.speak(LONG):
        break


def by_return(runner: Runner) -> None:
    for _ in runner.speak(LONG):
        return


def by_exception(runner: Runner) -> None:
    def speak() -> None:
        for _ in runner.speak(LONG):
            raise LookupError

    with pytest.raises(LookupError):
        speak()


def by_del(runner: Runner) -> None:
    chunks = iter(runner.speak(LONG))
    next(chunks)
    del chunks


def by_next_alone(runner: Runner) -> None:
    next(runner.speak(LONG))


def by_a_generator(runner: Runner) -> None:
    def chunks() -> Iterator[AudioChunk]:
        yield from runner.speak(LONG)

    generator = chunks()
    next(generator)
    generator.close()


def by_islice(runner: Runner) -> None:
    assert len(list(itertools.islice(runner.speak(LONG), 1))) == 1


def by_a_comprehension(runner: Runner) -> None:
    with pytest.raises(ZeroDivisionError):
        [chunk.index / 0 for chunk in runner.speak(LONG)]


def by_with(runner: Runner) -> None:
    with runner.speak(LONG) as speech:
        next(speech)


def by_async_break(runner: Runner) -> None:
    async def speak() -> None:
        async for _ in runner.speak(LONG):
            break

    asyncio.run(speak())


def by_a_cancelled_task(runner: Runner, *, kept: bool = False) -> None:
    speech = runner.speak(LONG) if kept else None

    async def speak(first: asyncio.Event) -> None:
        async for _ in speech or runner.speak(LONG):
            first.set()

    async def cancel() -> None:
        first = asyncio.Event()
        task = asyncio.create_task(speak(first))
        await first.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        runner.synthesize("Hi.", max_frames=1)  # while the loop and the speech live

    asyncio.run(cancel())


def by_a_cancelled_task_whose_speech_is_kept(runner: Runner) -> None:
    by_a_cancelled_task(runner, kept=True)


@pytest.mark.parametrize(
    "drop",
    [
        by_break,
        by_return,
        by_exception,
        by_del,
        by_next_alone,
        by_a_generator,
        by_islice,
        by_a_comprehension,
        by_with,
        by_async_break,
        by_a_cancelled_task,
        by_a_cancelled_task_whose_speech_is_kept,
    ],
)
def test_dropping_it_frees_the_runner(small_voice: Runner, drop: Callable[[Runner], None]) -> None:
    """Without the garbage collector's help: its next run may be long off."""
    gc.disable()
    try:
        for _ in range(2):
            drop(small_voice)
            small_voice.synthesize("Hi.", max_frames=1)
    finally:
        gc.enable()


def test_an_asynchronous_speech_has_the_same_chunks(small_voice: Runner) -> None:
    async def collect(chunks: AsyncIterable[AudioChunk]) -> list[AudioChunk]:
        return [chunk async for chunk in chunks]

    arguments: dict[str, Any] = {"max_frames": 12}
    text = "Good morning."
    for make in (small_voice.speak, small_voice.stream):
        expected = list(make(text, **arguments))
        chunks = asyncio.run(collect(make(text, **arguments)))
        assert [chunk.index for chunk in chunks] == [chunk.index for chunk in expected]
        for chunk, other in zip(chunks, expected, strict=True):
            np.testing.assert_array_equal(chunk.samples, other.samples)
    with pytest.raises(TextError):
        asyncio.run(collect(small_voice.speak("\u200b")))


def test_audio_that_ends_at_max_frames_is_complete(small_voice: Runner) -> None:
    text = "Good morning."
    whole = small_voice.synthesize(text)
    assert whole.finish_reason == "end_of_audio"
    frames = len(whole.codes)
    assert small_voice.synthesize(text, max_frames=frames).finish_reason == "end_of_audio"
    assert small_voice.synthesize(text, max_frames=frames - 1).finish_reason == "length"
    speech = small_voice.speak(text, max_frames=frames)
    np.testing.assert_array_equal(speech.samples(), whole.samples)
    assert speech.stats.finish_reason == "end_of_audio"
