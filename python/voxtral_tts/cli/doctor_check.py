"""One thing that ``doctor`` looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Check:
    """``failure`` where speech is not possible; ``remedy`` says what to do."""

    name: str
    status: Literal["ok", "warning", "failure"]
    finding: str
    remedy: str = ""


def passed(name: str, finding: str) -> Check:
    return Check(name, "ok", finding)


def warned(name: str, finding: str, remedy: str) -> Check:
    return Check(name, "warning", finding, remedy)


def failed(name: str, finding: str, remedy: str) -> Check:
    return Check(name, "failure", finding, remedy)
