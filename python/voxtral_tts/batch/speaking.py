"""Speaks one job into a file, and tells whether a job or its model has changed."""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from voxtral_tts.batch.jobs import Job
from voxtral_tts.batch.results import Result, make_durable
from voxtral_tts.encode import AudioFile
from voxtral_tts.errors import (
    EXIT_CODES,
    EXIT_TRUNCATED,
    SpeechWarning,
    VoiceError,
    VoxtralTTSError,
    class_name,
)
from voxtral_tts.files import sha256_of
from voxtral_tts.locate import tokenizer_file, voices_folder
from voxtral_tts.runner import Device, Runner, VoiceCache, list_voices
from voxtral_tts.voices import default_voice


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """The arguments of a ``Runner``: what another process needs to make the same one."""

    model: str
    codec: str
    tokenizer: str | None = None
    voices: str | None = None
    num_threads: int = 0
    device: Device = "auto"
    voice_cache: VoiceCache = "disk"
    cache_dir: str | None = None
    verify: bool = False

    def open(self) -> Runner:
        """Loads the programs. Raises as ``Runner`` does."""
        return Runner(**asdict(self))

    @property
    def tokenizer_path(self) -> Path:
        return tokenizer_file(Path(self.model), self.tokenizer)

    @property
    def voices_path(self) -> Path:
        return voices_folder(self.tokenizer_path, self.voices)


class Fingerprints:
    """Digests of a job together with the files that decide how it sounds."""

    def __init__(self, files: ModelFiles) -> None:
        self._files = files
        self._programs = [
            _identity(Path(path)) for path in (files.model, files.codec, files.tokenizer_path)
        ]
        self._voices: dict[str | None, list[str | None]] = {}

    def of(self, job: Job) -> str:
        """Equal for the same job, programs, tokenizer and voice."""
        if job.voice not in self._voices:
            self._voices[job.voice] = [self._voice_file(name) for name in self._names(job.voice)]
        parts = [job.to_dict(), self._programs, self._voices[job.voice]]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def _names(self, voice: str | None) -> list[str]:
        """The voices that a job's is made of: the default, itself, or the parts of a mixture
        such as ``a:0.6+b:0.4``."""
        if voice is not None:
            return [voice, *(part.rpartition(":")[0] or part for part in voice.split("+"))]
        with contextlib.suppress(VoiceError):
            names = list_voices(self._files.voices_path)
            return [default_voice(names)]
        return []

    def _voice_file(self, name: str) -> str | None:
        """Digest of the file that the runner takes for a voice; None where there is none."""
        folder = self._files.voices_path
        for path in (folder / f"{name}.pt", folder / f"{name}.safetensors", Path(name)):
            with contextlib.suppress(OSError, ValueError):
                return sha256_of(path)[0]
        return None


def _identity(path: Path) -> str | None:
    """SHA-256 of a file: the one ``manifest.json`` names, which the runner compares with it."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        entry = json.loads((path.parent / "manifest.json").read_bytes())["files"][path.name]
        if entry["bytes"] == path.stat().st_size:
            return str(entry["sha256"])
    with contextlib.suppress(OSError):  # that it is missing is said when it is loaded
        return sha256_of(path)[0]
    return None


def speak_job(runner: Runner, job: Job, fingerprint: str, pending: Path) -> Result:
    """Speaks ``job`` into ``pending``. Its own failures are results.

    Raises ``OSError`` where the audio cannot be written: that is the folder's fault. An
    interrupted job leaves nothing.
    """
    path = pending / job.audio_name
    started = time.perf_counter()
    try:
        with (
            warnings.catch_warnings(record=True) as caught,
            AudioFile(path, job.format, sample_rate=job.sample_rate) as file,
            runner.speak(
                job.text,
                voice=job.voice,
                language=job.language,
                normalize=job.normalize,
                hold_segments=True,  # so that a segment that misses its end is spoken again
                seed=job.seed,
                temperature=job.temperature,
                cfg_alpha=job.cfg_alpha,
                max_frames=job.max_frames,
            ) as speech,
        ):
            warnings.simplefilter("always", SpeechWarning)
            for chunk in speech:
                file.write(chunk.samples)
    except OSError:
        raise
    except Exception as error:
        path.unlink(missing_ok=True)
        wall_s = round(time.perf_counter() - started, 3)
        return failure(error, id=job.id, fingerprint=fingerprint, seed=job.seed, wall_s=wall_s)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    wall_s = time.perf_counter() - started
    stats = speech.stats
    digest, size = sha256_of(path)
    result = Result(
        id=job.id,
        status="truncated" if stats.missed_ends else "ok",
        fingerprint=fingerprint,
        audio=path.name,
        size=size,
        sha256=digest,
        seconds=round(stats.audio_seconds, 3),
        frames=stats.codec_frames,
        wall_s=round(wall_s, 3),
        rtf=round(wall_s / stats.audio_seconds, 3),
        finish_reason=stats.finish_reason,
        retries=stats.retries,
        seed=job.seed,
        warnings=tuple(str(warning.message) for warning in caught),
        exit_code=EXIT_TRUNCATED if stats.missed_ends else 0,
    )
    make_durable(pending, result)
    return result


def failure(error: Exception, **members: Any) -> Result:
    """The result of an item that failed."""
    name = class_name(error)
    message = str(error) if isinstance(error, VoxtralTTSError) else repr(error)
    return Result(
        status="failed", error_class=name, error=message, exit_code=EXIT_CODES[name], **members
    )
