"""`python -m voxtral_tts.bench`: what the full-size model costs on this machine.

Makes a synthetic checkpoint with the published shapes unless one is given, exports it, and times
the runner in fresh processes, in turn when there are several backends. Checkpoint and exports are
kept, keyed by what they were made from. Needs the `export` extra, 11 GB of disk (with two backends
14) and the time an export takes.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

TEXT = "It took me quite a long time to develop a voice."
# What is meant for use on each backend.
OPTIONS = {
    "xnnpack": "--qlinear 8da4w --qembedding 8w --qlinear-codec 8da8w",
    "mlx": "--dtype bf16 --qlinear 4w --qembedding 8w --qlinear-codec 8w",
}
_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes per unit of ru_maxrss

GIVEN = "given"  # instead of the cost of a checkpoint that was not made here

Figures = dict[str, Any]


def _note(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def _run_module(module: str, *arguments: str) -> Figures:
    """Runs `python -m module`; seconds and peak memory, its messages on our stderr."""
    started = time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", module, *arguments], stdout=sys.stderr)
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"python -m {module} failed")
    return {
        "seconds": round(time.monotonic() - started, 1),
        "peak_mb": round(usage.ru_maxrss * _MAXRSS_UNIT / 1e6),
    }


def _cached(folder: Path, module: str, *arguments: str) -> Figures:
    """What making `folder` cost, made now or earlier; a folder counts once its record is there."""
    record = folder / "made.json"
    if not record.exists():
        folder.mkdir(parents=True, exist_ok=True)
        figures = _run_module(module, *arguments)
        record.write_text(json.dumps(figures))
    figures_read: Figures = json.loads(record.read_text())
    return figures_read


def _fingerprint(checkpoint: Path) -> str:
    """Of the parameters, and the tensor file's size, time, header and a part of its values."""
    digest = hashlib.sha256((checkpoint / "params.json").read_bytes())
    tensors = checkpoint / "consolidated.safetensors"
    stat = tensors.stat()
    digest.update(f"{stat.st_size} {stat.st_mtime_ns}".encode())
    with tensors.open("rb") as file:
        digest.update(file.read(1 << 20))
        file.seek(max(0, stat.st_size - (1 << 20)))
        digest.update(file.read())
    return digest.hexdigest()[:12]


def _sources() -> str:
    """Of the exporter's source and the versions of the packages that lower."""
    export = importlib.import_module("voxtral_tts.export")  # in the wheel only
    folder = Path(str(export.__file__)).parent
    files = sorted(folder.rglob("*.py"))
    parts = [f"{file.relative_to(folder)}\n".encode() + file.read_bytes() for file in files]
    parts += [f"{package} {version(package)}".encode() for package in ("executorch", "torch")]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:12]


def measure(folder: Path, frames: int, text: str) -> Figures:
    """One process: load, a first utterance, a second one.

    Exits with a message when the speech ends before `frames`: figures of another length would be
    compared with those of this one.
    """
    from voxtral_tts import Runner, TextError

    files = (folder / "model.pte", folder / "codec_decoder.pte")
    # Every utterance computes its whole prompt: its time is what is measured.
    with Runner(*files, voice_cache="off") as runner:
        figures: Figures = {"load_ms": runner.load_ms}
        for name in ("first", "second"):
            try:
                stats = runner.synthesize(text, max_frames=frames).stats
            except TextError as error:  # also END before the first frame
                raise SystemExit(f"{error}; choose another --text") from error
            if stats.codec_frames < frames:
                raise SystemExit(
                    f"the speech ended after {stats.codec_frames} of {frames} frames: "
                    "give a longer --text or fewer --frames"
                )
            generated = stats.generate_ms - stats.prefill_ms
            figures[name] = {
                "prompt_tokens": stats.prompt_tokens,
                "prefill_ms": stats.prefill_ms,
                "ttfa_ms": stats.first_audio_ms,
                "step_ms_per_frame": generated / max(1, stats.codec_frames - 1),
                "codec_ms_per_frame": stats.codec_ms / stats.codec_frames,
                "rtf": stats.rtf,
                "generation_rtf": stats.generation_rtf,
            }
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MAXRSS_UNIT
    figures["peak_resident_mb"] = peak / 1e6
    return figures


def _measured(folder: Path, frames: int, text: str) -> Figures:
    """One run, in a process of its own."""
    command = [sys.executable, "-m", "voxtral_tts.bench", "--measure", str(folder)]
    command += ["--frames", str(frames), "--text", text]
    process = subprocess.run(command, stdout=subprocess.PIPE)
    if process.returncode != 0:  # it has said why on our stderr
        raise SystemExit("the run failed")
    figures: Figures = json.loads(process.stdout)
    return figures


def _export(checkpoint: Path, cache: Path, backend: str, figures: Figures) -> Path:
    """The exported folder, kept in `cache`; what it cost and weighs goes to `figures`."""
    flags = f"--backend {backend} {OPTIONS[backend]}"
    key = hashlib.sha256(f"{flags} {_sources()}".encode()).hexdigest()[:12]
    folder = cache / f"export-{_fingerprint(checkpoint)}-{key}"
    paths = ("--model-path", str(checkpoint), "--output-dir", str(folder))
    made = _cached(folder, "voxtral_tts.export", *paths, *flags.split())
    names = ("model.pte", "codec_decoder.pte")
    sizes = {name: round((folder / name).stat().st_size / 1e6, 1) for name in names}
    figures[backend] = {"options": flags, "export": made, "file_mb": sizes, "runs": []}
    return folder


def _median_row(label: str, values: list[float], unit: str) -> str:
    spread = f"{min(values):.2f} - {max(values):.2f}"
    return f"| {label} | {statistics.median(values):.2f} {unit} | {spread} |"


def table(report: Figures, backend: str) -> str:
    """A backend's figures as a Markdown table: medians and spread over the runs."""
    figures = report["backends"][backend]
    runs = figures["runs"]
    lines = [f"| {backend} | median | range |", "|---|---|---|"]
    for name, made in (("checkpoint", report["checkpoint"]), ("export", figures["export"])):
        cost = made if made == GIVEN else f"{made['seconds']} s, {made['peak_mb']} MB"
        lines.append(f"| {name}: time, peak memory | {cost} | |")
    for name, size in figures["file_mb"].items():
        lines.append(f"| {name} | {size} MB | |")
    lines.append(_median_row("load", [run["load_ms"] for run in runs], "ms"))
    lines.append(_median_row("peak resident", [run["peak_resident_mb"] for run in runs], "MB"))
    units = {"rtf": "", "generation_rtf": "", "prompt_tokens": ""}
    for which in ("first", "second"):
        for figure in runs[0][which]:
            values = [run[which][figure] for run in runs]
            lines.append(_median_row(f"{which}: {figure}", values, units.get(figure, "ms")))
    return "\n".join(lines)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number}: at least 1")
    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m voxtral_tts.bench", description=__doc__)
    add = parser.add_argument
    add("--checkpoint", type=Path, help="checkpoint folder; default: a synthetic one")
    add("--size", default="full", choices=("full", "tiny"), help="of the synthetic one")
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
    add("--json", type=Path, help="write the report there as well")
    add("--measure", type=Path, help=argparse.SUPPRESS)
    return parser


def main() -> None:
    options = _parser().parse_args()
    if options.measure:
        print(json.dumps(measure(options.measure, options.frames, options.text)))
        return
    checkpoint: Path | None = options.checkpoint
    report: Figures = {"checkpoint": GIVEN}
    if checkpoint is None:
        checkpoint = options.cache / f"checkpoint-{options.size}-{_sources()}"
        arguments = ("--size", options.size, "--output", str(checkpoint))
        report["checkpoint"] = _cached(checkpoint, "voxtral_tts.export.synthetic", *arguments)
    report |= {"frames": options.frames, "backends": {}}
    folders = {
        backend: _export(checkpoint, options.cache, backend, report["backends"])
        for backend in dict.fromkeys(options.backend or ["xnnpack"])
    }
    for run in range(options.runs):
        for backend, folder in folders.items():
            _note(f"run {run + 1} of {options.runs}: {backend}")
            figures = _measured(folder, options.frames, options.text)
            report["backends"][backend]["runs"].append(figures)
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n")
    print("\n\n".join(table(report, backend) for backend in folders))


if __name__ == "__main__":
    main()
