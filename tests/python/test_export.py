"""`python -m export` without lowering: usage, what lands in the folder, and failed exports.

Programs are replaced by a few bytes; tests/parity runs real ones.
"""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import exporting
from export import artifacts
from export.__main__ import _IGNORED, _options, _parser, main
from export.checkpoint import Checkpoint
from export.loading import load_step
from export.options import PRESETS, SUPPORTED, ExportOptions, UnsupportedOptions, supported_table

Export = Callable[..., int]


@pytest.fixture(autouse=True)
def _programs_of_a_few_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    def write(checkpoint, path, options, progress):
        progress("lowering")
        path.write_bytes(b"program " + str(options).encode())

    monkeypatch.setattr(artifacts, "_export_model", write)
    monkeypatch.setattr(artifacts, "_export_codec", write)
    monkeypatch.setattr(artifacts, "interpreted_ranges", lambda path: [(0, 7)])


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "voice"


@pytest.fixture
def export(tiny_checkpoint: Path, output: Path) -> Export:
    """export(*flags, checkpoint=...) -> the exit code of exporting to `output`."""

    def run(*flags: str, checkpoint: Path = tiny_checkpoint) -> int:
        limits = () if "--max-seq-len" in flags else ("--max-seq-len", "512")
        paths = ("--model-path", str(checkpoint), "--output-dir", str(output))
        # Of the flags that choose what is exported one is always given: no preset counts.
        plain = () if {"--backend", "--preset"} & set(flags) else ("--backend", "xnnpack")
        return main([*paths, *limits, *plain, *flags])

    return run


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def entries(folder: Path) -> dict[str, dict]:
    return json.loads((folder / "manifest.json").read_text())["files"]


# Usage


@pytest.mark.parametrize(
    "flags",
    [
        ("--backend", "cuda"),
        ("--dtype", "bf16"),
        ("--qlinear", "4w"),
        ("--qembedding", "4w"),
        ("--qlinear-codec", "8da4w"),
        ("--backend", "portable", "--qlinear", "8da4w"),
        ("--backend", "portable", "--qembedding", "8w"),
        ("--backend", "portable", "--qlinear-codec", "8da8w"),
    ],
)
def test_unsupported_combinations_are_answered_with_the_table(export, output, capsys, flags):
    assert export(*flags) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert " ".join(flags[-2:]) in captured.err.splitlines()[0]
    assert captured.err.endswith(f"is not supported\n{supported_table()}\n")
    assert not output.exists()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--qlinear-group-size", "48"), "--qlinear-group-size 48: one of 32, 64, 128"),
        (("--max-seq-len", "-1"), "--max-seq-len -1: at least 64"),
        (("--max-seq-len", "1"), "--max-seq-len 1: at least 64"),
        (("--max-seq-len", "63"), "--max-seq-len 63: at least 64"),
        # 2048 is the tiny checkpoint's own max_seq_len.
        (
            ("--max-seq-len", "2049"),
            "--max-seq-len 2049: the checkpoint was made for at most 2048; pass --max-seq-len 2048",
        ),
    ],
)
def test_wrong_values_are_one_line(export, output, capsys, flags, message):
    assert export(*flags) == 2
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", f"error: {message}\n")
    assert not output.exists()


@pytest.mark.parametrize("rows", ["64", "2048"])
def test_the_limits_of_max_seq_len_are_accepted(export, rows):
    assert export("--max-seq-len", rows) == 0


def test_check_accepts_every_row_of_the_table():
    for backend, *columns in SUPPORTED:
        for dtype in columns[0]:
            for qlinear in columns[1]:
                for qembedding in columns[2]:
                    for qlinear_codec in columns[3]:
                        options = (backend, dtype, qlinear, 32, qembedding, qlinear_codec)
                        ExportOptions(*options).check()
    with pytest.raises(UnsupportedOptions, match="--qlinear 8da8w --qembedding none"):
        ExportOptions(backend="portable", qlinear="8da8w").check()


@pytest.mark.parametrize(
    ("platform", "flags", "expected"),
    [
        ("linux", (), PRESETS["cpu"]),
        ("darwin", (), PRESETS["mac"]),
        ("linux", ("--preset", "mac"), PRESETS["mac"]),
        ("darwin", ("--preset", "cpu"), PRESETS["cpu"]),
        ("linux", ("--preset", "cpu", "--qlinear", "none"), PRESETS["cpu"] | {"qlinear": None}),
        ("darwin", ("--qlinear", "8da8w"), {"qlinear": "8da8w"}),
    ],
)
def test_a_preset_chooses_all_flags_that_are_not_given(monkeypatch, platform, flags, expected):
    monkeypatch.setattr(sys, "platform", platform)
    arguments = _parser("export").parse_args([*flags])
    assert _options(arguments) == ExportOptions(**expected)


def test_each_ignored_flag_is_one_note(export, capsys):
    flags = [part for flag in _IGNORED for part in (flag, "1")]
    assert export(*flags) == 0
    notes = [line for line in capsys.readouterr().err.splitlines() if line.startswith("note: ")]
    assert notes == [f"note: {flag} is ignored: {reason}" for flag, reason in _IGNORED.items()]
    assert export() == 0
    assert "note:" not in capsys.readouterr().err


# The folder


def test_the_folder_is_complete_and_copies_are_exact(export, output, tiny_checkpoint, capsys):
    assert export() == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines()[-1].endswith(f"wrote {output}")
    written = contents(output)
    source = contents(tiny_checkpoint)
    copied = {n: b for n, b in source.items() if n == "tekken.json" or n.endswith(".pt")}
    assert len(copied) == 4
    assert {name: written.get(name) for name in copied} == copied
    assert written.keys() == copied.keys() | {"model.pte", "codec_decoder.pte", "manifest.json"}


def test_the_manifest_describes_every_file(export, output):
    assert export("--qlinear", "8da4w") == 0
    written = contents(output)
    del written["manifest.json"]
    described = entries(output)
    assert described.keys() == written.keys()
    for name, content in written.items():
        assert described[name]["bytes"] == len(content)
        assert described[name]["sha256"] == hashlib.sha256(content).hexdigest()
        assert ("options" in described[name]) == name.endswith(".pte")
    options = ExportOptions(qlinear="8da4w", max_seq_len=512).as_dict()
    assert described["model.pte"]["options"] == options
    assert described["model.pte"]["format_version"] == 1
    assert described["model.pte"]["versions"].keys() == {"executorch", "torch"}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("model", "model.pte"), ("codec", "codec_decoder.pte")),
        (("codec", "codec_decoder.pte"), ("model", "model.pte")),
    ],
)
def test_a_second_target_keeps_the_first_ones_entry(export, output, first, second):
    assert export("--export-target", first[0], "--qlinear", "8da8w") == 0
    assert second[1] not in entries(output)
    before = entries(output)[first[1]]
    assert before["options"]["qlinear"] == "8da8w"
    assert export("--export-target", second[0]) == 0
    assert entries(output).keys() == contents(output).keys() - {"manifest.json"}
    assert entries(output)[first[1]] == before
    assert entries(output)[second[1]]["options"]["qlinear"] is None
    # Exported again, the entry is replaced.
    assert export("--export-target", first[0]) == 0
    assert entries(output)[first[1]]["options"]["qlinear"] is None


def test_entries_of_vanished_and_changed_files_are_dropped(export, output):
    assert export() == 0
    (output / "model.pte").unlink()
    assert export("--export-target", "codec") == 0
    assert "model.pte" not in entries(output)
    assert export() == 0
    (output / "model.pte").write_bytes(b"another program")
    assert export("--export-target", "codec") == 0
    assert "model.pte" not in entries(output)


@pytest.mark.parametrize("content", ["", "[]", '{"files": [1]}', '{"files": {"a": 1}}'])
def test_an_unreadable_manifest_is_replaced(export, output, content):
    assert export() == 0
    expected = contents(output)
    (output / "a").touch()
    (output / "manifest.json").write_text(content)
    assert export() == 0
    assert contents(output) == expected | {"a": b""}


# Failures


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), RuntimeError("lowering failed")]
)
def test_a_failed_export_leaves_what_was_there(export, output, monkeypatch, capsys, error):
    assert export() == 0
    before = contents(output)

    def fail(checkpoint, path, options, progress):
        path.write_bytes(b"half a program")
        raise error

    monkeypatch.setattr(artifacts, "_export_codec", fail)
    capsys.readouterr()
    if isinstance(error, OSError):
        assert export("--qlinear", "8da4w") == 1
        lines = capsys.readouterr().err.splitlines()
        remedy = "free space or change --output-dir"
        assert lines[-1] == f"error: {output}: No space left on device; {remedy}"
    else:
        with pytest.raises(RuntimeError, match="lowering failed"):
            export("--qlinear", "8da4w")
    assert contents(output) == before  # and no .part file


def test_a_full_disk_while_copying_leaves_what_was_there(export, output, monkeypatch):
    assert export() == 0
    before = contents(output)

    def fail(source, target):
        raise OSError(errno.ENOSPC, "No space left on device", str(target))

    monkeypatch.setattr(shutil, "copyfile", fail)
    assert export("--qlinear", "8da4w") == 1
    assert contents(output) == before


def test_a_refused_name_keeps_what_was_made(tmp_path, monkeypatch):
    (tmp_path / "a.pte").write_bytes(b"older")

    def refuse(path, target):
        raise PermissionError(errno.EPERM, "Operation not permitted", str(path), str(target))

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(PermissionError) as caught, artifacts._staged(tmp_path) as stage:
        stage("a.pte").write_bytes(b"made")
    assert Path(caught.value.filename).read_bytes() == b"made"
    assert (tmp_path / "a.pte").read_bytes() == b"older"
    assert len(list(tmp_path.iterdir())) == 2


def test_a_target_that_is_a_file_is_one_line(export, output, capsys):
    output.write_text("mine")
    assert export() == 1
    remedy = "free space or change --output-dir"
    assert capsys.readouterr().err == f"error: {output}: File exists; {remedy}\n"
    assert output.read_text() == "mine"


def test_a_missing_checkpoint_is_one_line(export, output, tmp_path, capsys):
    missing = tmp_path / "missing"
    assert export(checkpoint=missing) == 1
    captured = capsys.readouterr()
    file = missing / "params.json"
    assert (captured.out, captured.err) == (
        "",
        f"error: --model-path: {file}: cannot be read: No such file or directory; "
        "name the folder of the whole checkpoint\n",
    )
    assert not output.exists()


def test_a_bad_checkpoint_is_listed(export, output, tmp_path, tiny_checkpoint, capsys):
    bad = tmp_path / "bad"
    shutil.copytree(tiny_checkpoint, bad)
    (bad / "tekken.json").unlink()
    assert export(checkpoint=bad) == 1
    assert (
        capsys.readouterr().err
        == f"error: --model-path: {bad}: 1 problems:\n  tekken.json: missing file\n"
    )
    assert not output.exists()


# Groups of 4-bit weights


def _fail_at_lowering(checkpoint, path, options, progress):
    load_step(checkpoint, options, progress)
    raise AssertionError("the weights were read")


def test_a_linear_that_does_not_divide_into_groups_is_named(export, output, monkeypatch, capsys):
    # The tiny model is 64 wide: groups of 128 do not fit.
    monkeypatch.setattr(artifacts, "_export_model", _fail_at_lowering)
    assert export("--qlinear", "8da4w", "--qlinear-group-size", "128") == 2
    assert capsys.readouterr().err == (
        "error: layers.0.attention.wq.weight has 64 inputs, which groups of 128 do not divide; "
        "use --qlinear-group-size 32 or 64 or --qlinear none\n"
    )
    assert not contents(output)


@pytest.mark.parametrize(
    "options",
    [
        ExportOptions(qlinear="8da4w", qlinear_group_size=64, max_seq_len=64),
        ExportOptions(qlinear="8da8w", qlinear_group_size=128, max_seq_len=64),
        ExportOptions(qlinear_group_size=128, max_seq_len=64),
    ],
)
def test_other_sizes_and_schemes_are_not_refused(tiny_checkpoint, options):
    with Checkpoint(tiny_checkpoint) as checkpoint:
        load_step(checkpoint, options, lambda _: None)


# The tests' own cache of exports


@pytest.mark.parametrize("package", ["executorch", "torch"])
def test_cached_exports_depend_on_the_lowering_packages(monkeypatch, package):
    before = exporting.sources()
    original = exporting.version
    newer = lambda name: "0.0" if name == package else original(name)
    monkeypatch.setattr(exporting, "version", newer)
    assert exporting.sources() != before


def test_cached_exports_depend_on_max_seq_len(monkeypatch):
    before = exporting.sources()
    monkeypatch.setattr(exporting, "MAX_SEQ_LEN", 64)
    assert exporting.sources() != before
