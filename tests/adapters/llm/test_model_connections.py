"""Connections belong to one event loop, end with their block, and are shared by its accounts."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from adapters.llm.client import ModelClient
from adapters.llm.connections import Connections
from adapters.llm.settings import ModelSettings
from adapters.outgoing_http import tls_context
from tests.adapters.llm.conftest import LIMITS, MESSAGES, MODEL, QUICK, endpoint_of
from tests.llm_stub.says import Say
from tests.llm_stub.server import ModelStub
from tests.waiting import wait_until


def open_sockets() -> int:
    folder = Path(f"/proc/{os.getpid()}/fd")
    return sum(os.readlink(each).startswith("socket:") for each in _readable(folder))


def _readable(folder: Path) -> list[Path]:
    return [each for each in folder.iterdir() if each.exists() or each.is_symlink()]


async def ask_once(stub: ModelStub, accounts: int = 1) -> None:
    async with Connections() as connections:
        clients = [
            ModelClient(
                endpoint_of(stub, key=f"sk-account-{n}"),
                ModelSettings(model=MODEL),
                connections,
                patience=QUICK,
            )
            for n in range(accounts)
        ]
        await asyncio.gather(*(each.ask(MESSAGES, LIMITS) for each in clients))


def test_loops_one_after_another_have_connections_of_their_own(stub: ModelStub) -> None:
    for _ in range(3):
        asyncio.run(ask_once(stub))
    assert len(stub.asked) == 3
    wait_until(lambda: stub.connections == 0)


def test_no_socket_outlives_the_block_even_after_failures(stub: ModelStub) -> None:
    asyncio.run(ask_once(stub))
    wait_until(lambda: stub.connections == 0)
    before = open_sockets()
    stub.script(MODEL, Say(size=5_000_000), Say(cut=10), Say(delay=9), Say(endless="spaces"))

    async def fail_four_times() -> None:
        async with Connections() as connections:
            settings = ModelSettings(model=MODEL)
            client = ModelClient(endpoint_of(stub), settings, connections, patience=QUICK)
            for _ in range(3):
                await asyncio.gather(client.ask(MESSAGES, LIMITS), return_exceptions=True)

    asyncio.run(fail_four_times())
    wait_until(lambda: stub.connections == 0)
    assert open_sockets() <= before


async def test_a_client_is_of_no_use_after_the_block(stub: ModelStub) -> None:
    async with Connections() as connections:
        client = ModelClient(endpoint_of(stub), ModelSettings(model=MODEL), connections)
    with pytest.raises(RuntimeError, match="outside of `async with"):
        await client.ask(MESSAGES, LIMITS)


def test_a_client_is_of_no_use_in_another_loop(stub: ModelStub) -> None:
    async def opened() -> tuple[Connections, ModelClient]:
        connections = await Connections().__aenter__()
        settings = ModelSettings(model=MODEL)
        return connections, ModelClient(endpoint_of(stub), settings, connections)

    connections, client = asyncio.run(opened())
    with pytest.raises(RuntimeError, match="another event loop"):
        asyncio.run(_ask(client))
    asyncio.run(connections.__aexit__())


async def test_a_cancelled_call_leaves_the_connections_usable(
    stub: ModelStub, client: ModelClient
) -> None:
    stub.script(MODEL, Say(delay=5))
    asking = asyncio.create_task(client.ask(MESSAGES, LIMITS))
    await asyncio.sleep(0.2)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert (await client.ask(MESSAGES, LIMITS)).text


async def test_many_accounts_ask_at_once(stub: ModelStub) -> None:
    stub.answer_with(lambda asked: Say(text=asked.key_print, delay=0.2))
    began = time.monotonic()
    await ask_once(stub, accounts=60)
    assert len({each.key_print for each in stub.asked}) == 60
    assert time.monotonic() - began < 8


def test_certificates_are_read_once_and_always_checked() -> None:
    assert tls_context() is tls_context()
    assert tls_context().check_hostname
    assert tls_context().verify_mode.name == "CERT_REQUIRED"


async def _ask(client: ModelClient) -> None:
    await client.ask(MESSAGES, LIMITS)
