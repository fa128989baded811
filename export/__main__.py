"""`python -m export`: checkpoint folder to a folder the runner speaks from."""

from __future__ import annotations

import argparse
import logging
import sys
import time
import warnings
from pathlib import Path

from .options import (
    GROUP_SIZES,
    MIN_SEQ_LEN,
    PRESETS,
    ExportOptions,
    UnsupportedOptions,
    supported_table,
)

EXIT_FAILURE = 1
EXIT_USAGE = 2

# Flags of ExecuTorch's example that no longer mean anything here, and why.
_IGNORED = {
    "--max-codec-frames": "the codec streams: its chunk size is dynamic and nothing is padded",
    "--decoder-qlinear-scope": "every linear of the language model and flow head is quantised",
    "--qlinear-packing-format": "each backend packs weights its own way",
    "--qlinear-codec-group-size": "the codec's groups are fixed",
    "--qembedding-group-size": "embedding groups are chosen by table",
    "--streaming": "every export streams",
}


def _parser(prog: str) -> argparse.ArgumentParser:
    defaults = ExportOptions()
    parser = argparse.ArgumentParser(
        prog=prog,
        usage="%(prog)s --model-path FOLDER --output-dir FOLDER [options]\n"
        "       %(prog)s --inspect FILE...",
        description="Export a Voxtral-4B-TTS checkpoint to model.pte and codec_decoder.pte.",
        epilog="Supported combinations:\n" + supported_table(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--model-path", type=Path, help="checkpoint folder")
    add("--output-dir", type=Path, help="folder to write")
    add(
        "--preset",
        choices=tuple(PRESETS),
        help="all of the flags from --backend to --kv-dtype; any that is given as well counts "
        "instead. Without any of them: mac on macOS, else cpu",
    )
    add("--backend", help="xnnpack (default), portable or mlx")
    add("--dtype", help="fp32 (default); mlx: bf16, fp16 too")
    add(
        "--qlinear",
        help="linear weights: none (default); xnnpack: 8da4w, 8da8w; mlx: 4w, 8w",
    )
    sizes = ", ".join(map(str, GROUP_SIZES))
    add(
        "--qlinear-group-size",
        type=int,
        default=defaults.qlinear_group_size,
        help=f"inputs per scale of 8da4w, 4w, 8w: {sizes} (default {defaults.qlinear_group_size})",
    )
    add(
        "--qlinear-flow",
        default=defaults.qlinear_flow,
        help="the flow head's layers: same (default) or another value of --qlinear",
    )
    add(
        "--qlinear-flow-group-size",
        type=int,
        help="their inputs per scale (default: --qlinear-group-size)",
    )
    add(
        "--qembedding",
        help="embedding tables: none (default) or 8w; mlx: 4w too",
    )
    add(
        "--qlinear-codec",
        help="the codec's linears: none (default); xnnpack: 8da8w; mlx: 4w, 8w",
    )
    add("--kv-dtype", help="keys and values: fp32 (default), bf16, fp16; mlx: the model's own")
    add(
        "--flow-steps",
        type=int,
        help="Euler steps per frame; the model's own is 7, and fewer are faster, with other codes",
    )
    add(
        "--max-seq-len",
        type=int,
        default=defaults.max_seq_len,
        help=f"rows of the KV cache: prompt + frames; {MIN_SEQ_LEN} to the checkpoint's own "
        f"max_seq_len (default {defaults.max_seq_len})",
    )
    add(
        "--export-target",
        choices=("all", "model", "codec", "bench"),
        default="all",
        help="which program to write (default all); bench: the parts of a step, to be timed",
    )
    add("--debug", action="store_true", help="step also returns hidden, logits and velocities")
    add(
        "--inspect",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="print what these programs consist of: delegates, nodes, weights read per call",
    )
    for flag, reason in _IGNORED.items():
        add(flag, nargs="?", default=None, const="", help=f"accepted and ignored: {reason}")
    return parser


def _apply_preset(arguments: argparse.Namespace) -> None:
    """Fills in the flags that were not given: the preset's, else the plain defaults."""
    plain = {"backend": "xnnpack", "dtype": "fp32"}
    plain |= {"qlinear": "none", "qembedding": "none", "qlinear_codec": "none"}
    given = any(getattr(arguments, name) is not None for name in (*plain, "kv_dtype"))
    preset = arguments.preset
    if preset is None and not given:
        preset = "mac" if sys.platform == "darwin" else "cpu"
        flags = " ".join(f"--{k.replace('_', '-')} {v}" for k, v in PRESETS[preset].items())
        print(f"note: --preset {preset}: {flags}", file=sys.stderr)
    for name, value in (plain | (PRESETS[preset] if preset else {})).items():
        if getattr(arguments, name) is None:
            setattr(arguments, name, value)


def _options(arguments: argparse.Namespace) -> ExportOptions:
    def value(text: str) -> str | None:
        return None if text == "none" else text

    _apply_preset(arguments)
    options = ExportOptions(
        backend=arguments.backend,
        dtype=arguments.dtype,
        qlinear=value(arguments.qlinear),
        qlinear_group_size=arguments.qlinear_group_size,
        qlinear_flow=value(arguments.qlinear_flow),
        qlinear_flow_group_size=arguments.qlinear_flow_group_size,
        qembedding=value(arguments.qembedding),
        qlinear_codec=value(arguments.qlinear_codec),
        kv_dtype=arguments.kv_dtype,
        max_seq_len=arguments.max_seq_len,
        flow_steps=arguments.flow_steps,
        debug=arguments.debug,
    )
    options.check()
    return options


def _quiet() -> None:
    """Of the packages that lower, only what goes wrong is of interest."""
    for name in ("torchao", "torch.utils._pytree"):
        logging.getLogger(name).setLevel(logging.ERROR)
    warnings.simplefilter("ignore")


def _inspect(files: list[Path]) -> int:
    try:
        from .inspect_program import ProgramError, print_summary
    except ModuleNotFoundError as error:
        return _not_installed(error)
    for file in files:
        try:
            print_summary(file)
        except ProgramError as error:
            print(f"error: --inspect: {error}", file=sys.stderr)
            return EXIT_FAILURE
        except OSError as error:
            print(f"error: --inspect: {file}: {error.strerror or error}", file=sys.stderr)
            return EXIT_FAILURE
    return 0


def _not_installed(error: ModuleNotFoundError) -> int:
    print(
        f"error: {error.name} is not installed: pip install 'voxtral_tts[export]'",
        file=sys.stderr,
    )
    return EXIT_FAILURE


def main(argv: list[str] | None = None, prog: str = "python -m export") -> int:
    """Returns the exit code: 0, 1 for a checkpoint or disk problem, 2 for wrong usage."""
    parser = _parser(prog)
    arguments = parser.parse_args(argv)
    _quiet()
    if arguments.inspect is not None:
        return _inspect(arguments.inspect)
    for flag in ("--model-path", "--output-dir"):
        if getattr(arguments, flag.removeprefix("--").replace("-", "_")) is None:
            parser.error(f"{flag} is required")
    for flag, reason in _IGNORED.items():
        if getattr(arguments, flag.removeprefix("--").replace("-", "_")) is not None:
            print(f"note: {flag} is ignored: {reason}", file=sys.stderr)
    try:
        options = _options(arguments)
    except UnsupportedOptions as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_USAGE
    started = time.monotonic()

    def progress(message: str) -> None:
        print(f"[{time.monotonic() - started:6.1f} s] {message}", file=sys.stderr, flush=True)

    # Imported late: --help and wrong usage need no torch.
    try:
        from .artifacts import export_folder
        from .checkpoint import Checkpoint
        from .config import CheckpointError
        from .lower import LoweringError
        from .mlx_schema import MlxSchemaError
    except ModuleNotFoundError as error:
        return _not_installed(error)
    try:
        with Checkpoint(arguments.model_path) as checkpoint:
            checkpoint.validate()
            for note in checkpoint.notes():
                print(f"note: {note}", file=sys.stderr)
            export_folder(
                checkpoint, arguments.output_dir, options, arguments.export_target, progress
            )
    except UnsupportedOptions as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_USAGE
    except CheckpointError as error:
        print(f"error: --model-path: {error}", file=sys.stderr)
        return EXIT_FAILURE
    except (MlxSchemaError, LoweringError) as error:
        print(f"error: --backend {options.backend}: {error}", file=sys.stderr)
        return EXIT_FAILURE
    except OSError as error:
        where = error.filename or arguments.output_dir
        print(
            f"error: {where}: {error.strerror or error}; free space or change --output-dir",
            file=sys.stderr,
        )
        return EXIT_FAILURE
    progress(f"wrote {arguments.output_dir}")
    return 0


def _program() -> int:
    """``main`` on standard streams that the package makes reliable."""
    try:
        from voxtral_tts.cli.streams import run_program
    except ModuleNotFoundError:  # in a clone, before the package is installed
        return main()
    return run_program(main)


if __name__ == "__main__":
    sys.exit(_program())
