"""Aster as a venue on the sandbox, over real HTTP: what it weighs is counted by its own budget."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from adapters.venues.aster.client import AsterClient, ClientParts
from adapters.venues.aster.credentials import Credentials
from adapters.venues.aster.networks import venue_address
from adapters.venues.aster.nonces import OwnNonces
from adapters.venues.aster.venue import AsterVenue, VenueParts
from tests.adapters.venues.aster.conftest import PATIENT, OwnBudget
from tests.aster_sandbox.conftest import AGENT, PAIR
from tests.aster_sandbox.server import Sandbox
from trading.account import Network


class Weighed(AsterVenue):
    """The venue itself; the test reads what its requests have weighed since it was asked last."""

    def __init__(self, parts: VenueParts, budget: OwnBudget) -> None:
        super().__init__(parts)
        self._budget = budget
        self.last_weight = 0
        """Of what the test has weighed by itself."""

    def weight(self) -> int:
        spent = sum(weight for name, weight, _ in self._budget.spent if " orders " not in name)
        self._budget.spent.clear()
        return spent


@asynccontextmanager
async def open_venue(
    sandbox: Sandbox,
    credentials: Credentials = AGENT,
    **parts: Any,
) -> AsyncIterator[Weighed]:
    """A venue whose clock has been measured, so that only what is asked of it weighs."""
    budget = OwnBudget()
    client = AsterClient(
        ClientParts(
            address=venue_address(Network.TESTNET, sandbox.url),
            budget=budget,
            credentials=credentials,
            nonces=OwnNonces(),
            timeouts=PATIENT,
        )
    )

    async def instruments():
        return tuple(sandbox.venue.instruments.values())

    async with client:
        await client.read_clock()
        budget.spent.clear()
        terms = {"instruments": instruments, "symbols": frozenset({"BTCUSDT", "ETHUSDT"}), **parts}
        yield Weighed(VenueParts(client=client, **terms), budget)


@pytest.fixture
async def venue(sandbox: Sandbox, user) -> AsyncIterator[Weighed]:
    """Signs as an agent (V3), trades BTC and ETH."""
    async with open_venue(sandbox) as opened:
        yield opened


@pytest.fixture(params=[AGENT, PAIR], ids=["V3 agent", "V1 pair"])
async def either_venue(
    request: pytest.FixtureRequest,
    sandbox: Sandbox,
    user,
) -> AsyncIterator[Weighed]:
    """With each kind of keys in turn."""
    async with open_venue(sandbox, request.param) as opened:
        yield opened


@pytest.fixture
def clock() -> Callable[..., float]:
    """Seconds of a clock that only the test moves: `clock(2.1)` is so much later."""
    now = 0.0

    def read(ahead: float = 0.0) -> float:
        nonlocal now
        now += ahead
        return now

    return read
