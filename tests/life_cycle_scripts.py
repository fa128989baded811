"""Programs that tests/python/test_life_cycle.py runs in processes of their own.

`python life_cycle_scripts.py NAME MODEL CODEC [ARGUMENT]`; what they print is compared.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable

from voxtral_tts import Runner, UsageError, VoxtralTTSError

TEXT = "The weather is fine."
HANG_S = 30
SCRIPTS: dict[str, Callable[..., None]] = {}


def script(function: Callable[..., None]) -> Callable[..., None]:
    SCRIPTS[function.__name__] = function
    return function


def digest(runner: Runner, seed: int = 42) -> str:
    audio = runner.synthesize(TEXT, max_frames=6, seed=seed)
    return hashlib.sha256(audio.samples.tobytes() + audio.codes.tobytes()).hexdigest()


def say(*words: object) -> None:
    print(*words, flush=True)


def in_child(work: Callable[[], None], leave: Callable[[int], None] = os._exit) -> None:
    """Runs `work` in a forked process and waits; one that hangs is ended by SIGALRM."""
    process = os.fork()
    if process == 0:
        signal.alarm(HANG_S)
        work()
        leave(0)
    _, status = os.waitpid(process, 0)
    say("child", os.waitstatus_to_exitcode(status))


def refused(what: str, use: Callable[[], object]) -> None:
    try:
        use()
    except UsageError as error:
        say(what, "refused" if str(os.getppid()) in str(error) else error)
    else:
        say(what, "accepted")


@script
def speak(model: str, codec: str, threads: str = "0") -> None:
    say(digest(Runner(model, codec, num_threads=int(threads))))


@script
def fork_after_load(model: str, codec: str) -> None:
    runner = Runner(model, codec)
    stream = runner.stream(TEXT, max_frames=6)
    next(stream)

    def use() -> None:
        refused("stream", lambda: next(stream))
        stream.close()
        refused("runner", lambda: runner.synthesize(TEXT))
        refused("new", lambda: Runner(model, codec))

    in_child(use)
    in_child(lambda: None, sys.exit)  # Python's own end, destructors included
    assert len(list(stream)) > 0
    say(digest(runner))


@script
def fork_while_speaking(model: str, codec: str) -> None:
    runner = Runner(model, codec)
    stream = runner.stream(TEXT)
    speaker = threading.Thread(target=lambda: list(stream))
    speaker.start()
    for leave in (os._exit, sys.exit):
        in_child(lambda: refused("runner", lambda: runner.synthesize(TEXT)), leave)
        in_child(lambda: refused("new", lambda: Runner(model, codec)), leave)
    stream.close()
    speaker.join()
    say(digest(runner))


@script
def fork_before_load(model: str, codec: str) -> None:
    for _ in range(2):
        in_child(lambda: say(digest(Runner(model, codec))))
    say(digest(Runner(model, codec)))


@script
def spawn(model: str, codec: str) -> None:
    runner = Runner(model, codec)
    process = multiprocessing.get_context("spawn").Process(target=speak, args=(model, codec))
    process.start()
    process.join(HANG_S)
    say("child", process.exitcode)
    say(digest(runner))


@script
def exit_while_speaking(model: str, codec: str, thread: str) -> None:
    """Python ends while a daemon thread is inside the library, at any time of an utterance."""
    runner = Runner(model, codec)

    def speak_on() -> None:
        while True:
            try:
                runner.synthesize(TEXT, chunk_frames=int(thread))
            except VoxtralTTSError:
                time.sleep(0.001)

    threading.Thread(target=speak_on, daemon=True).start()
    time.sleep(0.02)
    say("ends")


@script
def address_space(model: str, codec: str) -> None:
    """Less and less memory, then enough again."""
    with Runner(model, codec) as runner:
        expected = digest(runner)
    with open("/proc/self/statm") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    outcomes = []
    for extra in (*range(0, 24, 2), 32, 64, 128, 256, 4096):
        limit = used + (extra << 20)
        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
        try:
            with Runner(model, codec) as runner:
                assert digest(runner) == expected
            outcomes.append("spoke")
        except (VoxtralTTSError, MemoryError) as error:
            outcomes.append(type(error).__name__)
    say(*outcomes)


if __name__ == "__main__":
    SCRIPTS[sys.argv[1]](*sys.argv[2:])
