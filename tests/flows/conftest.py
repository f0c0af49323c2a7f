"""Cycles run through a real Prefect server on a real Postgres."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings
from sqlalchemy import Engine

from deployments.prefect_settings import PrefectPlace
from tasks import resources
from tests.arena import TestArena, start_arena


@pytest.fixture
def arena(
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    prefect_server: PrefectPlace,
) -> Iterator[TestArena]:
    """An empty arena on the simulated market; flows of this test use its database."""
    monkeypatch.setenv("DATABASE_URL", engine.url.render_as_string(hide_password=False))
    resources.forget()
    with temporary_settings({PREFECT_API_URL: prefect_server.api_url}):
        yield start_arena(engine)
    resources.forget()
