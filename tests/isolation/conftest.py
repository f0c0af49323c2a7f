"""A warm worker for the isolation tests, and databases for two arenas in one test."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import psycopg
import pytest
from sqlalchemy import make_url

from adapters.store.embedded import EmbeddedServer
from deployments.prefect_settings import PrefectPlace
from tests.isolation.arena_runs import Worker, warm_up, warm_worker


@pytest.fixture(scope="module")
def worker(
    prefect_server: PrefectPlace,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Worker]:
    """One for all tests of a file: what a run does must not take it along."""
    with warm_worker(prefect_server, tmp_path_factory.mktemp("isolation")) as started:
        warm_up(started)
        yield started


@pytest.fixture(scope="module")
def new_database(database_server: EmbeddedServer) -> Iterator[Callable[[], str]]:
    """Makes a fresh, migrated database each time; all are dropped after the last test."""
    made: list[str] = []
    url = make_url(database_server.url)

    def make() -> str:
        name = f"t_{uuid.uuid4().hex[:16]}"
        with psycopg.connect(database_server.admin_conninfo, autocommit=True) as admin:
            admin.execute(
                f"create database {name} owner {url.username} template perpflow_template"
                " strategy file_copy"
            )
        made.append(name)
        return url.set(database=name).render_as_string(hide_password=False)

    yield make
    with psycopg.connect(database_server.admin_conninfo, autocommit=True) as admin:
        for name in made:
            admin.execute(f"drop database {name} with (force)")
