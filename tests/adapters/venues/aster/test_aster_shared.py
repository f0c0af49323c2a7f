"""Clients of several processes on one database: one budget, one row of nonces, nothing twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, select

from adapters.store.budgets import PostgresWeightBudget
from adapters.store.engine import open_engine
from adapters.store.nonces import PostgresNonces
from adapters.store.tables import signer_nonces, weight_budgets
from adapters.venues.aster.client import AsterClient
from adapters.venues.aster.credentials import Credentials
from adapters.venues.aster.errors import Blocked, Unreachable
from tests.adapters.venues.aster.demo_keys import SIGNER
from tests.adapters.venues.aster.local_venue import LocalVenue
from tests.adapters.venues.aster.test_aster_outcomes import submit
from trading.errors import WeightRefused
from trading.weights import Priority

pytestmark = pytest.mark.db


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def two_engines(database_url: str) -> Iterator[tuple[Engine, Engine]]:
    """As two processes have them."""
    engines = [open_engine(database_url, application=f"client-{n}", pool_size=2) for n in range(2)]
    yield engines[0], engines[1]
    for each in engines:
        each.dispose()


@pytest.fixture
def two_clients(
    open_client: Callable[..., AsterClient],
    agent: Credentials,
    two_engines: tuple[Engine, Engine],
) -> tuple[AsterClient, AsterClient]:
    """One signer in two places."""
    one, other = (
        open_client(
            agent,
            budget=PostgresWeightBudget(engine, now),
            nonces=PostgresNonces(engine=engine),
        )
        for engine in two_engines
    )
    return one, other


async def test_two_places_with_one_signer_have_every_request_accepted_and_all_weight_counted(
    two_clients: tuple[AsterClient, AsterClient], venue: LocalVenue, engine: Engine
) -> None:
    for client in two_clients:
        await client.read_clock()
    await asyncio.gather(*(client.orders.cancel_all("X") for client in two_clients * 15))
    used = [int(each.parameters["nonce"]) for each in venue.sent_to("allOpenOrders")]
    assert len(set(used)) == len(used) == 30
    with engine.connect() as conn:
        row = conn.execute(select(signer_nonces)).one()
        spent = conn.execute(select(weight_budgets.c.spent_ever)).scalar_one()
    assert (row.signer, row.last_nonce) == (f"714:{SIGNER.lower()}", max(used))
    assert spent == 30 + 6


async def test_a_ban_that_one_place_hears_of_silences_the_other(
    two_clients: tuple[AsterClient, AsterClient], venue: LocalVenue
) -> None:
    one, other = two_clients
    await other.read_clock()
    venue.fail("balance", status=418, headers={"Retry-After": "600"})
    with pytest.raises(Blocked):
        await one.account.balances()
    seen = len(venue.requests)
    with pytest.raises(WeightRefused, match="HTTP 418"):
        await other.orders.cancel_all("X", Priority.EXIT)
    assert len(venue.requests) == seen


async def test_a_database_that_is_gone_sends_no_order(
    open_client: Callable[..., AsterClient], agent: Credentials, venue: LocalVenue
) -> None:
    gone = open_engine("postgresql+psycopg://nobody@127.0.0.1:9/none", application="gone")
    nonces = PostgresNonces(engine=gone)
    client = open_client(agent, nonces=nonces)
    with pytest.raises(Unreachable, match="no nonce could be had"):
        await submit(client)
    blind = open_client(agent, budget=PostgresWeightBudget(gone, now))
    with pytest.raises(Unreachable, match="request budget failed"):
        await submit(blind)
    assert venue.sent_to("order") == []
    gone.dispose()
