"""The exported folder: programs, tokenizer, voices and the manifest that describes them."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import torch
from torch.export import Dim

from .bench_methods import export_bench
from .checkpoint import Checkpoint
from .config import SEGMENT_CHARACTERS
from .contract import (
    CODEC_FILE,
    FORMAT_VERSION,
    MAX_CHUNK_FRAMES,
    MODEL_FILE,
    Metadata,
    codec_metadata,
    model_metadata,
)
from .inspect_program import interpreted_ranges
from .loading import Progress, exported_config, load_decode, load_step
from .lower import Method, lower
from .options import ExportOptions

MANIFEST_FILE = "manifest.json"
VOICES_FOLDER = "voice_embedding"
TARGETS = ("all", "model", "codec", "bench")
BENCH_FILE = "bench.pte"  # never part of "all"
_PROGRAMS = (MODEL_FILE, CODEC_FILE, BENCH_FILE)
_RECORDED_PACKAGES = ("executorch", "torch")

Entry = dict[str, object]


def export_folder(
    checkpoint: Checkpoint,
    output: Path,
    options: ExportOptions,
    target: str,
    progress: Progress,
) -> None:
    """Writes the complete folder; files appear under their names only when all are whole.

    A program that `target` leaves out stays as it was, in the manifest too. Raises
    UnsupportedOptions, CheckpointError, and OSError when the folder cannot be written; a failed
    export leaves what was there.
    """
    options.check()
    options.check_room(checkpoint.config.language_model.max_seq_len)
    output.mkdir(parents=True, exist_ok=True)
    voices = output / VOICES_FOLDER
    voices.mkdir(exist_ok=True)
    with _staged(output) as stage:
        if target in ("all", "model"):
            _export_model(checkpoint, stage(MODEL_FILE), options, progress)
        if target in ("all", "codec"):
            _export_codec(checkpoint, stage(CODEC_FILE), options, progress)
        if target == "bench":
            export_bench(checkpoint, stage(BENCH_FILE), options, progress)
        progress("copying tokenizer and voices")
        shutil.copyfile(checkpoint.tokenizer_file, stage("tekken.json"))
        for file in checkpoint.voice_files.values():
            shutil.copyfile(file, stage(f"{VOICES_FOLDER}/{file.name}"))
        progress("hashing")
        files = _kept_entries(output, stage.files) | _entries(options, stage.files)
        manifest: dict[str, object] = {"files": files}
        if (longest := checkpoint.config.segment_characters) is not None:
            manifest[SEGMENT_CHARACTERS] = longest
        stage(MANIFEST_FILE).write_text(json.dumps(manifest, indent=2) + "\n")


class _Stage:
    """Hands out temporary paths and remembers the names they will get."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: dict[str, Path] = {}

    def __call__(self, name: str) -> Path:
        target = self.folder / name
        self.files[name] = target.with_name(f".{target.name}.{os.getpid()}.part")
        return self.files[name]


@contextmanager
def _staged(folder: Path) -> Iterator[_Stage]:
    """Renames everything on success, the manifest last; removes everything on failure.

    Where a name is refused, what took so long stays under its temporary one, which the error has.
    """
    stage = _Stage(folder)
    try:
        yield stage
    except BaseException:
        for temporary in stage.files.values():
            temporary.unlink(missing_ok=True)
        raise
    for name, temporary in stage.files.items():
        temporary.replace(folder / name)


def _export_model(
    checkpoint: Checkpoint, path: Path, options: ExportOptions, progress: Progress
) -> None:
    config = exported_config(checkpoint.config, options)
    metadata = model_metadata(
        config, checkpoint.codebook_id(), options.max_seq_len, checkpoint.special_ids()
    )
    step, embed_text = load_step(checkpoint, options, progress)
    checkpoint.close()  # unmaps the file before lowering takes its own memory
    rows = int(metadata["max_step_rows"])  # type: ignore[arg-type]
    lower_rows = min(2, rows)
    step_inputs = (
        torch.zeros(1, lower_rows, config.language_model.dim),
        torch.zeros(1, dtype=torch.int64),
        torch.zeros(1, config.n_acoustic),
        torch.ones(1),
        torch.zeros(1, config.semantic_rows),
    )
    text_inputs = (torch.zeros(1, lower_rows, dtype=torch.int64),)
    progress("lowering the language model and flow head")
    lower(
        {
            "step": Method(step, step_inputs, ({1: Dim("T", min=1, max=rows)}, *[None] * 4)),
            "embed_text": Method(embed_text, text_inputs, ({1: Dim("S", min=1, max=rows)},)),
        },
        metadata,
        options.backend,
        path,
    )


def _export_codec(
    checkpoint: Checkpoint, path: Path, options: ExportOptions, progress: Progress
) -> None:
    progress("reading the codec")
    decode = load_decode(checkpoint, options)
    metadata: Metadata = codec_metadata(checkpoint.config, checkpoint.codebook_id())
    checkpoint.close()
    inputs = (
        torch.full((1, 2, checkpoint.config.n_codebooks), 2),
        torch.zeros(1, dtype=torch.int64),
    )
    progress("lowering the codec")
    lower(
        {"decode": Method(decode, inputs, ({1: Dim("n", min=1, max=MAX_CHUNK_FRAMES)}, None))},
        metadata,
        options.backend,
        path,
    )


def _entries(options: ExportOptions, files: dict[str, Path]) -> dict[str, Entry]:
    """The manifest's entries of new files; a program's says how it was made."""
    made: Entry = {
        "format_version": FORMAT_VERSION,
        "options": options.as_dict(),
        "versions": {package: version(package) for package in _RECORDED_PACKAGES},
    }
    return {
        name: {"bytes": path.stat().st_size, "sha256": _sha256(path)}
        | (made | {"interpreted": _interpreted(path)} if name in _PROGRAMS else {})
        for name, path in sorted(files.items())
    }


def _interpreted(path: Path) -> Entry:
    """What the runner compares at every load: all that is interpreted, without the weights."""
    ranges = interpreted_ranges(path)
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for offset, size in ranges:
            file.seek(offset)
            digest.update(file.read(size))
    return {"ranges": ranges, "sha256": digest.hexdigest()}


def _kept_entries(folder: Path, replaced: Iterable[str]) -> dict[str, Entry]:
    """Entries of an earlier export whose files are still there and are not replaced now.

    A manifest that cannot be read is as good as none: it only describes.
    """
    try:
        entries = json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))["files"]
        return {
            name: entry
            for name, entry in entries.items()
            if name not in replaced
            and (folder / name).is_file()
            and (folder / name).stat().st_size == entry["bytes"]
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
