"""Runs a batch: what is done is skipped, what is bad is noted, the rest is spoken."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from voxtral_tts.batch.jobs import BadLine, Job
from voxtral_tts.batch.results import OutputFolder, Result
from voxtral_tts.batch.speaking import Fingerprints, ModelFiles, failure, speak_job
from voxtral_tts.errors import UsageError

# A job and its fingerprint.
Task = tuple[Job, str]
# speak_all(tasks, folder) speaks into the folder and hands out results, in any order.
SpeakAll = Callable[[list[Task], Path], Iterator[Result]]


@dataclass(slots=True)
class Plan:
    """What a run has to do, and what earlier ones did."""

    tasks: list[Task] = field(default_factory=list)
    bad: list[Result] = field(default_factory=list)  # lines that are no job, not yet noted
    earlier: list[Result] = field(default_factory=list)


@dataclass(slots=True)
class Summary:
    """What became of the items of a batch, those of earlier runs included."""

    ok: int = 0
    truncated: int = 0
    failed: int = 0
    skipped: int = 0  # of those three: in an earlier run
    seconds: float = 0.0  # of audio in this run

    @property
    def exit_code(self) -> int:
        return 1 if self.failed else 0

    def count(self, result: Result) -> None:
        setattr(self, result.status, getattr(self, result.status) + 1)


class Reporter:
    """Is told how a batch gets on. This one says nothing."""

    def begin(self, plan: Plan) -> None:
        """The whole job file has been read."""

    def result(self, result: Result) -> None:
        """An item was finished in this run."""

    def end(self, summary: Summary) -> None:
        """Nothing is left to do."""


def make_plan(
    jobs: Iterable[Job | BadLine],
    folder: OutputFolder,
    fingerprints: Fingerprints,
    *,
    retry_failed: bool = False,
) -> Plan:
    """Compares the jobs with what the folder has. An item that failed is done, unless it is to
    be tried again."""
    plan = Plan()
    for job in jobs:
        if isinstance(job, BadLine):
            result = bad_line(job)
            earlier = folder.finished(job.line, result.fingerprint)
            if earlier is None:
                plan.bad.append(result)
        else:
            fingerprint = fingerprints.of(job)
            earlier = folder.finished(job.id, fingerprint)
            if earlier is not None and earlier.status == "failed" and retry_failed:
                earlier = None
            if earlier is None:
                plan.tasks.append((job, fingerprint))
        if earlier is not None:
            plan.earlier.append(earlier)
    return plan


def run_batch(
    jobs: Iterable[Job | BadLine],
    folder: OutputFolder,
    files: ModelFiles,
    *,
    speak_all: SpeakAll | None = None,
    retry_failed: bool = False,
    fail_fast: bool = False,
    reporter: Reporter | None = None,
) -> Summary:
    """Speaks every job that ``folder`` does not have, and returns what became of all.

    With ``fail_fast`` nothing is begun after a failure. ``speak_all`` is for other processes;
    without, this one speaks, and loads the model when there is something to be spoken.

    Raises ``OutputError``, what ``Runner`` raises, and ``KeyboardInterrupt``: an item in work is
    not done then, and the next run begins with it.
    """
    reporter = reporter or Reporter()
    plan = make_plan(jobs, folder, Fingerprints(files), retry_failed=retry_failed)
    summary = Summary(skipped=len(plan.earlier))
    for result in plan.earlier:
        summary.count(result)
    reporter.begin(plan)
    with closing(_results(plan, folder, speak_all or in_this_process(files))) as results:
        for result in results:
            folder.commit(result)
            summary.count(result)
            summary.seconds += result.seconds
            reporter.result(result)
            if fail_fast and result.status == "failed":
                break
    reporter.end(summary)
    return summary


def _results(plan: Plan, folder: OutputFolder, speak_all: SpeakAll) -> Generator[Result]:
    yield from plan.bad
    if plan.tasks:
        yield from speak_all(plan.tasks, folder.pending)


def in_this_process(files: ModelFiles) -> SpeakAll:
    """One after the other."""

    def speak_all(tasks: list[Task], pending: Path) -> Iterator[Result]:
        with files.open() as runner:
            for job, fingerprint in tasks:
                yield speak_job(runner, job, fingerprint, pending)

    return speak_all


def bad_line(line: BadLine) -> Result:
    """The result of a line that is no job."""
    error = UsageError(f"line {line.line}: {line.message}")
    return failure(error, id=line.id, line=line.line, fingerprint=line.sha256)
