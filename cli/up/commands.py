"""How each part is started: program, options, environment, and how long it may take to stop.

Made anew for every start, because the database may have moved to another port meanwhile.
"""

from __future__ import annotations

import sys

from cli.up.environments import for_api, for_prefect_server, for_worker
from cli.up.parts import PartCommand
from cli.up.running import Running

WORKER_NAME = "perpflow"


def api_command(running: Running) -> PartCommand:
    """The API with the dashboard."""
    return PartCommand(
        name="api",
        arguments=[sys.executable, "-m", "api"],
        environment=for_api(running.place, _database_url(running)),
        grace_seconds=3.0,
    )


def prefect_command(running: Running) -> PartCommand:
    """Prefect's server."""
    return PartCommand(
        name="prefect",
        arguments=[sys.executable, "-m", "prefect", "server", "start"],
        environment=for_prefect_server(running.place),
        grace_seconds=3.0,
    )


def worker_command(running: Running) -> PartCommand:
    """The worker, which starts the flow runs."""
    assert running.prepared is not None  # noqa: S101 - the worker comes after the store
    pool = running.pool
    options = {
        "--pool": pool.name,
        "--type": pool.worker_type,
        "--name": WORKER_NAME,
        "--limit": str(pool.runs_at_once),
        "--prefetch-seconds": str(running.prepared.prefetch_seconds),
        "--install-policy": "never",
    }
    return PartCommand(
        name="worker",
        arguments=[
            *(sys.executable, "-m", "prefect", "worker", "start"),
            *(word for option in options.items() for word in option),
        ],
        environment=for_worker(running.place, _database_url(running)),
        grace_seconds=3.0,
    )


def control_command(running: Running) -> PartCommand:
    """The control loop, which carries out what operators order."""
    return PartCommand(
        name="control",
        arguments=[sys.executable, "-m", "deployments.control"],
        environment=for_worker(running.place, _database_url(running)),
        grace_seconds=3.0,
    )


def streams_command(running: Running) -> PartCommand:
    """The stream service, which resolves the keys of live accounts as the worker does."""
    return PartCommand(
        name="streams",
        arguments=[sys.executable, "-m", "deployments.streams"],
        environment=for_worker(running.place, _database_url(running)),
        grace_seconds=3.0,
    )


def _database_url(running: Running) -> str:
    assert running.database is not None  # noqa: S101 - everything else comes after it
    return running.database.url
