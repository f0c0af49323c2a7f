"""A running stub, a new desk for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.llm_stub.desk import Desk
from tests.llm_stub.server import ModelStub, Server, running_server


@pytest.fixture(scope="session")
def stub_server() -> Iterator[Server]:
    """One server for all tests; each test brings a desk of its own."""
    with running_server(Desk()) as server:
        yield server


@pytest.fixture
def stub(stub_server: Server) -> ModelStub:
    """A new desk behind the server."""
    stub_server.desk = Desk()
    return ModelStub(stub_server.desk, stub_server.url)
