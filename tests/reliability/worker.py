"""A process that lives through bad inputs: each through Python, the good request after it."""

from __future__ import annotations

import multiprocessing
import os
import threading
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple, Self

from command_line import TEXT
from voxtral_tts import Runner, errors
from voxtral_tts.runner import SpeechStream

from .case import Case
from .subject import FRAMES, HARD_LIMIT_S, Subject


class Answer(NamedTuple):
    """What came of a case: the class of its error, and whether the next request was good."""

    error: str  # class name, "" for none; "died" and "hung" for the process
    message: str
    good_after: bool
    more_kb: int  # resident memory while it ran, above that before it


def class_name(error: errors.VoxtralTTSError) -> str:
    """The name that the command line has for the class."""
    kinds = errors._CLASSES.items()
    return next((name for name, kind in kinds if isinstance(error, kind)), type(error).__name__)


class Worker:
    """The process; a new one takes its place when it dies."""

    def __init__(self, good: Subject, samples: bytes) -> None:
        self._arguments = (good, samples)
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, *self._arguments), daemon=True)
        self._process.start()
        theirs.close()

    def ask(self, case: Case, folder: Path) -> Answer:
        """Runs the case in `folder`, then the good request."""
        # What `prepare` has done is done; functions need not travel.
        self._connection.send((case._replace(prepare=None, files={}), folder))
        if not self._connection.poll(HARD_LIMIT_S):
            self._process.kill()
            self._restart()
            return Answer("hung", "", False, 0)
        try:
            answer: Answer = self._connection.recv()
        except EOFError:
            self._process.join()
            code = self._process.exitcode
            self._restart()
            return Answer("died", f"exit code {code}", False, 0)
        return answer

    def _restart(self) -> None:
        self._connection.close()
        self._process.join()
        self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        self._process.join(HARD_LIMIT_S)


def _serve(connection: Connection, good: Subject, samples: bytes) -> None:
    runner = Runner(**good.files, num_threads=1)  # type: ignore[arg-type]
    while True:
        try:
            case, folder = connection.recv()
        except EOFError:
            return
        os.chdir(folder)
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
        before_kb = _memory_kb("VmRSS")
        name, message = _error_of(runner, good, case)
        try:
            good_after = _speak(runner) == samples
        except errors.VoxtralTTSError as error:
            good_after, message = False, f"{message}; then {error}"
        connection.send(Answer(name, message, good_after, _memory_kb("VmHWM") - before_kb))


def _memory_kb(name: str) -> int:
    """A line of /proc/self/status, which Linux has."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def _speak(runner: Runner, **options: Any) -> bytes:
    arguments = {"text": TEXT, "max_frames": FRAMES, **options}
    return runner.synthesize(**arguments).samples.tobytes()


def _error_of(runner: Runner, good: Subject, case: Case) -> tuple[str, str]:
    try:
        if case.busy is not None:
            _speak_while_busy(runner, case)
        elif case.load:
            with Runner(**{**good.files, "num_threads": 1, **case.load}) as other:  # type: ignore[arg-type]
                _speak(other, **case.speak)
        else:
            _speak(runner, **case.speak)
    except errors.VoxtralTTSError as error:
        return class_name(error), str(error)
    except Exception as error:
        return type(error).__name__, str(error)
    return "", ""


def _speak_while_busy(runner: Runner, case: Case) -> None:
    """Asks for more while a stream is under way, which has to end as if nothing had been."""
    with runner.stream(TEXT, max_frames=FRAMES) as stream:
        whole = b"".join(chunk.samples.tobytes() for chunk in stream)
    failures: list[errors.VoxtralTTSError] = []

    def ask() -> None:
        try:
            _speak(runner, **case.speak)
        except errors.VoxtralTTSError as error:
            failures.append(error)

    with runner.stream(TEXT, max_frames=FRAMES) as stream:
        begun = _pull(stream, case.busy or 0)
        if case.flags == ("thread",):
            thread = threading.Thread(target=ask)
            thread.start()
            thread.join()
        else:
            ask()
        if begun + _pull(stream, FRAMES) != whole:
            raise errors.InternalError("the stream under way has changed")
    if failures:
        raise failures[0]


def _pull(stream: SpeechStream, most: int) -> bytes:
    pieces = []
    while len(pieces) < most and (chunk := next(stream, None)) is not None:
        pieces.append(chunk.samples.tobytes())
    return b"".join(pieces)
