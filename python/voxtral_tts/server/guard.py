"""What stands before every route: who may call, request ids, counts, headers."""

from __future__ import annotations

import hmac
import logging
import re
import uuid
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from voxtral_tts.server.errors import ApiError
from voxtral_tts.server.metrics import Metrics
from voxtral_tts.server.options import ServerOptions
from voxtral_tts.server.response import error_response

log = logging.getLogger("voxtral_tts.server")

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
CLIENT_GONE = 499  # nothing is sent to one; for the count
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_GUARDED = ("/v1/", "/metrics")
_PATHS = (
    *("/", "/health", "/metrics", "/openapi.json"),
    *("/v1/audio/speech", "/v1/audio/voices", "/v1/models"),
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Everything the page needs comes from here, and nothing may frame it.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
}


class Guard:
    """ASGI middleware. A page of another site can reach a server on this machine through the
    user's browser: Host says what name it used, Origin whose page it is."""

    def __init__(self, app: ASGIApp, options: ServerOptions, metrics: Metrics) -> None:
        self._app = app
        self._options = options
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = _route_path(scope)
        is_head = scope["method"] == "HEAD"
        if is_head:  # whatever answers to GET, without the body
            scope = {**scope, "method": "GET"}
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex[:16]
        scope.setdefault("state", {})["request_id"] = request_id
        has_begun = False

        async def send_on(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                MutableHeaders(scope=message).update({**_HEADERS, "X-Request-Id": request_id})
                self._metrics.answered(_label(path), message["status"])
            elif is_head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        try:
            self._check(scope, path, headers)
            await self._app(scope, receive, send_on)
        except ApiError as error:
            await error_response(error)(scope, receive, send_on)
        except ClientDisconnect:
            log.debug("%s: gone before its body had come", request_id)
            self._metrics.answered(_label(path), CLIENT_GONE)
        except Exception:
            log.exception("%s: %s %s failed", request_id, scope["method"], path)
            if has_begun:
                raise
            failure = ApiError(500, "a defect of the server", type="server_error", code="Internal")
            await error_response(failure)(scope, receive, send_on)

    def _check(self, scope: Scope, path: str, headers: Headers) -> None:
        host = headers.get("host", "")
        allowed = self._options.allowed_hosts
        if allowed and _host_name(host) not in allowed:
            raise ApiError(
                403,
                "this Host is not one of the server's names; --allowed-host adds one",
                type="permission_error",
                code="host_not_allowed",
            )
        origin = headers.get("origin")
        changes = scope["method"] not in _SAFE_METHODS
        if changes and origin is not None and _place(origin) != host:
            raise ApiError(
                403,
                "pages of another origin may not use this server",
                type="permission_error",
                code="origin_not_allowed",
            )
        if path.startswith(_GUARDED):
            self._check_key(headers)

    def _check_key(self, headers: Headers) -> None:
        key = self._options.api_key
        if key is None:
            return
        scheme, _, given = headers.get("authorization", "").partition(" ")
        same = hmac.compare_digest(given.strip().encode("latin-1"), key.encode())
        if scheme.lower() != "bearer" or not same:
            raise ApiError(
                401,
                "the API key is missing or wrong: send 'Authorization: Bearer KEY'",
                type="authentication_error",
                code="invalid_api_key",
            )


def _route_path(scope: Scope) -> str:
    """The path as the routes see it: without what a proxy, Ray Serve or an application that this
    one is mounted in has before it."""
    path: str = scope["path"]
    rest = path.removeprefix(scope.get("root_path", ""))
    return rest if rest == "" or rest.startswith("/") else path


def _place(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _host_name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _label(path: str) -> str:
    """Metrics have a series per path: only of those there are."""
    return path if path in _PATHS else "other"
