"""Failures as OpenAI's clients expect them."""

from __future__ import annotations

from typing import Any

from voxtral_tts.errors import (
    BusyError,
    InterruptedSynthesisError,
    TextError,
    UsageError,
    VoiceError,
    class_name,
)

INVALID = "invalid_request_error"


class ApiError(Exception):
    """A failure with its HTTP status; ``retry_after`` is in seconds."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        type: str = INVALID,
        param: str | None = None,
        code: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.type = type
        self.param = param
        self.code = code
        self.retry_after = retry_after

    def body(self) -> dict[str, Any]:
        """``{"error": {...}}``."""
        return {
            "error": {
                "message": self.message,
                "type": self.type,
                "param": self.param,
                "code": self.code,
            }
        }

    def headers(self) -> dict[str, str]:
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}


def busy(message: str, retry_after: int) -> ApiError:
    """503: the queue is full, or the server is going down."""
    return ApiError(503, message, type="server_error", code="server_busy", retry_after=retry_after)


def as_api_error(error: BaseException) -> ApiError:
    """The failure of a speech; what is not the caller's fault says its class and nothing else."""
    match error:
        case ApiError():
            return error
        case TextError():
            return ApiError(400, str(error), param="input", code="invalid_text")
        case VoiceError():
            # Its own words name folders of this machine, and a remedy that is not the caller's.
            message = "this voice cannot be used; GET /v1/audio/voices lists those that can"
            return ApiError(400, message, param="voice", code="invalid_voice")
        case UsageError():
            return ApiError(400, str(error), code="invalid_value")
        case BusyError() | InterruptedSynthesisError():
            return busy("the server is not speaking now", 1)
        case TimeoutError():
            return ApiError(504, "the time limit is over", type="server_error", code="timeout")
    name = class_name(error)
    return ApiError(
        500, f"{name}: the speech failed; the server's log says why", type="server_error", code=name
    )
