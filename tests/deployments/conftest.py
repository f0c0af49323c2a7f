"""The session's Prefect server and a client of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from prefect.client.orchestration import PrefectClient

from deployments.prefect_settings import PrefectPlace
from tests.deployments.warm_pool import deploy, pool, start  # noqa: F401 - fixtures


@pytest.fixture
async def client(prefect_server: PrefectPlace) -> AsyncIterator[PrefectClient]:
    async with PrefectClient(prefect_server.api_url) as client:
        yield client
