"""Lets this process use what the steps of a cycle use: their database, and Prefect's blocks.

They find both in the environment, like those of a flow run.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cli.arena_database import ArenaDatabase, arena_database
from deployments.prefect_settings import PrefectPlace, client_environment

if TYPE_CHECKING:
    from adapters.config.settings import Settings

_PREFECT_FOLDER = "prefect"


def use_prefect_of(settings: Settings) -> None:
    """Let blocks be looked for in this arena's Prefect; before anything imports Prefect.

    A server that the environment names already is kept: workers elsewhere have one of their own.
    """
    if not os.environ.get("PREFECT_API_URL"):
        place = PrefectPlace(folder=settings.home / _PREFECT_FOLDER, port=settings.prefect_port)
        os.environ.update(client_environment(place, os.environ))


@contextmanager
def arena_with_steps(settings: Settings, *, application: str) -> Iterator[ArenaDatabase]:
    """The arena's database, which the steps of a cycle use as well. Raises as `arena_database`."""
    with arena_database(settings, application=application) as database:
        os.environ["DATABASE_URL"] = database.url
        from tasks import resources

        resources.forget()
        try:
            yield database
        finally:
            resources.forget()
