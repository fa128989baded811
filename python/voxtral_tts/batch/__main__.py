"""``python -m voxtral_tts.batch``: the command ``batch``."""

import argparse
import sys

from voxtral_tts.batch import cli
from voxtral_tts.errors import VoxtralTTSError


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m voxtral_tts.batch", description="Speaks the jobs of a file into a folder."
    )
    cli.add_arguments(parser)
    try:
        return cli.run(parser.parse_args())
    except VoxtralTTSError as error:
        return cli.report_error(error)


if __name__ == "__main__":
    sys.exit(main())
