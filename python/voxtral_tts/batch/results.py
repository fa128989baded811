"""What became of each job: the folder of a batch, its audio files and ``results.jsonl``.

An item is spoken into ``.pending``, its result is written beside it, and only then the audio
gets its name and the result its line: whenever the process ends, what was spoken is not spoken
again.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from voxtral_tts.errors import BusyError, OutputError, UsageError
from voxtral_tts.files import sha256_of, sync

LOG_NAME = "results.jsonl"
PENDING = ".pending"

Status = Literal["ok", "truncated", "failed"]


@dataclass(frozen=True, slots=True)
class Result:
    """A line of ``results.jsonl``."""

    id: str | None  # None for a line without a usable one
    status: Status  # truncated: a segment missed its end and was cut
    fingerprint: str  # of the job and the model
    line: int | None = None  # in the job file, for a line that is no job
    audio: str | None = None  # file in the folder
    size: int = 0  # bytes of that file
    sha256: str | None = None
    seconds: float = 0.0
    frames: int = 0  # of the codec, 80 ms each
    wall_s: float = 0.0  # synthesis and encoding
    rtf: float = 0.0  # wall seconds per second of audio
    finish_reason: str | None = None
    retries: int = 0  # segments spoken again, as they missed their end
    seed: int | None = None
    warnings: tuple[str, ...] = ()
    error_class: str | None = None  # as in docs/cli.md
    error: str | None = None
    exit_code: int = 0  # that of the command line for the same text

    @property
    def key(self) -> str | int:
        """What tells its item from the others of a batch."""
        return self.line if self.line is not None else self.id or ""

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    @staticmethod
    def from_json(line: bytes) -> Result:
        """Raises ``ValueError`` for what ``to_json`` did not write."""
        members = json.loads(line)
        if not isinstance(members, dict) or set(members) != _MEMBERS:
            raise ValueError("not a result")
        audio = members["audio"]
        if audio is not None and audio != os.path.basename(audio):
            raise ValueError(f"not a file name: {audio}")
        return Result(**{**members, "warnings": tuple(members["warnings"])})


_MEMBERS = {field.name for field in fields(Result)}


class OutputFolder:
    """A batch's folder, held against other batches until it is closed.

    Raises ``BusyError`` when another batch holds it, ``OutputError`` when it cannot be used and
    ``UsageError`` when its ``results.jsonl`` is not one of ours.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.pending = self.path / PENDING
        with _as_output_error("; choose another --output-dir"):
            self.path.mkdir(parents=True, exist_ok=True)
            log = self.path / LOG_NAME
            self._log = os.open(log, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
        self._is_locked = False
        try:
            self._lock()
            self._results = self._read_log()
            self._recover()
        except BaseException:
            self.close()
            raise

    def finished(self, key: str | int, fingerprint: str) -> Result | None:
        """The result of the same item in an earlier run, if what it says is still there."""
        result = self._results.get(key)
        if result is None or result.fingerprint != fingerprint:
            return None
        return result if result.audio is None or self._is_whole(self.path, result) else None

    def commit(self, result: Result) -> None:
        """Gives the audio its name and the result its line. Raises ``OutputError``."""
        earlier = self._results.get(result.key)
        with _as_output_error():
            if result.audio is not None:
                os.replace(self.pending / result.audio, self.path / result.audio)
            # What the folder has is what its results say: not the audio of an earlier job.
            if earlier is not None and earlier.audio not in (None, result.audio):
                (self.path / str(earlier.audio)).unlink(missing_ok=True)
            self._append(result)
            _note(self.pending, result).unlink(missing_ok=True)

    def close(self) -> None:
        """Lets other batches in."""
        if self._log < 0:
            return
        try:
            if self._is_locked:  # else the folder is another's
                with contextlib.suppress(OSError):  # what was spoken and not taken waits there
                    self.pending.rmdir()
        finally:
            os.close(self._log)
            self._log = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _lock(self) -> None:
        try:
            fcntl.flock(self._log, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BusyError(f"{self.path}: another batch is writing into this folder") from error
        self._is_locked = True

    def _read_log(self) -> dict[str | int, Result]:
        """The last result of each item, a line at a time."""
        results: dict[str | int, Result] = {}
        end = 0
        with open(self._log, "rb", closefd=False) as file:
            file.seek(0)
            for number, line in enumerate(file, 1):
                if not line.endswith(b"\n"):  # torn by a kill: its item is in `pending`, or undone
                    os.truncate(self._log, end)
                    break
                end += len(line)
                try:
                    result = Result.from_json(line)
                except (ValueError, TypeError) as error:
                    raise UsageError(
                        f"{self.path / LOG_NAME}, line {number} is no result of a batch: {error}"
                    ) from error
                results[result.key] = result
        return results

    def _append(self, result: Result) -> None:
        line = result.to_json().encode() + b"\n"
        while line:  # a full disk may take a part
            line = line[os.write(self._log, line) :]
        sync(self._log)
        self._results[result.key] = result

    def _recover(self) -> None:
        """Commits what was spoken when the process ended, and clears away the rest."""
        with _as_output_error():
            for note in self.pending.glob("*.json"):
                try:
                    result = Result.from_json(note.read_bytes())
                except ValueError:
                    continue
                if self._is_whole(self.pending, result):
                    self.commit(result)
                elif self._is_whole(self.path, result) and self._results.get(result.key) != result:
                    self._append(result)
            if self.pending.exists():
                shutil.rmtree(self.pending)
            self.pending.mkdir()

    def _is_whole(self, folder: Path, result: Result) -> bool:
        path = folder / str(result.audio)
        try:
            return path.stat().st_size == result.size and sha256_of(path)[0] == result.sha256
        except OSError:
            return False


def make_durable(pending: Path, result: Result) -> None:
    """Writes down a result beside its audio, which is on the disk already, so that both outlive
    the process. Any process may."""
    with _as_output_error():
        note = _note(pending, result)
        unnamed = note.with_suffix(".unnamed")
        with unnamed.open("w", encoding="utf-8") as file:
            file.write(result.to_json())
            file.flush()
            sync(file.fileno())
        unnamed.replace(note)


def _note(pending: Path, result: Result) -> Path:
    # Not the id itself: a note of "a.wav" and the audio of a job may not meet.
    return pending / f"{hashlib.sha256(str(result.key).encode()).hexdigest()}.json"


@contextlib.contextmanager
def _as_output_error(remedy: str = "") -> Any:
    try:
        yield
    except OutputError:
        raise
    except OSError as error:
        raised = OutputError(f"{error}{remedy}")
        raised.errno = error.errno
        raise raised from error
