"""Trains a small checkpoint that speaks.

    python -m training --config training/configs/small_voice --work DIR [--stages codec,codes]

Every stage leaves its files in DIR and continues where it was stopped.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

from export.config import CheckpointError

from . import workers
from .settings import SettingsError
from .stages import SHARED, STAGES, Workshop


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m training",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--config", type=Path, required=True, help="folder of the TOML files")
    parser.add_argument("--work", type=Path, required=True, help="folder for data and checkpoints")
    parser.add_argument("--stages", default=",".join(STAGES), help="default: %(default)s")
    parser.add_argument("--threads", type=int, default=1, help="of PyTorch (default 1)")
    parser.add_argument(
        "--device",
        choices=("auto", "cpu", "cuda"),
        default="auto",
        help="of the language stage, the only one that uses a GPU (default: one if there is one)",
    )
    parser.add_argument(
        "--program",
        type=Path,
        action="append",
        default=[],
        help="an exported folder for the judge to hear as well; may be repeated",
    )
    parser.add_argument("--checkpoint", type=Path, help="what to judge (default DIR/checkpoint)")
    parser.add_argument("--runner", type=Path, default=Path("voxtral_tts_runner"))
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    options.work.mkdir(parents=True, exist_ok=True)
    shop = Workshop(
        options.config,
        options.work,
        options.runner,
        programs=tuple(options.program),
        device=options.device,
        published=options.checkpoint,
    )
    stages = options.stages.split(",")
    if unknown := [name for name in stages if name not in STAGES]:
        parser.error(f"--stages: unknown: {', '.join(unknown)}; there are: {', '.join(STAGES)}")
    try:
        workers.join()
        for name in stages:
            if workers.rank() == 0 or name in SHARED:
                print(f"stage {name}", file=sys.stderr, flush=True)
                STAGES[name](shop)
            workers.wait()
    except FileNotFoundError as error:
        remedy = f"run the stages before {name} first"
        print(f"error: {error.filename}: is not there; {remedy}", file=sys.stderr)
        return 1
    except (SettingsError, CheckpointError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
