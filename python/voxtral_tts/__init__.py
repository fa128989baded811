"""Text to speech with Voxtral-4B-TTS-2603 on ExecuTorch.

with Runner("model.pte", "codec_decoder.pte") as runner:
    runner.synthesize("Hello.").save("hello.wav")
"""

from voxtral_tts._native import _core
from voxtral_tts.audio import Audio, AudioChunk, FinishReason, PrefixSource, Stats
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
from voxtral_tts.runner import Device, Runner, SpeechStream, VoiceCache, list_voices
from voxtral_tts.speech import Speech, SpeechStats

__version__: str = _core.__version__

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
