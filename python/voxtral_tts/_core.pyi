"""Types of the compiled part; tests/python/test_stubs.py compares both."""

from collections.abc import Callable
from pathlib import Path
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

__version__: str
EXECUTORCH_VERSION: str

class _Defaults(TypedDict):
    num_threads: int
    warm_up: bool
    device: str
    voice_cache: str
    voices_in_memory: int
    verify: bool
    seed: int
    temperature: float
    cfg_alpha: float | None
    flow_steps: int | None
    max_frames: int | None
    chunk_frames: int

class Stream:
    def next(
        self,
    ) -> tuple[NDArray[np.float32], NDArray[np.int64], int, bool, int] | None: ...
    def close(self) -> None: ...
    def stats_json(self) -> str: ...
    def spans(self) -> list[tuple[str, int, int, int]]: ...
    def _record_step_times(self) -> None: ...
    def _step_times_ms(self) -> list[float]: ...

class Runner:
    def __init__(
        self,
        model: str,
        codec: str,
        tokenizer: str | None,
        voices: str | None,
        num_threads: int,
        warm_up: bool,
        device: str,
        voice_cache: str,
        cache_dir: str | None,
        voices_in_memory: int,
        verify: bool,
    ) -> None: ...
    def stream(
        self,
        text: bytes,
        voice: str | None,
        seed: int,
        temperature: float,
        cfg_alpha: float | None,
        flow_steps: int | None,
        max_frames: int | None,
        chunk_frames: int,
        record_trace: bool,
    ) -> Stream: ...
    def voices(self) -> list[str]: ...
    def sample_rate(self) -> int: ...
    def load_ms(self) -> float: ...

def load_mlx() -> str: ...
def list_voices(folder: str) -> list[str]: ...
def find_voice(folder: str, voice: str) -> Path: ...
def default_options() -> _Defaults: ...
def _set_log(function: Callable[[int, str], None]) -> None: ...
def _set_log_level(level: int) -> None: ...
def _read_bandwidth(bytes: int, threads: int) -> tuple[float, float]: ...
def _time_method(
    program: str, method: str, rows: int, position: int, repeats: int, trace: bool
) -> tuple[float, list[float], list[tuple[int, int, float]]]: ...
def write_wav(path: str, samples: NDArray[np.float32], sample_rate: int) -> None: ...
def to_s16le(samples: NDArray[np.float32]) -> bytes: ...
