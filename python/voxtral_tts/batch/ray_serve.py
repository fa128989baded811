"""The server on Ray Serve: replicas with a model each behind one address.

Needs the extras ``[ray]`` and ``[server]``; nothing else of the package imports it.
"""

from __future__ import annotations

from typing import Any

from voxtral_tts.batch.ray_data import for_workers
from voxtral_tts.batch.speaking import ModelFiles
from voxtral_tts.server import ServerOptions, Speaker, create_app

# A replica speaks one text after the other; more requests than this wait at Serve's router,
# which hands them to whichever replica is free.
REQUESTS_PER_REPLICA = 4


def deployment(
    files: ModelFiles,
    *,
    options: ServerOptions | None = None,
    num_replicas: int = 1,
    num_cpus: int = 1,
    requests_per_replica: int = REQUESTS_PER_REPLICA,
) -> Any:
    """The application of ``voxtral-tts serve`` for ``ray.serve.run``.

    Each replica loads the model and takes ``num_cpus``, which is the number of its threads too
    unless ``files`` has one.
    """
    from ray import serve

    files = for_workers(files, num_cpus)

    limits = ServerOptions() if options is None else options

    def build() -> Any:  # in the replica
        speaker = Speaker(
            files.open(), queue_size=requests_per_replica, write_timeout=limits.write_timeout
        )
        return create_app(speaker, limits)

    ingress: Any = serve.ingress(build)()
    return serve.deployment(
        ingress,
        name="voxtral_tts",
        num_replicas=num_replicas,
        ray_actor_options={"num_cpus": num_cpus},
        max_ongoing_requests=requests_per_replica,
    ).bind()
