"""The routes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from voxtral_tts._native import _core
from voxtral_tts.formats import FORMATS
from voxtral_tts.server.errors import ApiError
from voxtral_tts.server.guard import Guard
from voxtral_tts.server.options import ServerOptions
from voxtral_tts.server.requests import (
    MODEL_ID,
    MODEL_NAMES,
    SpeechRequest,
    describe_voice,
    parse,
)
from voxtral_tts.server.response import SpeechResponse, error_response, read_body
from voxtral_tts.server.schedule import Speaker
from voxtral_tts.voices import LANGUAGES, default_voice

_PAGE_FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/player.js": ("player.js", "text/javascript; charset=utf-8"),
    "/waveform.js": ("waveform.js", "text/javascript; charset=utf-8"),
}
_BODY = {
    "required": True,
    "content": {"application/json": {"schema": SpeechRequest.model_json_schema()}},
}


class _SpeechRoute(Response):
    """Lets FastAPI hand the connection to an ASGI application."""

    def __init__(self, app: SpeechResponse) -> None:
        super().__init__()
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._app(scope, receive, send)


def create_app(speaker: Speaker, options: ServerOptions | None = None) -> FastAPI:
    """The application for any ASGI server; when it shuts down it closes ``speaker``.

    One process with one ``Speaker``: several workers would each need a model.
    """
    limits = ServerOptions() if options is None else options

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await run_in_threadpool(speaker.close)

    app = FastAPI(
        title="voxtral_tts",
        version=_core.__version__,
        docs_url=None,  # its page loads from elsewhere
        redoc_url=None,
        lifespan=lifespan,
    )
    app.add_middleware(Guard, options=limits, metrics=speaker.metrics)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(ApiError, _api_error)
    _add_speech(app, speaker, limits)
    _add_lists(app, speaker, limits)
    for path, (name, media_type) in _PAGE_FILES.items():
        app.add_api_route(path, _page_file(name, media_type), include_in_schema=False)
    return app


def _add_speech(app: FastAPI, speaker: Speaker, limits: ServerOptions) -> None:
    @app.post("/v1/audio/speech", openapi_extra={"requestBody": _BODY})
    async def speech(request: Request) -> Response:
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        # Also what keeps a page's form from being sent here without asking.
        if media_type != "application/json":
            message = "the body has to be JSON: Content-Type: application/json"
            raise ApiError(415, message, code="unsupported_media_type")
        body = await read_body(request.stream(), limits)
        order = parse(body, speaker.voices, max_text=limits.max_text)
        return _SpeechRoute(SpeechResponse(speaker, order, limits, request.state.request_id))


def _add_lists(app: FastAPI, speaker: Speaker, limits: ServerOptions) -> None:
    @app.get("/v1/audio/voices")
    async def voices() -> dict[str, Any]:
        return {
            "voices": list(speaker.voices),
            "default": default_voice(speaker.voices),
            "languages": LANGUAGES,
            "details": [describe_voice(name) for name in speaker.voices],
        }

    @app.get("/v1/models")
    async def models() -> dict[str, Any]:
        return {"object": "list", "data": [_MODEL]}

    @app.get("/v1/models/{model:path}")  # a name may hold a slash
    async def model(model: str) -> dict[str, Any]:
        if model not in MODEL_NAMES:
            raise ApiError(404, f"this server has {MODEL_ID}", code="model_not_found")
        return _MODEL

    @app.get("/health")
    async def health() -> JSONResponse:
        content = {
            "status": "ok" if speaker.is_alive else "stopped",
            "speaking": speaker.speaking,
            "waiting": speaker.waiting,
            "queue": speaker.queue_size,
            "max_text": limits.max_text,
            "formats": list(FORMATS),
            "sample_rate": speaker.sample_rate,
            "version": _core.__version__,
        }
        return JSONResponse(content, 200 if speaker.is_alive else 503)

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        content = speaker.metrics.text()
        return Response(content, headers={"Content-Type": speaker.metrics.content_type})


_MODEL = {"id": MODEL_ID, "object": "model", "created": 0, "owned_by": "mistralai"}


def _page_file(name: str, media_type: str) -> Callable[[], Awaitable[Response]]:
    async def page_file() -> Response:
        content = files("voxtral_tts.server").joinpath("page", name).read_bytes()
        headers = {"Content-Type": media_type, "Cache-Control": "no-cache"}
        return Response(content, headers=headers)

    return page_file


async def _http_error(request: Request, error: Exception) -> Response:
    """Of a path or a method that is not here."""
    assert isinstance(error, HTTPException)
    asked = f"{request.method} {request.url.path[:100]}"
    failure = ApiError(error.status_code, f"{error.detail}: {asked}; see GET /openapi.json")
    response = error_response(failure)
    response.headers.update(error.headers or {})
    return response


async def _api_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return error_response(error)
