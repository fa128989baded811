"""The checkpoint and the exports that are measured, made once and kept."""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

# What is meant for use on each backend.
OPTIONS = {
    "xnnpack": "--qlinear 8da4w --qembedding 8w --qlinear-codec 8da8w --kv-dtype bf16",
    "mlx": "--dtype bf16 --qlinear 4w --qembedding 8w --qlinear-codec 8w",
}
MODEL, CODEC, PARTS = "model.pte", "codec_decoder.pte", "bench.pte"
GIVEN = "given"  # instead of the cost of what was not made here
MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes per unit of ru_maxrss

Figures = dict[str, Any]


def note(message: str) -> None:
    """Progress, on stderr: stdout is the report's."""
    print(message, file=sys.stderr, flush=True)


def checkpoint_in(cache: Path, size: str) -> tuple[Path, Figures]:
    """A synthetic checkpoint and what making it cost."""
    folder = cache / f"checkpoint-{size}-{sources()}"
    arguments = ("--size", size, "--output", str(folder))
    return folder, _cached(folder, "made.json", "voxtral_tts.export.synthetic", *arguments)


def export_in(cache: Path, checkpoint: Path, backend: str) -> tuple[Path, Figures]:
    """The exported folder, kept in `cache`; its options, and what it cost and weighs."""
    flags = f"--backend {backend} {OPTIONS[backend]} --max-seq-len {_rows(checkpoint)}"
    key = hashlib.sha256(f"{flags} {sources()}".encode()).hexdigest()[:12]
    folder = cache / f"export-{fingerprint(checkpoint)}-{key}"
    paths = ("--model-path", str(checkpoint), "--output-dir", str(folder))
    export = ("voxtral_tts.export", *paths, *flags.split())
    made = _cached(folder, "made.json", *export)
    _cached(folder, "made-bench.json", *export, "--export-target", "bench")
    return folder, {"options": flags, "export": made, "file_mb": sizes(folder)}


def _rows(checkpoint: Path) -> int:
    """Of the KV cache: the exporter's default, as far as the checkpoint has them."""
    parameters = json.loads((checkpoint / "params.json").read_text())
    return min(4096, int(parameters["max_seq_len"]))


def sizes(folder: Path) -> dict[str, float]:
    """MB of the programs of an exported folder."""
    return {
        name: round((folder / name).stat().st_size / 1e6, 1)
        for name in (MODEL, CODEC, PARTS)
        if (folder / name).exists()
    }


def _run_module(module: str, *arguments: str) -> Figures:
    """Runs `python -m module`; seconds and peak memory, its messages on our stderr."""
    started = time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", module, *arguments], stdout=sys.stderr)
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"python -m {module} failed")
    return {
        "seconds": round(time.monotonic() - started, 1),
        "peak_mb": round(usage.ru_maxrss * MAXRSS_UNIT / 1e6),
    }


def _cached(folder: Path, record_name: str, module: str, *arguments: str) -> Figures:
    """What a command cost, run now or earlier; it counts as run once its record is there."""
    record = folder / record_name
    if not record.exists():
        folder.mkdir(parents=True, exist_ok=True)
        figures = _run_module(module, *arguments)
        record.write_text(json.dumps(figures))
    figures_read: Figures = json.loads(record.read_text())
    return figures_read


def fingerprint(checkpoint: Path) -> str:
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


def sources() -> str:
    """Of the exporter's source and the versions of the packages that lower."""
    export = importlib.import_module("voxtral_tts.export")  # in the wheel only
    folder = Path(str(export.__file__)).parent
    files = sorted(folder.rglob("*.py"))
    parts = [f"{file.relative_to(folder)}\n".encode() + file.read_bytes() for file in files]
    parts += [f"{package} {version(package)}".encode() for package in ("executorch", "torch")]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:12]
