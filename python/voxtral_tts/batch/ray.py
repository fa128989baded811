"""``python -m voxtral_tts.batch.ray``: the command ``batch``, spoken by several processes."""

from __future__ import annotations

import argparse
import sys

from voxtral_tts.batch import cli
from voxtral_tts.batch.ray_data import on_ray
from voxtral_tts.errors import VoxtralTTSError


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m voxtral_tts.batch.ray",
        description="Speaks the jobs of a file on Ray, as the command batch does in one process.",
    )
    cli.add_arguments(parser)
    group = parser.add_argument_group("Ray")
    group.add_argument(
        "--actors", type=int, default=2, metavar="N", help="processes with a model each"
    )
    group.add_argument(
        "--cpus-per-actor", type=int, default=1, metavar="N", help="threads, unless --threads"
    )
    group.add_argument(
        "--address", help="of a cluster, auto for the one this machine is in; default: a new one"
    )
    args = parser.parse_args(arguments)
    if args.actors < 1 or args.cpus_per_actor < 1:
        parser.error("--actors and --cpus-per-actor have to be 1 or more")
    try:
        speak_all = on_ray(
            cli.model_files(args),
            actors=args.actors,
            num_cpus=args.cpus_per_actor,
            address=args.address,
        )
        return cli.run(args, speak_all)
    except VoxtralTTSError as error:
        return cli.report_error(error)


if __name__ == "__main__":
    sys.exit(main())
