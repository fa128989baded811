"""Text to speech with Voxtral-4B-TTS-2603 on ExecuTorch.

with Runner("model.pte", "codec_decoder.pte") as runner:
    runner.synthesize("Hello.").save("hello.wav")

Names are imported when they are first used: ``voxtral_tts.text`` alone needs no ExecuTorch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from voxtral_tts.errors import (
    BusyError,
    InternalError,
    InterruptedSynthesisError,
    ModelLoadError,
    ModelMismatchError,
    ModelNotFoundError,
    NumericError,
    OutputError,
    ReaderGoneError,
    SpeechWarning,
    TextError,
    TokenizerError,
    TokenizerNotFoundError,
    TruncatedAudioWarning,
    UsageError,
    VoiceError,
    VoxtralTTSError,
)

if TYPE_CHECKING:
    from voxtral_tts.audio import Audio, AudioChunk, FinishReason, PrefixSource, Stats
    from voxtral_tts.runner import Device, Runner, SpeechStream, VoiceCache, list_voices
    from voxtral_tts.speech import Speech, SpeechStats

    __version__: str

# The modules of the names that need the compiled part.
_MODULES = {
    "audio": ("Audio", "AudioChunk", "FinishReason", "PrefixSource", "Stats"),
    "runner": ("Device", "Runner", "SpeechStream", "VoiceCache", "list_voices"),
    "speech": ("Speech", "SpeechStats"),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "Audio",
    "AudioChunk",
    "BusyError",
    "Device",
    "FinishReason",
    "InternalError",
    "InterruptedSynthesisError",
    "ModelLoadError",
    "ModelMismatchError",
    "ModelNotFoundError",
    "NumericError",
    "OutputError",
    "PrefixSource",
    "ReaderGoneError",
    "Runner",
    "Speech",
    "SpeechStats",
    "SpeechStream",
    "SpeechWarning",
    "Stats",
    "TextError",
    "TokenizerError",
    "TokenizerNotFoundError",
    "TruncatedAudioWarning",
    "UsageError",
    "VoiceCache",
    "VoiceError",
    "VoxtralTTSError",
    "list_voices",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES and name != "__version__":
        raise AttributeError(f"module 'voxtral_tts' has no attribute '{name}'")
    native = import_module("voxtral_tts._native")  # before NumPy, as its errors say what to do
    if name == "__version__":
        value: Any = native._core.__version__
    else:
        value = getattr(import_module(f"voxtral_tts.{_HOMES[name]}"), name)
    globals()[name] = value  # so that the next use finds it
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
