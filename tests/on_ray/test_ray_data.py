"""The same batch on Ray: two actors of a local cluster against one process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from batches import TIMEOUT_S, assert_whole, examples, results, run_shell, spoken, write_jobs
from voxtral_tts import ModelLoadError, UsageError
from voxtral_tts.batch import Job, ModelFiles, OutputFolder, read_jobs, run_batch

ray = pytest.importorskip("ray")
data = pytest.importorskip("ray.data")

from voxtral_tts.batch import ray_data  # noqa: E402

FRAMES = 6
# What differs between two runs of the same job.
TIMES = ("wall_s", "rtf")


def job(index: int, **members: Any) -> dict[str, Any]:
    voice = ("neutral_female", "fr_female")[index % 2]
    text = f"This is number {index}."
    return {"id": f"item{index}", "text": text, "voice": voice, "seed": index, **members}


JOBS = [
    *(job(index) for index in range(6)),
    job(6, voice="nobody"),
    job(7, format="pcm", sample_rate=24000, seed=2**64 - 1),
]


@pytest.fixture(scope="module")
def files(exported: Path) -> ModelFiles:
    return ModelFiles(
        str(exported / "model.pte"), str(exported / "codec_decoder.pte"), voice_cache="memory"
    )


def without_times(lines: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        str(line["id"]): {name: value for name, value in line.items() if name not in TIMES}
        for line in lines
    }


def test_two_actors_write_what_one_process_writes(files: ModelFiles, tmp_path: Path) -> None:
    jobs = write_jobs(tmp_path / "jobs.jsonl", [*JOBS, "no job"])
    with jobs.open("rb") as file, OutputFolder(tmp_path / "alone") as folder:
        run_batch(read_jobs(file, {"max_frames": FRAMES}), folder, files)
    flags = ["--output-dir", tmp_path / "ray", "--model", files.model, "--codec", files.codec]
    flags += ["--max-frames", FRAMES, "--voice-cache", "memory", "--actors", 2]
    command = [sys.executable, "-m", "voxtral_tts.batch.ray", jobs, *flags]
    for run in (1, 2):
        result = subprocess.run(
            list(map(str, command)), capture_output=True, text=True, timeout=TIMEOUT_S
        )
        assert result.returncode == 1, result.stderr  # two items failed
        lines = [json.loads(line) for line in result.stdout.splitlines()]
        if run == 2:  # nothing is left to do, and Ray is not even started
            assert lines == []
            assert "0 items to do, 9 done before" in result.stderr
            break
        assert lines == results(tmp_path / "ray")
        assert without_times(lines) == without_times(results(tmp_path / "alone"))
        assert len(lines) == 9
    assert_whole(tmp_path / "ray")
    for path in (tmp_path / "alone").glob("item*"):
        assert (tmp_path / "ray" / path.name).read_bytes() == path.read_bytes()


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    ray.init(
        address="local",
        num_cpus=3,  # two for actors, one for what reads and writes
        include_dashboard=False,
        log_to_driver=False,
        object_store_memory=100 << 20,
    )
    data.DataContext.get_current().enable_progress_bars = False
    yield
    ray.shutdown()


def test_a_dataset_of_jobs_becomes_one_of_audio(files: ModelFiles, cluster: None) -> None:
    rows = [{**job(index), "note": "ours"} for index in range(4)]
    rows += [job(4, format="exe"), job(5, voice=None)]
    spoken_rows = ray_data.speak_dataset(
        data.from_items(rows, override_num_blocks=len(rows)),
        files,
        actors=2,
        defaults={"max_frames": FRAMES},
    ).take_all()
    assert set(spoken_rows[0]) == set(ray_data.COLUMNS)
    by_id = {row["id"]: row for row in spoken_rows}
    assert len(by_id) == len(rows)
    bad = by_id.pop("item4")
    assert (bad["status"], bad["error_class"], bad["audio"]) == ("failed", "Usage", None)
    assert "format" in bad["error"]
    for name, row in by_id.items():
        (source,) = (row for row in rows if row["id"] == name)
        expected = Job(
            name, source["text"], source["voice"], seed=source["seed"], max_frames=FRAMES
        )
        assert row["status"] == "ok"
        assert row["audio"][44:] == spoken(files, expected)
        assert row["frames"] == FRAMES
        assert row["seconds"] == pytest.approx(len(row["audio"][44:]) / 48000, abs=1e-3)


def test_a_model_that_does_not_load_is_one_clear_error(
    exported: Path, tmp_path: Path, cluster: None
) -> None:
    jobs = write_jobs(tmp_path / "jobs.jsonl", JOBS[:2])
    broken = tmp_path / "model.pte"
    broken.write_bytes(b"no model")
    tokenizer, codec = exported / "tekken.json", exported / "codec_decoder.pte"
    files = ModelFiles(str(broken), str(codec), tokenizer=str(tokenizer))
    speak_all = ray_data.on_ray(files, actors=1, num_cpus=1)
    with (
        jobs.open("rb") as file,
        OutputFolder(tmp_path / "out") as folder,
        pytest.raises(ModelLoadError, match=r"model\.pte"),
    ):
        run_batch(read_jobs(file, {}), folder, files, speak_all=speak_all)
    assert results(tmp_path / "out") == []
    assert ray.is_initialized()


def test_the_examples_run(exported: Path, tmp_path: Path, cluster: None) -> None:
    write_jobs(tmp_path / "jobs.jsonl", [job(0, max_frames=3), {"id": "a", "text": "Hello."}])
    (command,) = (script for script in examples("bash") if "batch.ray" in script)
    joined = command.replace("--actors 2", "--actors 2 --address auto")
    result = run_shell(joined, tmp_path, exported)
    assert result.returncode == 0, result.stderr
    assert_whole(tmp_path / "out")
    (script,) = (script for script in examples("python") if "speak_dataset" in script)
    for name in ("jobs.jsonl", "voxtral/", "spoken"):  # the cluster has a folder of its own
        script = script.replace(f'("{name}', f'("{tmp_path}/{name}')
    script = script.replace(', "voxtral/', f', "{tmp_path}/voxtral/')
    exec(compile(script, "docs/batch.md", "exec"), {})
    rows = data.read_parquet(str(tmp_path / "spoken")).take_all()
    audio = {row["id"]: row["audio"] for row in rows}
    for name in ("item0", "a"):
        assert audio[name] == (tmp_path / "out" / f"{name}.wav").read_bytes()


def test_a_signal_stops_it_and_nothing_is_spoken_twice(
    exported: Path, tmp_path: Path, cluster: None
) -> None:
    jobs = write_jobs(tmp_path / "jobs.jsonl", [job(index) for index in range(8)])
    flags = ["--output-dir", tmp_path / "out", "--model", exported, "--max-frames", 150]
    flags += ["--voice-cache", "memory", "--address", "auto"]
    command = [sys.executable, "-m", "voxtral_tts.batch.ray", jobs, *flags]
    found: list[str] = []
    for number, code in ((signal.SIGTERM, 143), (signal.SIGINT, 130), (None, 0)):
        with subprocess.Popen(
            list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            if number is not None:
                found.append(process.stdout.readline())
                process.send_signal(number)
            rest, messages = process.communicate(timeout=TIMEOUT_S)
        assert process.returncode == code, messages
        assert "Traceback" not in messages
        found += rest.splitlines(keepends=True)
    noted = [str(result["id"]) for result in results(tmp_path / "out")]
    assert sorted(noted) == sorted({f"item{index}" for index in range(8)})
    assert all(line.startswith("{") for line in found if line), found
    assert {json.loads(line)["id"] for line in found if line} <= set(noted)
    assert_whole(tmp_path / "out")


@pytest.mark.parametrize("address", ["nonsense", "auto"])
def test_a_cluster_that_is_not_there_is_one_clear_error(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    speak_all = ray_data.on_ray(ModelFiles("m.pte", "c.pte"), actors=1, num_cpus=1, address=address)
    if address == "auto":  # this machine may be in the cluster of another test

        def init(**_: object) -> None:
            raise RuntimeError("made for the test")

        monkeypatch.setattr(ray, "init", init)
    with pytest.raises(UsageError, match=f"no Ray cluster at {address}"):
        next(speak_all([(Job("a", "Hello."), "")], Path("out")))
