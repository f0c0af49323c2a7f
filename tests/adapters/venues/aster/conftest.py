"""A local Aster and clients of it, one for each kind of keys. The keys are the public demo ones."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from adapters.venues.aster.client import AsterClient, ClientParts
from adapters.venues.aster.credentials import (
    Credentials,
    ResolvedKeys,
    read_credentials,
)
from adapters.venues.aster.networks import venue_address
from adapters.venues.aster.nonces import OwnNonces
from adapters.venues.aster.transport import Timeouts
from tests.adapters.venues.aster.demo_keys import (
    AGENT_KEY,
    PAIR_KEY,
    PAIR_SECRET,
    SIGNER,
    USER,
)
from tests.adapters.venues.aster.local_venue import LocalVenue
from trading.account import Network
from trading.weights import (
    Priority,
    WeightScope,
    WeightWindow,
    heard_status,
    heard_used,
    spend,
)

PATIENT = Timeouts(connect=5.0, idle=10.0, total=20.0)
"""A loaded machine is no fault of the venue."""
HASTY = Timeouts(connect=5.0, idle=0.4, total=0.6)
"""For answers that are late on purpose."""


@dataclass(slots=True)
class OwnBudget:
    """The rules of `trading.weights` in memory; keeps what was spent and heard."""

    spent: list[tuple[str, int, Priority]] = field(default_factory=list)
    heard_of: list[tuple[str, int, int | None, float | None]] = field(default_factory=list)
    windows: dict[str, WeightWindow] = field(default_factory=dict)

    async def spend(self, scope: WeightScope, weight: int, priority: Priority) -> None:
        window = self.windows.get(scope.name, WeightWindow())
        self.windows[scope.name] = spend(window, scope, weight, priority, datetime.now(UTC))
        self.spent.append((scope.name, weight, priority))

    async def heard(
        self,
        scope: WeightScope,
        *,
        status: int,
        used: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        window, now = self.windows.get(scope.name, WeightWindow()), datetime.now(UTC)
        if used is not None:
            window = heard_used(window, scope, used, now)
        self.windows[scope.name] = heard_status(window, status, now, retry_after)
        self.heard_of.append((scope.name, status, used, retry_after))


@pytest.fixture
async def venue() -> AsyncIterator[LocalVenue]:
    started = LocalVenue(signers={SIGNER.lower(): USER}, pairs={PAIR_KEY: PAIR_SECRET})
    await started.start()
    yield started
    await started.stop()


@pytest.fixture
def budget() -> OwnBudget:
    return OwnBudget()


@pytest.fixture
def agent() -> Credentials:
    return read_credentials(
        ResolvedKeys(private_key=SecretStr(AGENT_KEY), user_address=USER, signer_address=SIGNER)
    )


@pytest.fixture
def pair() -> Credentials:
    return read_credentials(
        ResolvedKeys(api_key=SecretStr(PAIR_KEY), api_secret=SecretStr(PAIR_SECRET))
    )


@pytest.fixture
async def open_client(
    venue: LocalVenue, budget: OwnBudget
) -> AsyncIterator[Callable[..., AsterClient]]:
    """Makes clients of the local venue that are closed at the end."""
    made: list[AsterClient] = []
    nonces = OwnNonces()

    def make(credentials: Credentials | None, **changes: object) -> AsterClient:
        parts = {
            "address": venue_address(Network.TESTNET, venue.url),
            "budget": budget,
            "credentials": credentials,
            "nonces": nonces,
            "timeouts": PATIENT,
        }
        made.append(AsterClient(ClientParts(**(parts | changes))))
        return made[-1]

    yield make
    for client in made:
        await client.aclose()


@pytest.fixture
def client(open_client: Callable[..., AsterClient], agent: Credentials) -> AsterClient:
    """A client that signs as an agent."""
    return open_client(agent)


@pytest.fixture
def hasty(open_client: Callable[..., AsterClient], agent: Credentials) -> AsterClient:
    """The same agent without patience."""
    return open_client(agent, timeouts=HASTY)


@pytest.fixture
def pair_client(open_client: Callable[..., AsterClient], pair: Credentials) -> AsterClient:
    """A client with a V1 key."""
    return open_client(pair)
