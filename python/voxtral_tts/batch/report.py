"""Tells a person and a program how a batch gets on."""

from __future__ import annotations

import sys
import time
from typing import TextIO

from voxtral_tts.batch.results import Result
from voxtral_tts.batch.run import Plan, Reporter, Summary

BAR_WIDTH = 24
CLEAR_LINE = "\r\x1b[K"


class ConsoleReporter(Reporter):
    """A line of JSON per item on standard output; on standard error what failed, a bar where
    that is a terminal, and a summary. ``quiet`` leaves failures only."""

    def __init__(
        self, *, quiet: bool = False, output: TextIO | None = None, messages: TextIO | None = None
    ) -> None:
        self._output = output or sys.stdout
        self._messages = messages or sys.stderr
        self._quiet = quiet
        self._has_bar = self._messages.isatty() and not quiet
        self._started = time.monotonic()
        self._characters: dict[str, int] = {}  # of the jobs still to be spoken
        self._spoken = self._items = self._finished = self._failed = 0
        self._all = 1

    def begin(self, plan: Plan) -> None:
        self._characters = {job.id: len(job.text) for job, _ in plan.tasks}
        self._all = sum(self._characters.values()) or 1
        self._items = len(plan.tasks) + len(plan.bad)
        if not self._quiet:
            earlier = f", {len(plan.earlier)} done before" if plan.earlier else ""
            self._say(f"{self._items} items to do{earlier}")
        self._draw()

    def result(self, result: Result) -> None:
        self._finished += 1
        if result.line is None:
            self._spoken += self._characters.pop(result.id or "", 0)
        self._clear()
        print(result.to_json(), file=self._output, flush=True)
        if result.status == "failed":
            self._failed += 1
            name = f"{result.id}: " if result.id is not None and result.line is None else ""
            self._say(f"failed: {result.error_class}: {name}{result.error}")
        self._draw()

    def end(self, summary: Summary) -> None:
        self._clear()
        if not self._quiet:
            wall_s = time.monotonic() - self._started
            speed = f", RTF {wall_s / summary.seconds:.2f}" if summary.seconds else ""
            self._say(
                f"{summary.ok} ok, {summary.truncated} truncated, {summary.failed} failed "
                f"({summary.skipped} of them before); {summary.seconds:.1f} s of audio in "
                f"{wall_s:.1f} s{speed}"
            )

    def _say(self, message: str) -> None:
        self._clear()
        # Texts and names come from the job file: nothing of them may command a terminal.
        shown = "".join(sign if sign.isprintable() else "?" for sign in message)
        print(shown, file=self._messages, flush=True)

    def _clear(self) -> None:
        if self._has_bar:
            self._messages.write(CLEAR_LINE)
            self._messages.flush()

    def _draw(self) -> None:
        if not self._has_bar or self._finished == self._items:
            return
        share = self._spoken / self._all
        bar = "#" * round(share * BAR_WIDTH)
        failed = f"  {self._failed} failed" if self._failed else ""
        left = ""
        if self._spoken:  # the time of a text goes with its length
            elapsed = time.monotonic() - self._started
            left = f"  {_duration(elapsed * (1 - share) / share)} left"
        self._messages.write(
            f"{CLEAR_LINE}[{bar:<{BAR_WIDTH}}] {self._finished}/{self._items}{failed}{left}"
        )
        self._messages.flush()


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes}:{rest:02}"
