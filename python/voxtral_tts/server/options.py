"""What an operator decides about the server."""

from __future__ import annotations

from dataclasses import dataclass

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """Limits and access of ``create_app``; times in seconds.

    ``allowed_hosts`` are the names by which the server may be called, without port: the
    protection against pages that point a name of their own at this machine. Empty: any name.
    """

    api_key: str | None = None  # what /v1 and /metrics ask for
    allowed_hosts: tuple[str, ...] = LOOPBACK_HOSTS
    max_text: int = 4096  # characters
    max_body: int = 256 * 1024  # bytes
    body_timeout: float = 10.0  # for the body to arrive
    timeout: float = 600.0  # from the request to the last byte, waiting included
    write_timeout: float = 20.0  # a client that takes nothing for so long is given up
