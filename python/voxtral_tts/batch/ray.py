"""``python -m voxtral_tts.batch.ray``: the command ``batch``, spoken by several processes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path

from voxtral_tts.batch import cli
from voxtral_tts.batch.ray_data import on_ray
from voxtral_tts.batch.results import Result
from voxtral_tts.batch.run import Task
from voxtral_tts.cli.arguments import Parser, integer
from voxtral_tts.cli.console import print_line
from voxtral_tts.cli.streams import run_program
from voxtral_tts.errors import EXIT_CODES, VoxtralTTSError, class_name


def main(arguments: list[str]) -> int:
    parser = Parser(prog="python -m voxtral_tts.batch.ray", description=__doc__)
    cli.add_arguments(parser)
    add = parser.add_argument_group("Ray").add_argument
    add(
        "--actors",
        metavar="N",
        type=integer(1),
        default=2,
        help="processes, each with a model of its own (default: 2)",
    )
    add(
        "--cpus-per-actor",
        metavar="N",
        type=integer(1),
        default=1,
        help="what Ray sets aside, and threads unless --threads is given (default: 1)",
    )
    add("--address", help="of a cluster; auto is this machine's (default: a new one, for a while)")
    try:
        args = parser.parse_args(arguments)
        speak_all = on_ray(
            cli.model_files(args),
            actors=args.actors,
            num_cpus=args.cpus_per_actor,
            address=args.address,
        )

        def speak_aside(tasks: list[Task], folder: Path) -> Iterator[Result]:
            with redirect_stdout(sys.stderr):  # standard output is for results, not for Ray's news
                yield from speak_all(tasks, folder)

        return cli.run(args, speak_aside)
    except VoxtralTTSError as error:
        name = class_name(error)
        print_line(f"error: {name}: {error}")
        return EXIT_CODES[name]


if __name__ == "__main__":
    sys.exit(run_program(lambda: main(sys.argv[1:])))
