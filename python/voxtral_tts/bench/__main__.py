"""Arguments, and the order of work."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from voxtral_tts.cli.streams import run_program

from . import __doc__ as description
from . import plots, ratios, report, rounds
from .artefacts import GIVEN, MODEL, OPTIONS, Figures, checkpoint_in, export_in, note, sizes
from .machine import BANDWIDTH_BYTES, facts
from .roofline import frame_bytes
from .speech import TEXT
from .split import GROWTH_FRAMES

_CHUNK = 8  # frames of a chunk in the steady state (docs/contract.md, chunk_schedule)
_PROMPT_ROWS = 230  # about what a voice and a sentence take


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number}: at least 1")
    return number


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=prog, description=description)
    add = parser.add_argument
    add("--checkpoint", type=Path, help="checkpoint folder; default: a synthetic one")
    add("--size", default="full", choices=("full", "tiny"), help="of the synthetic one")
    add("--exported", type=Path, help="measure this exported folder as it is")
    add("--cache", type=Path, default=Path(".cache/bench"), help="where artefacts are kept")
    add(
        "--backend",
        action="append",
        choices=tuple(OPTIONS),
        help="may be given several times; default: xnnpack",
    )
    add("--frames", type=_positive, default=30, help="frames per utterance")
    add("--text", default=TEXT)
    add("--runs", type=_positive, default=5, help="fresh processes")
    add("--repeats", type=_positive, default=10, help="calls of each method timed alone")
    add("--long", action="store_true", help="also 1,500 frames and 5 minutes of speech")
    add("--allocations", type=Path, help="voxtral_tts_count_allocations of the tests' build")
    add("--peer", action="append", choices=ratios.NAMES, help="compare with another program")
    add("--json", type=Path, help="write the report there as well")
    add("--plots", type=Path, help="folder for PNG plots")
    add("--docs", type=Path, help="page whose block between markers becomes the report")
    add("--bandwidth-mb", type=_positive, default=BANDWIDTH_BYTES >> 20, help=argparse.SUPPRESS)
    add("--task", choices=rounds.TASKS, help=argparse.SUPPRESS)
    add("--settings", type=json.loads, help=argparse.SUPPRESS)
    return parser


def main(arguments: Sequence[str] | None = None, prog: str = "python -m voxtral_tts.bench") -> int:
    parser = _parser(prog)
    options = parser.parse_args(arguments)
    for flag, file in (("exported", "manifest.json"), ("checkpoint", "params.json")):
        folder = getattr(options, flag)
        if folder is not None and not (folder / file).is_file():
            parser.error(f"--{flag} {folder}: there is no {file} in it")
    if options.task:
        print(json.dumps(rounds.perform(options.task, options.exported, options.settings)))
        return 0
    result, folders, checkpoint = _artefacts(options)
    settings: Figures = {
        "frames": options.frames,
        "text": options.text,
        "position": min(_PROMPT_ROWS + options.frames // 2, *map(_last_row, folders.values())),
        "growth": _growth_positions(min(map(_last_row, folders.values()))),
        "repeats": options.repeats,
        "bandwidth": options.bandwidth_mb << 20,
    }
    measured = rounds.run(folders, options.runs, settings)
    for backend, folder in folders.items():
        figures = result["backends"][backend]
        figures["runs"] = measured[backend]
        _add_once(figures, folder, options, settings)
    if options.peer and checkpoint is not None:
        compared = {
            name: ratios.compare(name, result, checkpoint, options.cache) for name in options.peer
        }
        result["peers"] = {name: table for name, table in compared.items() if table}
    _write(result, options)
    return 0


def _artefacts(
    options: argparse.Namespace,
) -> tuple[Figures, dict[str, Path], Path | None]:
    """The report's beginning, the exported folders by backend, the checkpoint if there is one."""
    result: Figures = {"machine": facts(), "runs": options.runs, "checkpoint": GIVEN}
    result |= {"frames": options.frames, "backends": {}}
    folders: dict[str, Path] = {}
    checkpoint: Path | None = options.checkpoint
    if options.exported is not None:
        manifest = json.loads((options.exported / "manifest.json").read_text())
        made = manifest["files"][MODEL]["options"]
        backend = str(made["backend"])
        flags = " ".join(f"--{name.replace('_', '-')} {value}" for name, value in made.items())
        folders[backend] = options.exported
        result["backends"][backend] = {
            "options": flags,
            "export": GIVEN,
            "file_mb": sizes(options.exported),
        }
        return result, folders, checkpoint
    if checkpoint is None:
        checkpoint, result["checkpoint"] = checkpoint_in(options.cache, options.size)
    for backend in dict.fromkeys(options.backend or ["xnnpack"]):
        folders[backend], result["backends"][backend] = export_in(
            options.cache, checkpoint, backend
        )
    return result, folders, checkpoint


def _growth_positions(last_row: int) -> list[int]:
    """Of frames 50 and 1,500; none when the KV cache has no row for the second."""
    positions = [_PROMPT_ROWS + frame for frame in GROWTH_FRAMES]
    return positions if positions[-1] <= last_row else []


def _last_row(folder: Path) -> int:
    """Of the KV cache."""
    manifest = json.loads((folder / "manifest.json").read_text())
    return int(manifest["files"][MODEL]["options"]["max_seq_len"]) - 1


def _add_once(
    figures: Figures, folder: Path, options: argparse.Namespace, settings: Figures
) -> None:
    """What does not vary from process to process, or takes long."""
    rows = _last_row(folder) + 1
    speech = figures["runs"][0]["speech"]["speech"]
    position = speech["prompt_rows"] + options.frames / 2
    needed = frame_bytes(folder, position, rows, _CHUNK)
    if needed is not None:
        figures["frame_bytes"] = needed._asdict() | {"total": needed.total, "position": position}
    note("operators")
    figures["operators"] = rounds.once("operators", folder, settings)
    if options.allocations and options.allocations.exists():  # it is not built on macOS
        figures["allocations"] = rounds.allocations(options.allocations, folder)
    if options.long:
        note("long utterances")
        room = rows - speech["prompt_rows"] + 1
        figures["long"] = rounds.once("long", folder, settings | {"room": room})


def _write(result: Figures, options: argparse.Namespace) -> None:
    markdown = report.text(result)
    for backend, figures in result["backends"].items():
        rows = {f"{row.label} [{row.unit}]": row.as_dict() for row in report.rows(figures)}
        result["backends"][backend]["figures"] = rows
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(result, indent=2) + "\n")
    if options.docs:
        report.write_docs(options.docs, markdown)
    if options.plots:
        for path in plots.draw(result, options.plots):
            note(f"wrote {path}")
    print(markdown)


if __name__ == "__main__":
    sys.exit(run_program(main))
