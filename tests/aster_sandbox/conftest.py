"""A running sandbox with the demo user, and our client of it with both kinds of keys."""

from __future__ import annotations

import importlib.util
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from adapters.venues.aster.client import AsterClient, ClientParts
from adapters.venues.aster.credentials import Credentials, ResolvedKeys, read_credentials
from adapters.venues.aster.networks import venue_address
from adapters.venues.aster.nonces import OwnNonces
from adapters.venues.aster.transport import Timeouts
from tests.adapters.venues.aster.conftest import PATIENT, OwnBudget
from tests.adapters.venues.aster.demo_keys import (
    AGENT_KEY,
    PAIR_KEY,
    PAIR_SECRET,
    SIGNER,
    USER,
)
from tests.aster_sandbox.server import Sandbox
from tests.aster_sandbox.users import User
from trading.account import Network

AGENT = read_credentials(
    ResolvedKeys(private_key=SecretStr(AGENT_KEY), user_address=USER, signer_address=SIGNER)
)
PAIR = read_credentials(
    ResolvedKeys(api_key=SecretStr(PAIR_KEY), api_secret=SecretStr(PAIR_SECRET))
)


def require_no_builder(sandbox: Sandbox) -> None:
    """Nothing that our client has sent would let anybody take a fee on top."""
    for request in sandbox.venue.requests:
        assert not {"builder", "feeRate"} & request.parameters.keys()
    assert sandbox.sent_to("approveBuilder") == []


BY_CONNECTOR = "V1 by the connector"
HAS_CONNECTOR = importlib.util.find_spec("aster") is not None


def client_of(
    sandbox: Sandbox,
    credentials: Credentials,
    timeouts: Timeouts = PATIENT,
    transport: str | None = None,
) -> AsterClient:
    """Our client, with nothing of it replaced but where the venue is."""
    return AsterClient(
        ClientParts(
            address=venue_address(Network.TESTNET, sandbox.url),
            budget=OwnBudget(),
            credentials=credentials,
            nonces=OwnNonces(),
            timeouts=timeouts,
            transport=transport,
        )
    )


@pytest.fixture
async def client(sandbox: Sandbox, user: User) -> AsyncIterator[AsterClient]:
    """Signs as an agent (V3)."""
    async with client_of(sandbox, AGENT) as made:
        yield made
    require_no_builder(sandbox)


@pytest.fixture(params=[AGENT, PAIR], ids=lambda each: each.kind)
async def own_client(
    request: pytest.FixtureRequest, sandbox: Sandbox, user: User
) -> AsyncIterator[AsterClient]:
    """With each kind of keys in turn, and signatures of our own."""
    async with client_of(sandbox, request.param) as made:
        yield made


@pytest.fixture(params=["V3 agent", "V1 pair", *([BY_CONNECTOR] if HAS_CONNECTOR else [])])
async def either_client(
    request: pytest.FixtureRequest, sandbox: Sandbox, user: User
) -> AsyncIterator[AsterClient]:
    """With each kind of keys in turn, and by the venue's own library where it is installed."""
    credentials = AGENT if request.param == "V3 agent" else PAIR
    transport = "connector" if request.param == BY_CONNECTOR else None
    async with client_of(sandbox, credentials, transport=transport) as made:
        yield made
    require_no_builder(sandbox)
