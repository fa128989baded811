"""Finds the command, runs it, and turns its errors into lines and exit codes."""

from __future__ import annotations

import argparse
import difflib
import importlib
import logging
import platform
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import ModuleType

from voxtral_tts._native import _core
from voxtral_tts.cli.arguments import Parser
from voxtral_tts.cli.console import print_line, set_up_logging, signal_exit
from voxtral_tts.cli.streams import run_program
from voxtral_tts.errors import (
    EXIT_CODES,
    OutputError,
    ReaderGoneError,
    UsageError,
    VoxtralTTSError,
    class_name,
)

PROGRAM = "voxtral-tts"


@dataclass(frozen=True, slots=True)
class Command:
    """A command's module has ``add_arguments(parser)`` and ``run(args) -> int``.

    A module with ``main(argv, prog)`` instead has a parser of its own; several names are tried.
    """

    help: str
    modules: tuple[str, ...]
    has_own_parser: bool = False
    extra: str | None = None  # of the package, that it needs


COMMANDS = {
    "say": Command("speak a text", ("voxtral_tts.cli.say",)),
    "batch": Command("speak many texts into files", ("voxtral_tts.batch.cli",)),
    "serve": Command("answer requests over HTTP", ("voxtral_tts.server.cli",), extra="server"),
    "voices": Command("list the voices", ("voxtral_tts.cli.voices",)),
    "export": Command(
        "turn the checkpoint into the files that are run",
        ("voxtral_tts.export.__main__", "export.__main__"),
        has_own_parser=True,
        extra="export",
    ),
    "bench": Command(
        "measure speed and memory", ("voxtral_tts.bench.__main__",), has_own_parser=True
    ),
    "doctor": Command("check the installation and the files", ("voxtral_tts.cli.doctor",)),
    "completion": Command("print a shell's completions", ("voxtral_tts.cli.completion",)),
}


def build_parser(names: Sequence[str] = tuple(COMMANDS)) -> Parser:
    """The program's parser, with the flags of the named commands."""
    parser = Parser(
        prog=PROGRAM,
        description="Text to speech with Voxtral-4B-TTS-2603 on your own computer.",
        usage=f"{PROGRAM} COMMAND [flags]",
        epilog="exit codes: docs/voxtral-tts.md; help for a command: voxtral-tts COMMAND --help",
    )
    parser.add_argument(
        "-V", "--version", action="version", version=version_text(), help="print the versions"
    )
    commands = parser.add_subparsers(
        title="commands", dest="command", metavar="COMMAND", prog=PROGRAM
    )
    for name, command in COMMANDS.items():
        sub = commands.add_parser(name, help=command.help, description=command.help)
        if name not in names or command.has_own_parser:
            continue
        try:
            module = _module(command)
        except UsageError:
            if len(names) == 1:
                raise
            continue  # among all commands, one whose extra is not installed has no flags
        sub.description = module.__doc__
        module.add_arguments(sub)
    return parser


def version_text() -> str:
    return (
        f"{PROGRAM} {_core.__version__}\n"
        f"ExecuTorch {_core.EXECUTORCH_VERSION}\n"
        f"Python {platform.python_version()}"
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program and returns its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    return run_program(lambda: _main(arguments))


def _main(arguments: list[str]) -> int:
    try:
        return _run(arguments)
    except KeyboardInterrupt as interrupt:
        name, code = signal_exit(interrupt)
        print_line(f"error: Interrupted: {name}")
        return code
    except VoxtralTTSError as error:
        return _fail(error)
    except BrokenPipeError:
        return _fail(ReaderGoneError("the reader of standard output has gone"))
    except OSError as error:
        return _fail(OutputError(str(error)))
    except Exception as error:
        logging.getLogger("voxtral_tts").debug("", exc_info=True)
        return _fail(error)


def _run(arguments: list[str]) -> int:
    name = arguments[0] if arguments else ""
    command = COMMANDS.get(name)
    if command is not None and command.has_own_parser:
        code = _module(command).main(arguments[1:], prog=f"{PROGRAM} {name}")
        return 0 if code is None else int(code)
    parser = build_parser([name])
    if name.startswith("-") and name not in ("-h", "--help", "-V", "--version"):
        parser.error(f"a command is missing before {name}; to speak a text: {PROGRAM} say TEXT")
    if not arguments:
        parser.print_help()
        return EXIT_CODES["Usage"]
    if command is None and not name.startswith("-"):
        alike = _alike(name, COMMANDS) or f"to speak a text: {PROGRAM} say TEXT"
        parser.error(f"there is no command '{name}'; {alike}")
    args, unknown = parser.parse_known_args(arguments)
    if unknown:
        raise UsageError(_about_unknown(name, unknown, _flags(parser, name)))
    if command is None:
        parser.error("a command is missing")
    set_up_logging(
        verbose=getattr(args, "verbose", False) is True, quiet=getattr(args, "quiet", False) is True
    )
    return int(_module(command).run(args))


def _flags(parser: Parser, name: str) -> list[str]:
    """The flags of a command."""
    commands = next(
        action for action in parser._actions if isinstance(action, argparse._SubParsersAction)
    )
    return list(commands.choices[name]._option_string_actions) if name in commands.choices else []


def _alike(typed: str, known: Iterable[str]) -> str:
    """What may have been meant; empty where nothing is like it."""
    found = difflib.get_close_matches(typed, known, 1)
    return f"did you mean {found[0]}?" if found else ""


def _about_unknown(name: str, arguments: list[str], taken: list[str]) -> str:
    """What to do about arguments that ``name`` does not take; ``taken`` are its flags."""
    known = f"see {PROGRAM} {name} --help" if name in COMMANDS else f"see {PROGRAM} --help"
    flags = [argument for argument in arguments if argument.startswith("-")]
    if flags:
        flag = flags[0].partition("=")[0]
        alike = _alike(flag, taken)
        return f"there is no flag {flag}; {f'{alike} ' if alike else ''}{known}"
    words = f"'{' '.join(arguments)}' is one argument too many"
    return f"{words}; put the text in quotes, or {known}" if name == "say" else f"{words}; {known}"


def _module(command: Command) -> ModuleType:
    failure: ModuleNotFoundError | None = None
    for name in command.modules:
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            failure = error
    extra = f": pip install 'voxtral_tts[{command.extra}]'" if command.extra else ""
    raise UsageError(f"this command needs a package that is not there ({failure}){extra}")


def _fail(error: BaseException) -> int:
    name = class_name(error)
    print_line(f"error: {name}: {error}")
    return EXIT_CODES[name]
