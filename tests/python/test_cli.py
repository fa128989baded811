"""The command line as its users meet it. Oracle: docs/cli.md."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np

from command_line import (
    FRAME,
    TEXT,
    WAV_HEADER,
    Run,
    assert_error,
    wav_samples,
)

ROOT = Path(__file__).parents[2]


def test_help_is_the_block_in_the_docs(run: Run) -> None:
    blocks = re.findall(r"```text\n(Usage: .*?)```", (ROOT / "docs/cli.md").read_text(), re.DOTALL)
    result = run("--help")
    assert result.returncode == 0
    assert [result.stdout.decode()] == blocks
    assert max(map(len, result.stdout.decode().splitlines())) <= 80


def test_version_names_program_runtime_and_backends(run: Run) -> None:
    lines = run("-V").stdout.decode().splitlines()
    assert [line.split()[0] for line in lines] == ["voxtral_tts_runner", "ExecuTorch", "backends:"]


def test_required_command_inside_the_exported_folder(
    run: Run, exported: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    shutil.copytree(exported, folder)
    command = ["--model", "model.pte", "--codec", "codec_decoder.pte"]
    result = run(*command, stdin=b"Hello.\n", cwd=folder)
    # How it ends is the synthetic model's business; the exit code has to say it.
    ending = re.search(rb"finish (\w+)", result.stderr)
    assert ending is not None
    assert result.returncode == {b"end_of_audio": 0, b"frame_budget": 10}[ending[1]]
    assert (b"warning: " in result.stderr) == (result.returncode == 10)
    assert result.stdout == b""
    samples = wav_samples(folder / "output.wav")
    frames = re.search(rb"frames (\d+)", result.stderr)
    assert frames is not None
    assert len(samples) == int(frames[1]) * FRAME > 0
    assert samples.any()


def test_default_report_is_one_line_before_and_one_after(speak: Run) -> None:
    lines = speak().stderr.decode().splitlines()
    assert len(lines) == 2
    assert re.fullmatch(r"loaded .*model\.pte and .*codec_decoder\.pte in \d+ ms", lines[0])
    number = r"\d+\.\d\d"
    assert re.fullmatch(
        rf"audio 0\.48 s, wall {number} s, RTF {number} \(generation RTF {number}\), "
        rf"TTFA \d+ ms, frames 6, peak {number}, clipped \d+, finish length, backend xnnpack",
        lines[1],
    )


def test_quiet_is_silent_and_a_limit_of_ones_own_is_success(speak: Run, tmp_path: Path) -> None:
    result = speak("-q")
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")
    assert len(wav_samples(tmp_path / "output.wav")) == 6 * FRAME


def test_all_ways_to_give_the_text_are_the_same(speak: Run, tmp_path: Path) -> None:
    file = tmp_path / "text.txt"
    file.write_bytes(TEXT.encode() + b"\r\n")
    ways: list[tuple[list[object], bytes]] = [
        ([], TEXT.encode()),
        ([], TEXT.encode() + b"\n"),
        (["--text", "-"], TEXT.encode()),
        (["-i", "-"], TEXT.encode()),
        (["--text_file", file], b""),
        (["-t", TEXT], b"ignored"),
    ]
    outputs = {speak("-o", "-", *arguments, stdin=stdin).stdout for arguments, stdin in ways}
    assert len(outputs) == 1


def test_same_input_same_bytes_and_each_input_matters(speak: Run) -> None:
    variants: list[list[object]] = [
        [],
        ["--text", "Another text."],
        ["--voice", "casual_male"],
        ["--seed", 43],
        ["--temperature", 5],
        ["--cfg_alpha", 3],
    ]
    outputs = [speak("-o", "-", *arguments).stdout for arguments in variants]
    assert len(set(outputs)) == len(variants)
    assert outputs == [speak("-o", "-", *arguments).stdout for arguments in variants]


def test_defaults_are_neutral_female_and_seed_42(speak: Run) -> None:
    explicit = speak("-o", "-", "-v", "neutral_female", "--seed", 42, "--temperature", 0)
    assert speak("-o", "-").stdout == explicit.stdout


def test_a_voice_can_be_a_file(speak: Run, exported: Path) -> None:
    by_path = speak("-o", "-", "-v", exported / "voice_embedding" / "fr_female.pt")
    assert by_path.stdout == speak("-o", "-", "--voice", "fr_female").stdout


def test_tokenizer_and_voices_from_elsewhere(run: Run, exported: Path, tmp_path: Path) -> None:
    for name in ("model.pte", "codec_decoder.pte"):
        (tmp_path / name).symlink_to(exported / name)
    (tmp_path / "t.json").symlink_to(exported / "tekken.json")
    (tmp_path / "presets").symlink_to(exported / "voice_embedding")
    command = ["--model=model.pte", "--codec=codec_decoder.pte", "-t", TEXT, "--max_frames=2"]
    found = run(*command, "--tokenizer", "t.json", "--voices", "presets")
    assert found.returncode == 0
    assert_error(run(*command, "--voices", "presets"), 5, "Tokenizer", "tekken.json")


def test_every_flag_of_the_executorch_example(
    speak: Run, run: Run, exported: Path, tmp_path: Path
) -> None:
    arguments = ["--model", exported / "model.pte", "--codec", exported / "codec_decoder.pte"]
    arguments += ["--tokenizer", exported / "tekken.json", "--voice", "neutral_female"]
    arguments += ["--text", TEXT, "--output", "-", "--seed", "42", "--temperature", "0"]
    arguments += ["--data_path", "a", "--codec_data_path", "b"]
    arguments += ["--trace_json", tmp_path / "trace.json"]
    result = run(*arguments, "--max_new_tokens", 6, "--streaming")
    assert result.returncode == 0
    assert result.stdout == speak("-o", "-").stdout
    notes = [line for line in result.stderr.decode().splitlines() if line.startswith("note: ")]
    assert len(notes) == 2
    codes = json.loads((tmp_path / "trace.json").read_text())["codes"]
    assert [len(frame) for frame in codes] == [37] * 6


def test_formats_hold_the_same_samples(speak: Run, tmp_path: Path) -> None:
    assert speak("-o", "a.wav").returncode == 0
    assert speak("-o", "a.raw", "--format", "s16le").returncode == 0
    pcm = wav_samples(tmp_path / "a.wav")
    assert (tmp_path / "a.raw").read_bytes() == pcm.tobytes()
    streamed = speak("--output", "-").stdout
    assert streamed[4:8] == streamed[40:44] == b"\xff\xff\xff\xff"
    assert streamed[WAV_HEADER:] == pcm.tobytes()
    floats = np.frombuffer(speak("--speaker").stdout, "<f4")
    # 16 bits are the nearest of the levels k / 32767: half a level at most.
    assert np.abs(floats * 32767 - pcm).max() <= 0.5001
    assert speak("-o", "-", "--format", "f32le").stdout == floats.tobytes()


def test_chunks_of_any_size_give_the_same_samples(speak: Run) -> None:
    whole, small = (
        np.frombuffer(speak("--speaker", "--chunk-frames", n).stdout, "<f4") for n in (6, 1)
    )
    # The codec sums the same terms in blocks of another size; see docs/contract.md.
    np.testing.assert_allclose(whole, small, atol=1e-5)


def test_the_device_is_mlxs_business(speak: Run) -> None:
    assert speak("--device", "cpu", "-o", "-").stdout == speak("--device=auto", "-o", "-").stdout
    assert_error(speak("--device", "gpu"), 2, "Usage", "model.pte", "--backend mlx", "auto")


def test_speaker_writes_no_file(speak: Run, tmp_path: Path) -> None:
    result = speak("--speaker")
    assert len(result.stdout) == 6 * FRAME * 4
    assert list(tmp_path.iterdir()) == []


def test_list_voices_needs_no_model(run: Run, exported: Path) -> None:
    names = b"casual_male\nfr_female\nneutral_female\n"
    assert run("--list_voices", "--voices", exported / "voice_embedding").stdout == names
    assert run("--list-voices", "--model", exported / "no such.pte").stdout == names
    assert_error(run("--list-voices", "--voices", "nowhere"), 6, "Voice", "nowhere")
    assert_error(run("--list-voices", "--model", "typo"), 3, "ModelLoad", "typo")


def test_stats_json(speak: Run, tmp_path: Path) -> None:
    assert speak("--stats_json", "s.json", "--seed", 7).returncode == 0
    stats = json.loads((tmp_path / "s.json").read_text())
    header = (ROOT / "cpp/runner/include/voxtral_tts/stats.h").read_text()
    struct_text = header[header.index("struct SynthesisStats") : header.index("struct LoadStats")]
    members = re.findall(r"^  \S+ (\w+) = ", struct_text, re.MULTILINE)
    added = ["load_ms", "process_wall_ms", "voice", "seed", "output", "text_bytes"]
    assert len(members) > 10
    assert list(stats) == members + added
    assert stats["voice"] == "neutral_female"
    assert (stats["seed"], stats["output"]) == (7, "output.wav")
    assert stats["text_bytes"] == len(TEXT)
    assert (stats["codec_frames"], stats["finish_reason"]) == (6, "length")
    # XNNPACK does not count.
    assert (stats["backend"], stats["executes_per_frame"]) == ("xnnpack", None)
    assert stats["process_wall_ms"] >= stats["load_ms"] + stats["wall_ms"] > 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["output.wav", "s.json"]
