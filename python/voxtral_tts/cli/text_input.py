"""The text that a command is given: an argument, a file, or standard input as it comes."""

from __future__ import annotations

import argparse
import codecs
import os
import select
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from voxtral_tts.cli.console import print_line
from voxtral_tts.errors import TextError, UsageError
from voxtral_tts.text.sentences import SPEECH

STANDARD_STREAM = "-"
_BLOCK = 65536  # bytes
# Without input for so long, what has come is spoken if it is complete: a program that writes a
# text writes its lines faster, and a listener hardly notices the wait.
_QUIET_S = 0.3


def read_text(args: argparse.Namespace) -> str | Iterator[str]:
    """The whole text; pieces of it where it comes through a pipe and may still be written.

    Raises ``UsageError`` when it is given twice, ``TextError`` when it cannot be read or is
    empty.
    """
    given = [value for value in (args.words, args.text, args.text_file) if value is not None]
    if len(given) > 1:
        raise UsageError(
            "the text is given twice: take one of TEXT, --text and --text-file, and put "
            "several words in quotes"
        )
    if args.text_file is not None and args.text_file != STANDARD_STREAM:
        return _checked(_decoded(_content(args.text_file), args.text_file), args.text_file)
    if given and given[0] != STANDARD_STREAM:
        _hint_at_file(given[0], quiet=args.quiet)
        return _checked(given[0], "the argument")
    if sys.stdin is not None and sys.stdin.isatty() and not args.quiet:
        print_line("reading the text from standard input, Ctrl-D ends it")
    pieces = _pieces_of_stdin()
    if _stdin_is_file():
        return _checked("".join(pieces), "standard input")
    return pieces


def _checked(text: str, name: str) -> str:
    if not SPEECH.search(text):
        raise TextError(f"{name}: the text is empty, it has nothing to say; give some words")
    return text


def _hint_at_file(text: str, *, quiet: bool) -> None:
    """Whoever gives a file's name as the text probably means what is in the file."""
    if not quiet and os.path.isfile(text):
        print_line(f"note: the name '{text}' is spoken; what is in the file: -i '{text}'")


def _content(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise TextError(f"cannot open '{path}': {error.strerror}") from error


def _decoded(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _not_utf8(f"'{name}'", error) from error


def _stdin_is_file() -> bool:
    try:
        return stat.S_ISREG(os.fstat(0).st_mode)
    except OSError:
        return False


def _pieces_of_stdin() -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    try:
        while block := os.read(0, _BLOCK):
            if piece := decoder.decode(block):
                yield piece
            if not select.select([0], [], [], _QUIET_S)[0]:
                yield ""  # nothing comes for now
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise _not_utf8("standard input", error) from error
    except OSError as error:
        raise TextError(f"cannot read standard input: {error.strerror}") from error


def _not_utf8(name: str, error: UnicodeDecodeError) -> TextError:
    return TextError(f"{name} is not UTF-8: {error.reason}; convert it with iconv -t UTF-8")
