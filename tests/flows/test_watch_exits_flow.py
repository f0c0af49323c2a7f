"""The round of looks as a flow of a real Prefect server."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings
from sqlalchemy import Engine

from deployments.prefect_settings import PrefectPlace
from flows.watch_exits import watch_exits
from tasks import resources
from tests.arena import TestArena, build_account
from tests.aster_sandbox.server import Sandbox
from tests.aster_sandbox.users import User
from tests.live.live_arena import LONG, LiveArena, start_live_arena
from trading.timeframes import Timeframe

pytestmark = [pytest.mark.db, pytest.mark.prefect, pytest.mark.timeout(300)]


@pytest.fixture
def real(
    engine: Engine,
    sandbox: Sandbox,
    user: User,
    prefect_server: PrefectPlace,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[LiveArena]:
    """An arena in real time with one live account; flows of this test use its database."""
    monkeypatch.setenv("DATABASE_URL", engine.url.render_as_string(hide_password=False))
    resources.forget()
    with temporary_settings({PREFECT_API_URL: prefect_server.api_url}):
        yield start_live_arena(engine, sandbox, user, monkeypatch)
    resources.forget()


async def message() -> str:
    state = await watch_exits(return_state=True)
    assert state.is_completed()
    return str(state.message)


async def test_a_round_books_what_the_venue_did_to_live_and_paper_accounts_alike(
    real: LiveArena,
) -> None:
    assert await message() == "nothing to look after between the cycles"
    await real.cycle(LONG)
    paper = LiveArena(real.engine, real.sandbox, real.user, account_id="on-paper")
    paper.add(build_account("momentum", id="on-paper", assets=("BTC",), interval=Timeframe.M5))
    await paper.cycle(LONG)
    assert await message() == "looked at live, on-paper"
    real.sandbox.set_price("BTCUSDT", Decimal(57_900))
    await message()
    closed = "select account_id from app.trades where status = 'closed'"
    assert real.rows(f"{closed} and account_id = 'live'")
    assert await message() in ("looked at on-paper", "nothing to look after between the cycles")


async def test_an_account_that_a_cycle_has_is_left_to_it(
    real: LiveArena,
) -> None:
    await real.cycle(LONG)
    await real.begin()
    assert await message() == "a cycle was running of live"


async def test_a_venue_that_is_away_fails_the_round_by_name(real: LiveArena) -> None:
    await real.cycle(LONG)
    for path in ("account", "balance", "positionRisk", "openOrders"):
        real.sandbox.fail(path, status=503, times=0)
    state = await watch_exits(return_state=True)
    assert state.is_failed()
    assert "could not look at live" in str(state.message)


async def test_on_a_simulated_market_nothing_is_looked_at(arena: TestArena) -> None:
    arena.add(build_account("momentum"))
    assert await message() == "nothing to look after between the cycles"
