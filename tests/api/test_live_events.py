"""Live events end to end: a row in the outbox, a real server, a real socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, make_url, text
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

Server = Callable[..., Any]
Emit = Callable[..., int]


@pytest.fixture
async def address(server: Server) -> AsyncIterator[str]:
    async with server() as where:
        yield where


async def hear(socket: ClientConnection, *, within: float = 5) -> dict[str, Any]:
    return json.loads(await asyncio.wait_for(socket.recv(), within))


async def hello(socket: ClientConnection) -> dict[str, Any]:
    message = await hear(socket)
    assert message["type"] == "hello"
    return message


async def silent(socket: ClientConnection, *, seconds: float = 0.3) -> bool:
    try:
        await asyncio.wait_for(socket.recv(), seconds)
    except TimeoutError:
        return True
    return False


async def test_an_event_reaches_the_socket_with_its_envelope(address: str, emit: Emit) -> None:
    async with connect(f"ws://{address}/ws/trading-events") as socket:
        greeting = await hello(socket)
        assert greeting["heartbeat_s"] == 30
        await asyncio.to_thread(
            emit, "momentum", "decision.made", asset="BTC", allocation_usd="1000.10"
        )
        message = await hear(socket)
    assert message["stream"] == greeting["stream"]
    assert message["seq"] == greeting["seq"] + 1
    assert (message["v"], message["channel"], message["type"]) == (
        1,
        "trading-events",
        "decision.made",
    )
    assert message["account_id"] == "momentum"
    assert message["market_time"] == "2026-03-02T00:00:00Z"
    assert message["ts"].endswith("Z")
    assert message["data"] == {"asset": "BTC", "allocation_usd": "1000.10"}


async def test_events_arrive_in_order_and_once(address: str, emit: Emit) -> None:
    async with connect(f"ws://{address}/ws/trading-events") as socket:
        await hello(socket)

        def emit_all() -> None:
            for number in range(200):
                emit("momentum", "order.filled", number=number)

        await asyncio.to_thread(emit_all)
        messages = [await hear(socket) for _ in range(200)]
        assert await silent(socket)
    assert [m["data"]["number"] for m in messages] == list(range(200))
    assert [m["seq"] for m in messages] == list(range(messages[0]["seq"], messages[0]["seq"] + 200))


async def test_a_socket_hears_only_its_accounts_and_its_channels(address: str, emit: Emit) -> None:
    query = "channels=trading-events,positions&account_id=grid,momentum"
    async with connect(f"ws://{address}/ws?{query}") as socket:
        await hello(socket)

        def emit_all() -> None:
            emit("ml_scalper", "decision.made", n=1)
            emit("grid", "market.price", channel="market-data", n=2)
            emit("grid", "equity.updated", channel="positions", n=3)
            emit("momentum", "decision.made", n=4)
            emit(None, "system.notice", channel="system", n=5)

        await asyncio.to_thread(emit_all)
        assert [(await hear(socket))["data"]["n"] for _ in range(3)] == [3, 4, 5]
        assert await silent(socket)


async def test_a_socket_that_comes_back_gets_what_it_missed(address: str, emit: Emit) -> None:
    url = f"ws://{address}/ws/trading-events"
    async with connect(url) as socket:
        greeting = await hello(socket)
        await asyncio.to_thread(emit, "grid", "decision.made", n=1)
        last = await hear(socket)
    async with connect(url) as witness:
        await hello(witness)
        await asyncio.to_thread(emit, "grid", "decision.made", n=2)
        await hear(witness)
    async with connect(f"{url}?stream={greeting['stream']}&since={last['seq']}") as socket:
        await hello(socket)
        assert (await hear(socket))["data"] == {"n": 2}
        await asyncio.to_thread(emit, "grid", "decision.made", n=3)
        assert (await hear(socket))["data"] == {"n": 3}


@pytest.mark.parametrize(
    ("query", "reason"),
    [("stream=of-an-earlier-process&since=5", "stream_changed"), ("stream={}&since=99", "since_unknown"),
     ("stream={}", "since_missing")],
)  # fmt: skip
async def test_a_socket_that_cannot_resume_is_told_to_reload(
    address: str, query: str, reason: str
) -> None:
    async with connect(f"ws://{address}/ws/trading-events") as socket:
        stream = (await hello(socket))["stream"]
    async with connect(f"ws://{address}/ws/trading-events?{query.format(stream)}") as socket:
        await hello(socket)
        message = await hear(socket)
    assert (message["type"], message["reason"]) == ("resync_required", reason)
    assert message["stream"] == stream


async def test_nothing_is_missed_while_the_database_connection_is_lost(
    address: str, emit: Emit, engine: Engine
) -> None:
    async with connect(f"ws://{address}/ws/trading-events") as socket:
        await hello(socket)

        def cut_and_emit() -> None:
            with engine.begin() as conn:
                cut = conn.scalar(
                    text(
                        "select count(pg_terminate_backend(pid)) from pg_stat_activity"
                        " where datname = current_database() and application_name like 'perpflow-api%'"
                    )
                )
                assert cut
            emit("grid", "order.filled", n=1)

        await asyncio.to_thread(cut_and_emit)
        assert (await hear(socket, within=15))["data"] == {"n": 1}
        await asyncio.to_thread(emit, "grid", "order.filled", n=2)
        assert (await hear(socket))["data"] == {"n": 2}


async def test_an_event_without_a_notification_comes_with_the_next_look(
    address: str, database_url: str
) -> None:
    async with connect(f"ws://{address}/ws/trading-events") as socket:
        await hello(socket)
        plain = make_url(database_url).set(drivername="postgresql")
        async with await psycopg.AsyncConnection.connect(
            plain.render_as_string(hide_password=False)
        ) as conn:
            await conn.execute(
                "insert into app.events (at, account_id, channel, kind, payload)"
                " values (now(), 'grid', 'trading-events', 'order.filled', '{\"n\": 1}')"
            )
        assert (await hear(socket, within=8))["data"] == {"n": 1}


@pytest.mark.parametrize("origin", ["http://evil.example.com", "null"])
async def test_a_foreign_origin_is_refused_at_the_handshake(address: str, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with connect(f"ws://{address}/ws/trading-events", origin=origin):
            pass
    assert refused.value.response.status_code == 403


async def test_our_own_page_is_let_in(address: str) -> None:
    async with connect(f"ws://{address}/ws/trading-events", origin=f"http://{address}") as socket:
        await hello(socket)


async def test_a_forwarded_socket_needs_a_token(address: str, token: str) -> None:
    headers = {"X-Forwarded-For": "203.0.113.9"}
    with pytest.raises(InvalidStatus) as refused:
        async with connect(f"ws://{address}/ws", additional_headers=headers):
            pass
    assert refused.value.response.status_code == 403
    headers["Cookie"] = f"pf_session={token}"
    async with connect(f"ws://{address}/ws", additional_headers=headers) as socket:
        await hello(socket)


@pytest.mark.parametrize("query", ["since=abc", "since=-1", "account_id=NO%20SUCH", "channels=x"])
async def test_a_query_that_makes_no_sense_closes_with_4400(address: str, query: str) -> None:
    async with connect(f"ws://{address}/ws?{query}") as socket:
        with pytest.raises(ConnectionClosed) as closed:
            await hear(socket)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4400


async def test_a_socket_that_talks_is_closed_with_4400(address: str) -> None:
    async with connect(f"ws://{address}/ws") as socket:
        await hello(socket)
        await socket.send('{"op":"buy"}')
        with pytest.raises(ConnectionClosed) as closed:
            await hear(socket)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4400
