"""An HTTP application on Ray Serve: replicas with a model each behind one address.

Needs the extra ``[ray]``; nothing else of the package imports it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# A replica streams while its runner speaks one text after the other; more requests than this
# wait at Serve's router, which hands them to whichever replica is free.
REQUESTS_PER_REPLICA = 4


def deployment(
    make_app: Callable[[], Any],
    *,
    num_replicas: int = 1,
    num_cpus: float = 1,
    requests_per_replica: int = REQUESTS_PER_REPLICA,
) -> Any:
    """A ``ray.serve`` application, for ``serve.run``, of an ASGI application.

    ``make_app`` is called in each replica, loads the model there and returns the ASGI
    application; it can be pickled. ``num_cpus`` is what Ray sets aside for a replica, and what
    ``make_app`` has to give its runner as ``num_threads``.
    """
    from ray import serve

    def build() -> Any:  # Serve takes functions only
        return make_app()

    ingress: Any = serve.ingress(build)()
    return serve.deployment(
        ingress,
        name="voxtral_tts",
        num_replicas=num_replicas,
        ray_actor_options={"num_cpus": num_cpus},
        max_ongoing_requests=requests_per_replica,
    ).bind()
