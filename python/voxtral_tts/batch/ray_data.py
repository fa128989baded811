"""A batch on Ray Data: the jobs of a dataset spoken by actors, each with a model of its own.

Needs the extra ``[ray]``; nothing else of the package imports it.
"""

from __future__ import annotations

import json
import os
import signal
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from voxtral_tts.batch.jobs import MEMBERS, Job
from voxtral_tts.batch.results import Result
from voxtral_tts.batch.run import SpeakAll, Task
from voxtral_tts.batch.speaking import ModelFiles, failure, speak_job
from voxtral_tts.errors import UsageError, VoxtralTTSError, class_name, make_error
from voxtral_tts.runner import Runner

# More would be more to keep track of, fewer would leave actors idle at the end.
MAX_BLOCKS = 1000
# Columns of a spoken dataset, with the names of their Arrow types.
COLUMNS = {
    **{name: "string" for name in ("id", "status", "sha256", "finish_reason")},
    **{name: "int64" for name in ("size", "frames", "retries", "exit_code")},
    **{name: "float64" for name in ("seconds", "wall_s", "rtf")},
    **{"seed": "uint64", "error_class": "string", "error": "string"},
    "audio": "binary",  # the bytes of the file
}


class _Actor:
    """What a worker has for its whole life: a runner, made when it is first needed."""

    def __init__(self, files: ModelFiles) -> None:
        self._files = files
        self._runner: Runner | None = None

    def speak(self, job: Job, fingerprint: str, folder: Path) -> Result:
        if self._runner is None:
            self._runner = self._files.open()
        return speak_job(self._runner, job, fingerprint, folder)


class Speaker(_Actor):
    """For ``Dataset.map_batches`` with ``batch_format="pyarrow"``: tables whose columns are
    members of a job to tables of ``COLUMNS``.

    ``files`` and ``defaults``, members for jobs that have none, can be pickled. A row that is no
    job, or cannot be spoken, has the status ``failed`` and no audio.
    """

    def __init__(self, files: ModelFiles, defaults: Mapping[str, Any] | None = None) -> None:
        super().__init__(files)
        self._defaults = dict(defaults or {})

    def __call__(self, table: Any) -> Any:
        rows = [self._spoken(row) for row in table.to_pylist()]
        return _arrow().Table.from_pylist(rows, schema=_schema())

    def _spoken(self, row: dict[str, Any]) -> dict[str, Any]:
        try:
            members = {name: row[name] for name in MEMBERS if name in row}
            job = Job.from_mapping(members, self._defaults)
        except UsageError as error:
            name = row.get("id")
            return _row(failure(error, id=name if isinstance(name, str) else None, fingerprint=""))
        with tempfile.TemporaryDirectory() as folder:
            result = self.speak(job, "", Path(folder))
            audio = Path(folder, result.audio).read_bytes() if result.audio else None
        return _row(result, audio)


def speak_dataset(
    dataset: Any,
    files: ModelFiles,
    *,
    actors: int = 1,
    num_cpus: int = 1,
    defaults: Mapping[str, Any] | None = None,
) -> Any:
    """``dataset``, a ``ray.data.Dataset`` of jobs, as one of what became of them.

    Its columns are members of ``Job``, null where a job has none; others are left out.
    Each of the ``actors`` processes takes ``num_cpus``, which is the number of its threads too
    unless ``files`` has one.
    """
    return dataset.map_batches(
        Speaker,
        fn_constructor_args=(for_workers(files, num_cpus), dict(defaults or {})),
        **_on_actors(actors, num_cpus),
    )


class TaskSpeaker(_Actor):
    """Speaks the tasks of a batch into its folder, which every worker has to see."""

    def __init__(self, files: ModelFiles, folder: str) -> None:
        super().__init__(files)
        self._folder = Path(folder)

    def __call__(self, table: Any) -> Any:
        return _arrow().Table.from_pylist([self._spoken(row) for row in table.to_pylist()])

    def _spoken(self, row: dict[str, str]) -> dict[str, str]:
        try:
            job = Job(**json.loads(row["job"]))
            return {"result": self.speak(job, row["fingerprint"], self._folder).to_json()}
        except (OSError, VoxtralTTSError) as error:  # of the folder or the model: fatal to all
            name = class_name(error) if isinstance(error, VoxtralTTSError) else "OutputIO"
            return {"error": json.dumps([name, str(error), getattr(error, "errno", 0) or 0])}


def on_ray(
    files: ModelFiles, *, actors: int, num_cpus: int, address: str | None = None
) -> SpeakAll:
    """For ``run_batch``: tasks are spoken by ``actors`` processes, of this machine or of the
    cluster at ``address``, where the output folder has to be a shared one."""
    files = for_workers(files, num_cpus)

    def speak_all(tasks: list[Task], folder: Path) -> Iterator[Result]:
        with _ray(address, actors * num_cpus) as ray:
            rows = [
                {"job": json.dumps(job.to_dict()), "fingerprint": fingerprint}
                for job, fingerprint in tasks
            ]
            dataset = ray.data.from_items(rows, override_num_blocks=min(len(rows), MAX_BLOCKS))
            spoken = dataset.map_batches(
                TaskSpeaker,
                fn_constructor_args=(files, str(folder.absolute())),
                **_on_actors(actors, num_cpus),
            )
            for table in spoken.iter_batches(
                batch_size=None, batch_format="pyarrow", prefetch_batches=0
            ):
                for row in table.to_pylist():
                    if (error := row.get("error")) is not None:
                        raise make_error(*json.loads(error))
                    yield Result.from_json(row["result"].encode())

    return speak_all


@contextmanager
def _ray(address: str | None, num_cpus: int) -> Iterator[Any]:
    """Ray as it is where it has been started; else the cluster at ``address``, or a new one of
    this machine, for as long as the block lasts. Raises ``UsageError``."""
    # A program that speaks has nothing to report to others, unless its user wants it.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise UsageError(f"Ray is missing ({error}): pip install 'voxtral_tts[ray]'") from error
    if ray.is_initialized():
        yield ray
        return
    options: dict[str, Any] = {"address": address}
    if address is None:
        options = {"address": "local", "num_cpus": num_cpus, "include_dashboard": False}
    before = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(log_to_driver=False, logging_level="ERROR", **options)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise UsageError(f"no Ray cluster at {options['address']}: {error}") from error
    try:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)  # Ray's own would end the program unheard
        ray.data.DataContext.get_current().enable_progress_bars = False
        yield ray
    finally:
        ray.shutdown()


def _on_actors(actors: int, num_cpus: int) -> dict[str, Any]:
    from ray.data import ActorPoolStrategy

    return {
        "compute": ActorPoolStrategy(size=actors, max_tasks_in_flight_per_actor=1),
        "num_cpus": num_cpus,
        "batch_size": 1,  # a result is handed on when it is there
        "batch_format": "pyarrow",
    }


def for_workers(files: ModelFiles, num_cpus: int) -> ModelFiles:
    """With whole paths, as workers may run in other folders, and a number of threads."""
    names = ("model", "codec", "tokenizer", "voices", "cache_dir")
    paths = {name: value for name in names if (value := getattr(files, name)) is not None}
    absolute = {name: os.path.abspath(value) for name, value in paths.items()}
    return replace(files, num_threads=files.num_threads or num_cpus, **absolute)


def _row(result: Result, audio: bytes | None = None) -> dict[str, Any]:
    members = {**asdict(result), "audio": audio}
    return {name: members[name] for name in COLUMNS}


def _schema() -> Any:
    arrow = _arrow()
    return arrow.schema([(name, getattr(arrow, kind)()) for name, kind in COLUMNS.items()])


def _arrow() -> Any:
    import pyarrow

    return pyarrow
