"""Steps of a cycle called one by one, on a real Postgres and the real paper venue."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.logging import disable_run_logger
from prefect.settings import (
    PREFECT_LOGGING_TO_API_ENABLED,
    PREFECT_SERVER_ALLOW_EPHEMERAL_MODE,
    temporary_settings,
)
from sqlalchemy import Engine

from tasks import resources
from tasks.cycle import Cycle, claim_slot
from tests.arena import TestArena, build_account, start_arena
from tests.llm_stub.server import ModelStub
from tests.tasks.model_accounts import KEY, build_model_account
from tests.tasks.scripted_market import Scripted, Step, write_script

NO_SERVER = {PREFECT_SERVER_ALLOW_EPHEMERAL_MODE: False, PREFECT_LOGGING_TO_API_ENABLED: False}
"""A step called by itself talks to Postgres only; Prefect must not start a server for it."""


@pytest.fixture
def arena(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestArena]:
    """An arena on the simulated market with one momentum account."""
    monkeypatch.setenv("DATABASE_URL", engine.url.render_as_string(hide_password=False))
    resources.forget()
    with disable_run_logger(), temporary_settings(NO_SERVER):
        arena = start_arena(engine)
        arena.add(build_account("momentum"))
        yield arena
    resources.forget()


@pytest.fixture
def cycle(arena: TestArena) -> Cycle:
    """The claimed first cycle of the momentum account."""
    claimed = asyncio.run(claim_slot.fn("momentum"))
    assert isinstance(claimed, Cycle)
    return claimed


@pytest.fixture
def scripted(engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Scripted]:
    """Start an arena on a written-down path of BTC; it and the momentum account's first cycle."""
    monkeypatch.setenv("DATABASE_URL", engine.url.render_as_string(hide_password=False))
    resources.forget()

    async def start(*steps: Step, **changes: object) -> tuple[TestArena, Cycle]:
        write_script(tmp_path, *steps)
        folder = {"folder": str(tmp_path)}
        # In a thread: it runs a loop of its own, and a test of steps is inside one already.
        arena = await asyncio.to_thread(start_arena, engine, source="recorded", settings=folder)
        arena.add(build_account("momentum", assets=("BTC",), **changes))
        claimed = await claim_slot.fn("momentum")
        assert isinstance(claimed, Cycle)
        return arena, claimed

    with disable_run_logger(), temporary_settings(NO_SERVER):
        yield start
    resources.forget()


@pytest.fixture
def asked(arena: TestArena, stub: ModelStub, monkeypatch: pytest.MonkeyPatch) -> ModelStub:
    """The account `llm` with everything as usual, and the server that it asks."""
    monkeypatch.setenv("TEST_MODEL_KEY", KEY)
    arena.add(build_model_account(stub))
    return stub
