"""Servers that tests of several folders talk to: the venue's sandbox and the model stub.

The topmost conftest has these fixtures for everybody. Both are imported when a test asks for them first:
together they are two seconds that most test runs do without.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.aster_sandbox.server import Sandbox
    from tests.aster_sandbox.server import Server as SandboxServer
    from tests.aster_sandbox.users import User
    from tests.llm_stub.server import ModelStub
    from tests.llm_stub.server import Server as StubServer


@pytest.fixture(scope="session")
def sandbox_server() -> Iterator[SandboxServer]:
    """One server for all tests; each test brings a venue of its own."""
    from tests.aster_sandbox.server import running_server
    from tests.aster_sandbox.venue import Venue

    with running_server(Venue()) as server:
        yield server


@pytest.fixture
def sandbox(sandbox_server: SandboxServer) -> Iterator[Sandbox]:
    """A new venue behind the server."""
    from tests.aster_sandbox.server import Sandbox
    from tests.aster_sandbox.venue import Venue

    sandbox_server.venue = Venue()
    yield Sandbox(sandbox_server.venue, sandbox_server.url)
    sandbox_server.venue.hub.drop_all()


@pytest.fixture
def user(sandbox: Sandbox) -> User:
    """The demo wallet with 10,000 USDT, its agent and its V1 pair."""
    from tests.adapters.venues.aster.demo_keys import PAIR_KEY, PAIR_SECRET, SIGNER, USER
    from tests.aster_sandbox.users import Agent

    return sandbox.add_user(USER, agents=(Agent(address=SIGNER),), pairs={PAIR_KEY: PAIR_SECRET})


@pytest.fixture(scope="session")
def stub_server() -> Iterator[StubServer]:
    """One server for all tests; each test brings a desk of its own."""
    from tests.llm_stub.desk import Desk
    from tests.llm_stub.server import running_server

    with running_server(Desk()) as server:
        yield server


@pytest.fixture
def stub(stub_server: StubServer) -> ModelStub:
    """A new desk behind the server."""
    from tests.llm_stub.desk import Desk
    from tests.llm_stub.server import ModelStub

    stub_server.desk = Desk()
    return ModelStub(stub_server.desk, stub_server.url)
