"""Where the audio of ``say`` goes: a file, standard output, the loudspeaker, a picture."""

from __future__ import annotations

import argparse
import fcntl
import os
import stat
import sys
from contextlib import ExitStack
from types import TracebackType
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from voxtral_tts.cli.text_input import STANDARD_STREAM
from voxtral_tts.encode import SAMPLE_RATE, AudioFile
from voxtral_tts.encoders import Encoding, Patch
from voxtral_tts.errors import UsageError
from voxtral_tts.files import check_target, output_error, write_all
from voxtral_tts.formats import check_suffix, format_named
from voxtral_tts.playback import Player
from voxtral_tts.spectrogram import Spectrogram
from voxtral_tts.trace import Trace, now_us

DEFAULT_OUTPUT = "output"
_STDOUT = 1


class _Sink(Protocol):
    def write(self, samples: NDArray[np.float32]) -> None: ...
    def __enter__(self) -> _Sink: ...
    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...


class Outputs:
    """All that the audio is written to, for a ``with`` block; each closes as its kind does."""

    def __init__(self, args: argparse.Namespace, source_rate: int, trace: Trace | None) -> None:
        self._trace = trace
        self._stack = ExitStack()
        self._sinks: list[tuple[str, _Sink]] = []  # in the order of writing
        output = STANDARD_STREAM if args.speaker else args.output
        if output is None and not args.play:
            output = DEFAULT_OUTPUT + format_named(args.format or "wav").extension
        self.name = "loudspeaker" if output is None else output
        self.keeps = output is not None
        is_file = output not in (None, STANDARD_STREAM)
        self.file = output if is_file else None
        self.holds_segments = (
            is_file and not args.play if args.hold_segments is None else args.hold_segments
        )
        format = "f32le" if args.speaker else args.format
        if output == STANDARD_STREAM:
            encoding = Encoding(format or "wav", source_rate, args.sample_rate)
            self._sinks.append(("write", _StandardOutput(encoding)))
        elif output is not None:
            if format is not None:
                check_suffix(output, format)
            file = AudioFile(output, format, source_rate=source_rate, sample_rate=args.sample_rate)
            self._sinks.append(("encode and write", file))
        if args.play:
            self._sinks.append(("play", Player(source_rate)))
        self.picture = None if args.spectrogram is None else Spectrogram(source_rate)

    @staticmethod
    def check(args: argparse.Namespace) -> None:
        """Raises before the work what cannot be written or heard; leaves nothing."""
        outputs = Outputs(args, SAMPLE_RATE, None)
        if outputs.file is not None:
            check_target(outputs.file)

    def __enter__(self) -> Self:
        for _, sink in self._sinks:
            self._stack.enter_context(sink)
        return self

    def write(self, samples: NDArray[np.float32]) -> None:
        for name, sink in self._sinks:
            start = now_us()
            sink.write(samples)
            if self._trace is not None:
                self._trace.add_span(name, "sink", start, now_us() - start)
        if self.picture is not None:
            self.picture.write(samples)

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.__exit__(exc_type, exc, traceback)


class _StandardOutput:
    """Standard output as a stream of one format. Where it is a file, its header is corrected."""

    def __init__(self, encoding: Encoding) -> None:
        if sys.stdout is not None and sys.stdout.isatty():
            raise UsageError("samples on a terminal; send them to a program, or name a file")
        self._encoding = encoding
        self._start = _position_in_file(_STDOUT)
        self._end = 0  # bytes that were written

    def __enter__(self) -> Self:
        return self

    def write(self, samples: NDArray[np.float32]) -> None:
        self._write(self._encoding.write(samples))

    def __exit__(self, exc_type: type[BaseException] | None, *_: object) -> None:
        if exc_type is None or issubclass(exc_type, KeyboardInterrupt):
            self._write(self._encoding.finish(self._end))

    def _write(self, patches: list[Patch]) -> None:
        try:
            for offset, content in patches:
                if offset >= self._end:
                    write_all(_STDOUT, content)
                    self._end += len(content)
                elif self._start is not None:
                    os.pwrite(_STDOUT, content, self._start + offset)
        except OSError as error:
            raise output_error("standard output", error) from error


def _position_in_file(fd: int) -> int | None:
    """Where the next byte goes; None where nothing that was written can be changed."""
    try:
        is_file = stat.S_ISREG(os.fstat(fd).st_mode)
        appends = fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_APPEND
        return os.lseek(fd, 0, os.SEEK_CUR) if is_file and not appends else None
    except OSError:
        return None
