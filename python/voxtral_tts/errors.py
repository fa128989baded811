"""Exceptions of voxtral_tts: one class per kind of failure, one common base.

Where Python has a built-in exception with the same meaning, the class is a
subclass of that as well: ``except ValueError`` and ``except FileNotFoundError``
do what they say.
"""

from __future__ import annotations

import errno
import os
import sys
import warnings
from typing import Any

_PACKAGE = os.path.join(os.path.dirname(__file__), "")


class VoxtralTTSError(RuntimeError):
    """Base class of all errors of this package."""


class _WithErrno(OSError):
    """Keeps an ``errno`` that was set, which OSError forgets when it is pickled or copied."""

    def __reduce__(self) -> tuple[Any, ...]:
        reduced = super().__reduce__()
        assert isinstance(reduced, tuple)
        kind, args, *state = reduced
        return kind, args, {**(state[0] if state else {}), "errno": self.errno}


class UsageError(VoxtralTTSError, ValueError):
    """An argument is out of its range, or a closed object is used."""


class ModelLoadError(VoxtralTTSError):
    """A ``.pte`` file is missing, corrupt, or of another version or backend."""


class ModelNotFoundError(_WithErrno, FileNotFoundError, ModelLoadError):
    """A ``.pte`` file does not exist."""


class ModelMismatchError(VoxtralTTSError):
    """The codec, tokenizer or voices do not belong to the model."""


class TokenizerError(VoxtralTTSError):
    """``tekken.json`` cannot be used."""


class TokenizerNotFoundError(_WithErrno, FileNotFoundError, TokenizerError):
    """``tekken.json`` does not exist."""


class VoiceError(VoxtralTTSError, ValueError):
    """The voice is unknown or its file cannot be used."""


class TextError(VoxtralTTSError, ValueError):
    """The text is empty, not valid Unicode, or too long for the model."""


class OutputError(_WithErrno, VoxtralTTSError):
    """Writing audio failed; ``errno`` says why."""


class NumericError(VoxtralTTSError):
    """The model or the codec produced NaN or infinity."""


class BusyError(VoxtralTTSError):
    """The runner is speaking already, or another thread reads the stream."""


class InternalError(VoxtralTTSError):
    """A defect of this package or of the runtime."""


class InterruptedSynthesisError(VoxtralTTSError):
    """The synthesis was cancelled."""


class ReaderGoneError(_WithErrno, BrokenPipeError, VoxtralTTSError):
    """The reader of the pipe the audio goes to has closed it."""


class TruncatedAudioWarning(UserWarning):
    """The model's default frame budget cut the audio: it is incomplete."""


class SpeechWarning(UserWarning):
    """A segment of a speech missed its end, or the model found nothing to say in it."""


def warn_caller(message: str, category: type[Warning]) -> None:
    """Warns of the line outside of this package that led here, however deep."""
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)


_CLASSES: dict[str, type[VoxtralTTSError]] = {
    "Usage": UsageError,
    "ModelLoad": ModelLoadError,
    "ModelMismatch": ModelMismatchError,
    "Tokenizer": TokenizerError,
    "Voice": VoiceError,
    "Text": TextError,
    "OutputIO": OutputError,
    "Numeric": NumericError,
    "Busy": BusyError,
    "Internal": InternalError,
    "Interrupted": InterruptedSynthesisError,
    "ReaderGone": ReaderGoneError,
}

_NOT_FOUND: dict[str, type[VoxtralTTSError]] = {
    "ModelLoad": ModelNotFoundError,
    "Tokenizer": TokenizerNotFoundError,
}

# Of the command line; docs/cli.md.
EXIT_CODES = {
    "Usage": 2,
    "ModelLoad": 3,
    "ModelMismatch": 4,
    "Tokenizer": 5,
    "Voice": 6,
    "Text": 7,
    "OutputIO": 8,
    "Numeric": 9,
    "Busy": 11,
    "ReaderGone": 13,
    "Internal": 70,
    "Interrupted": 130,
}
EXIT_TRUNCATED = 10


def class_name(error: BaseException) -> str:
    """The name of an error's class as the command line prints it; Internal for one not ours."""
    for name, error_type in _CLASSES.items():
        if isinstance(error, error_type):
            return name
    return "Internal"


def make_error(name: str, message: str, system_errno: int) -> VoxtralTTSError:
    """The exception for an error of the compiled part.

    ``name`` is the error class as the command line prints it; ``system_errno``
    is 0 when no system call failed. An unknown name gives ``InternalError``.
    """
    error_type = _CLASSES.get(name, InternalError)
    if system_errno == errno.ENOENT:
        error_type = _NOT_FOUND.get(name, error_type)
    error = error_type(message)
    if isinstance(error, OSError) and system_errno != 0:
        error.errno = system_errno
    return error
