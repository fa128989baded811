"""Checks the installation and the exported files, and says what to do.

Exit code 0 when speech is possible, else 1.
"""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import asdict

from voxtral_tts.cli import doctor_files, doctor_system
from voxtral_tts.cli.arguments import add_voice_folder_arguments, non_empty
from voxtral_tts.cli.doctor_check import Check, failed

_MARKS = {"ok": "ok  ", "warning": "warn", "failure": "FAIL"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "voxtral-tts doctor [flags]"
    parser.add_argument(
        "--model", metavar="FILE|DIR", type=non_empty, help="model.pte or its folder"
    )
    parser.add_argument("--codec", metavar="FILE", type=non_empty, help="codec program")
    add_voice_folder_arguments(parser)
    parser.add_argument("--json", action="store_true", help="the checks as a JSON list")


def run(args: argparse.Namespace) -> int:
    """Prints a line per check and, where something is wrong, one with what to do."""
    logging.getLogger("voxtral_tts").setLevel(logging.ERROR)  # its warnings are findings here
    checks = list(_checks(args))
    if args.json:
        print(json.dumps([asdict(check) for check in checks], indent=2))
    else:
        for check in checks:
            print(f"{_MARKS[check.status]}  {check.name}: {check.finding}")
            if check.remedy:
                print(f"      {check.remedy}")
    return 1 if any(check.status == "failure" for check in checks) else 0


def _checks(args: argparse.Namespace) -> Iterator[Check]:
    groups: tuple[Callable[[argparse.Namespace], Iterator[Check]], ...] = (
        doctor_system.checks,
        doctor_files.checks,
    )
    for group in groups:
        try:
            yield from group(args)
        except Exception as error:  # a check that breaks is a finding too
            logging.getLogger("voxtral_tts").debug("", exc_info=True)
            yield failed("doctor", f"{type(error).__name__}: {error}", "please report this")
