"""What a request may ask for: parsed and checked before anything is spoken."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from voxtral_tts.errors import UsageError
from voxtral_tts.formats import FORMATS, Format, check_rate
from voxtral_tts.server.errors import ApiError
from voxtral_tts.text import language_of_voice
from voxtral_tts.text.sentences import SPEECH
from voxtral_tts.voices import LANGUAGES, default_voice, gender_of_voice

MODEL_ID = "voxtral-4b-tts-2603"
# Names that clients have built in speak with the one model there is.
MODEL_NAMES = (
    *(MODEL_ID, "mistralai/Voxtral-4B-TTS-2603", "voxtral", "voxtral_tts"),
    *("tts-1", "tts-1-hd", "gpt-4o-mini-tts"),
)
# OpenAI's voices are not ours; clients that insist on one of them get the default voice.
OPENAI_VOICES = (
    *("alloy", "ash", "ballad", "cedar", "coral", "echo", "fable"),
    *("marin", "nova", "onyx", "sage", "shimmer", "verse"),
)
_FORMAT_NAMES = ", ".join(FORMATS)
_BLEND = re.compile(r"([^:+]+)(?::[0-9]*\.?[0-9]+)?")


class VoiceId(BaseModel):
    """OpenAI's other way of naming a voice."""

    model_config = ConfigDict(extra="forbid")
    id: str


class SpeechRequest(BaseModel):
    """The body of ``POST /v1/audio/speech``; what is not here is refused."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, strict=True)

    input: str
    model: str = MODEL_ID
    voice: str | VoiceId | None = None
    response_format: str = "wav"
    speed: float = 1.0
    instructions: str | None = None
    stream: bool = False
    stream_format: Literal["audio", "sse"] | None = None
    seed: Annotated[int, Field(ge=0, le=2**64 - 1)] = 42
    language: str | None = None
    normalize: bool = True
    max_new_tokens: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    temperature: Annotated[float, Field(ge=0, le=100)] = 0.0
    cfg_alpha: Annotated[float, Field(ge=-100, le=100)] | None = None
    sample_rate: int | None = None


@dataclass(frozen=True, slots=True)
class SpeechOrder:
    """A request that passed every check; ``voice`` is one of the server's."""

    text: str
    voice: str
    format: Format
    is_streamed: bool  # handed out while it is being made
    is_sse: bool
    seed: int
    language: str | None
    normalize: bool
    max_frames: int | None
    temperature: float
    cfg_alpha: float | None
    sample_rate: int | None  # Hz; None: the model's

    def speak_arguments(self) -> dict[str, Any]:
        """Arguments of ``Runner.speak`` besides the text."""
        return {
            "voice": self.voice,
            "language": self.language,
            "normalize": self.normalize,
            "hold_segments": not self.is_streamed,
            "seed": self.seed,
            "temperature": self.temperature,
            "cfg_alpha": self.cfg_alpha,
            "max_frames": self.max_frames,
        }


def parse(body: bytes, voices: Sequence[str], *, max_text: int) -> SpeechOrder:
    """Raises ``ApiError`` that names the field, what is wrong and what works."""
    try:
        return check(SpeechRequest.model_validate_json(body), voices, max_text=max_text)
    except ValidationError as error:
        raise _first_problem(error) from None


def check(request: SpeechRequest, voices: Sequence[str], *, max_text: int) -> SpeechOrder:
    """What the types cannot say. Raises ``ApiError``."""
    if request.model not in MODEL_NAMES:
        raise ApiError(
            404,
            f"model '{_shown(request.model)}': this server has {', '.join(MODEL_NAMES)}",
            param="model",
            code="model_not_found",
        )
    if not SPEECH.search(request.input):
        raise _invalid("input", "the text is empty: it has nothing to say")
    if len(request.input) > max_text:
        count = len(request.input)
        raise _invalid("input", f"the text has {count} characters, the limit is {max_text}")
    if request.speed != 1:
        raise _invalid("speed", f"speed {request.speed:g}: this model speaks at speed 1 only")
    if request.instructions:
        raise _invalid("instructions", "this model takes no instructions; leave them out")
    if request.language is not None and request.language not in LANGUAGES:
        names = ", ".join(LANGUAGES)
        raise _invalid("language", f"'{_shown(request.language)}': must be one of {names}")
    format = _format(request)
    is_sse = request.stream_format == "sse"
    return SpeechOrder(
        text=request.input,
        voice=_voice(request.voice, voices),
        format=format,
        is_streamed=request.stream or request.stream_format is not None,
        is_sse=is_sse,
        seed=request.seed,
        language=request.language,
        normalize=request.normalize,
        max_frames=request.max_new_tokens,
        temperature=request.temperature,
        cfg_alpha=request.cfg_alpha,
        sample_rate=request.sample_rate,
    )


def describe_voice(name: str) -> dict[str, str | None]:
    """What a voice's name says of it, for the list of voices."""
    language = language_of_voice(name)
    return {
        "id": name,
        "name": name,
        "language": language,
        "language_name": LANGUAGES.get(language, language),
        "gender": gender_of_voice(name),
    }


def _format(request: SpeechRequest) -> Format:
    format = FORMATS.get(request.response_format)
    if format is None:
        name = _shown(request.response_format)
        raise _invalid("response_format", f"'{name}': this server writes {_FORMAT_NAMES}")
    if request.sample_rate is not None:
        try:
            check_rate(format, request.sample_rate)
        except UsageError as error:
            raise _invalid("sample_rate", str(error)) from None
    return format


def _voice(asked: str | VoiceId | None, voices: Sequence[str]) -> str:
    """A voice by its name, never a path: what is not in the list is not looked for."""
    name = asked.id if isinstance(asked, VoiceId) else asked
    if name is None or (name in OPENAI_VOICES and name not in voices):
        return default_voice(voices)
    parts = [_BLEND.fullmatch(part) for part in name.split("+")]
    if name in voices or all(part and part.group(1) in voices for part in parts):
        return name
    known = ", ".join(voices)
    raise _invalid("voice", f"voice '{_shown(name)}': this server has {known}", "invalid_voice")


def _first_problem(error: ValidationError) -> ApiError:
    problem = error.errors(include_url=False, include_input=False, include_context=False)[0]
    if problem["type"] == "json_invalid":
        return _invalid(None, f"the body is not JSON: {problem['msg']}", "invalid_json")
    if not problem["loc"]:
        return _invalid(None, "the body has to be a JSON object", "invalid_json")
    field = str(problem["loc"][0])
    if problem["type"] == "extra_forbidden":
        known = ", ".join(SpeechRequest.model_fields)
        return _invalid(_shown(field), f"unknown field '{_shown(field)}'; known are {known}")
    if problem["type"] == "missing":
        return _invalid(field, f"the field {field} is missing")
    return _invalid(field, f"{field}: {problem['msg']}")


def _invalid(param: str | None, message: str, code: str = "invalid_value") -> ApiError:
    return ApiError(400, message, param=param, code=code)


def _shown(name: str) -> str:
    """Foreign text as it may stand in a message."""
    cut = name if len(name) <= 60 else f"{name[:57]}..."
    return "".join(char if char.isprintable() else "?" for char in cut)
