"""Answers requests over HTTP, as OpenAI's speech API has them; a page is at /.

Listens on this machine only, unless --host says otherwise. See docs/server.md.
"""

from __future__ import annotations

import argparse
import ipaddress
import logging
import os
import signal
import socket
import warnings

import uvicorn

from voxtral_tts.cli.arguments import (
    add_model_arguments,
    check_voice,
    integer,
    load_runner,
    non_empty,
)
from voxtral_tts.errors import OutputError, SpeechWarning, UsageError
from voxtral_tts.server.app import create_app
from voxtral_tts.server.connection import Connection
from voxtral_tts.server.options import LOOPBACK_HOSTS, ServerOptions
from voxtral_tts.server.schedule import Speaker

log = logging.getLogger("voxtral_tts.server")

KEY_VARIABLE = "VOXTRAL_TTS_API_KEY"
_DEFAULTS = ServerOptions()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of ``serve``."""
    parser.usage = "voxtral-tts serve [flags]"
    add_model_arguments(parser)
    add = parser.add_argument_group("access").add_argument
    add(
        "--host",
        metavar="NAME",
        default="127.0.0.1",
        type=non_empty,
        help="address (default: 127.0.0.1)",
    )
    add(
        "--port", metavar="N", default=8000, type=integer(0, 65535), help="0 is any (default: 8000)"
    )
    add(
        "--api-key",
        metavar="KEY",
        type=non_empty,
        help=f"asked for by /v1 and /metrics; better in ${KEY_VARIABLE}, as flags are seen by "
        "other users (default: none)",
    )
    add(
        "--allowed-host",
        metavar="NAME",
        action="append",
        type=non_empty,
        help="another name the server is called by; may be repeated (default: this machine's "
        "own on 127.0.0.1, any name elsewhere)",
    )
    add = parser.add_argument_group("limits").add_argument
    _number(add, "--queue", 16, "requests that may wait", low=0)
    _number(add, "--max-text", _DEFAULTS.max_text, "characters of a text")
    _number(add, "--max-body", _DEFAULTS.max_body, "bytes of a request's body")
    _number(add, "--timeout", int(_DEFAULTS.timeout), "seconds for a request, waiting included")
    _number(
        add, "--write-timeout", int(_DEFAULTS.write_timeout), "seconds a client may take nothing"
    )
    _number(add, "--connections", 256, "connections at once", low=2)
    _number(add, "--grace", 30, "seconds that requests have left after SIGTERM", low=0)
    _number(add, "--workers", 1, "only 1: one model speaks one text at a time")
    add = parser.add_argument_group("other").add_argument
    add("-q", "--quiet", action="store_true", help="print errors only")
    add("--verbose", action="store_true", help="print the library's messages")


def _number(add: object, name: str, default: int, help: str, *, low: int = 1) -> None:
    assert callable(add)
    text = f"{help} (default: {default})"
    add(name, metavar="N", type=integer(low), default=default, help=text)


def run(args: argparse.Namespace) -> int:
    """Serves until SIGINT or SIGTERM; 0 then. Raises ``VoxtralTTSError``."""
    if args.workers != 1:
        raise UsageError("--workers has to be 1; start several servers on several ports instead")
    _set_up_logging(args)
    check_voice(args)
    options = _options(args)
    with _listen(args.host, args.port, args.write_timeout) as listener, load_runner(args) as runner:
        speaker = Speaker(runner, queue_size=args.queue, write_timeout=args.write_timeout)
        config = uvicorn.Config(
            create_app(speaker, options),
            log_config=None,
            access_log=False,
            http=Connection,
            loop="asyncio",
            ws="none",
            server_header=False,
            proxy_headers=False,
            limit_concurrency=args.connections,
            timeout_keep_alive=15,
            timeout_graceful_shutdown=args.grace,
        )
        log.info("loaded the model in %.0f ms", runner.load_ms)
        log.info("listening on %s", _url(listener))
        _end_on_signals()
        try:
            uvicorn.Server(config).run(sockets=[listener])
        finally:
            speaker.close()
    log.info("stopped")
    return 0


def _set_up_logging(args: argparse.Namespace) -> None:
    if not args.quiet and not args.verbose:
        log.setLevel(logging.INFO)
    # A missed end is in the request's own line.
    warnings.simplefilter("ignore", SpeechWarning)


def _options(args: argparse.Namespace) -> ServerOptions:
    key = args.api_key or os.environ.get(KEY_VARIABLE) or None
    is_local = _is_loopback(args.host)
    names = tuple(name.lower() for name in args.allowed_host or ())
    if not is_local and key is None:
        log.warning("anybody who reaches %s may use this server: no API key is set", args.host)
        if not names:
            log.warning(
                "and so may any page that a browser here opens, under a name of its own: "
                "name the server's with --allowed-host"
            )
    return ServerOptions(
        api_key=key,
        allowed_hosts=(*LOOPBACK_HOSTS, args.host.lower(), *names) if is_local else names,
        max_text=args.max_text,
        max_body=args.max_body,
        timeout=args.timeout,
        write_timeout=args.write_timeout,
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _listen(host: str, port: int, write_timeout: int) -> socket.socket:
    """Bound before the model is loaded, so that a port in use is told at once."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # a client given up shall not hold its socket
            milliseconds = 2000 * write_timeout
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)
        listener.bind(address)
        return listener
    except OSError as error:
        raise OutputError(
            f"cannot listen on {host} port {port}: {error}; see --host and --port"
        ) from error


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _end_on_signals() -> None:
    """uvicorn raises a signal again when it has shut down; it has done its work by then."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: None)
