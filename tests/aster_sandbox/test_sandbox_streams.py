"""The sandbox's streams over real WebSockets: market, user, control frames, and their ends."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from adapters.venues.aster.client import AsterClient
from tests.aster_sandbox.server import Sandbox
from tests.aster_sandbox.tickets import limit, market, stop
from tests.aster_sandbox.users import User
from trading.candles import Candle
from trading.weights import Priority

D = Decimal
E = Priority.ENTRY


async def heard(socket: ClientConnection, *kinds: str) -> dict[str, Any]:
    """The next event, or the next of those kinds."""
    while True:
        document = json.loads(await asyncio.wait_for(socket.recv(), 10))
        if not kinds or document.get("e") in kinds:
            return document


async def listen(client: AsterClient, sandbox: Sandbox) -> ClientConnection:
    key = (await client.stream.start()).get_secret_value()
    return await connect(f"{sandbox.stream_url}/ws/{key}")


async def test_a_fill_is_told_as_new_then_trade_then_account(
    either_client: AsterClient, sandbox: Sandbox
) -> None:
    async with await listen(either_client, sandbox) as socket:
        placed = await either_client.orders.submit(market(), priority=E)
        new, trade, account = [await heard(socket) for _ in range(3)]
    assert (new["o"]["x"], new["o"]["X"], new["o"]["z"]) == ("NEW", "NEW", "0")
    order = trade["o"]
    assert (order["x"], order["X"], order["i"]) == ("TRADE", "FILLED", placed.order_id)
    assert (order["l"], order["L"], order["c"], order["m"]) == ("0.1", "60000.1", "entry", False)
    assert D(order["n"]) == D("60000.1") * D("0.1") * D("0.0006")
    assert account["a"]["m"] == "ORDER"
    (position,) = account["a"]["P"]
    assert (position["s"], position["pa"], position["ep"]) == ("BTCUSDT", "0.1", "60000.1")
    assert D(account["a"]["B"][0]["wb"]) == 10_000 - D(order["n"])


async def test_what_happens_to_resting_orders_is_told_as_it_happens(
    client: AsterClient, sandbox: Sandbox, user: User
) -> None:
    await client.orders.submit(market(), priority=E)
    async with await listen(client, sandbox) as socket:
        await client.orders.submit(limit("59000"), priority=E)
        assert (await heard(socket))["o"]["x"] == "NEW"
        sandbox.fill(user, "limit", D("0.04"))
        part = await heard(socket, "ORDER_TRADE_UPDATE")
        assert (part["o"]["X"], part["o"]["z"], part["o"]["m"]) == (
            "PARTIALLY_FILLED",
            "0.04",
            True,
        )
        await client.orders.cancel("BTCUSDT", "limit")
        assert (await heard(socket, "ORDER_TRADE_UPDATE"))["o"]["x"] == "CANCELED"
        await client.orders.submit(stop("58000"), priority=E)
        sandbox.set_price("BTCUSDT", D(58_000))
        done = await heard(socket, "ORDER_TRADE_UPDATE")
        while done["o"]["x"] != "TRADE":
            done = await heard(socket, "ORDER_TRADE_UPDATE")
        assert (done["o"]["c"], done["o"]["o"], done["o"]["ot"]) == (
            "stop",
            "MARKET",
            "STOP_MARKET",
        )
        assert D(done["o"]["rp"]) < 0


async def test_a_liquidation_and_funding_have_their_own_words(
    client: AsterClient, sandbox: Sandbox
) -> None:
    await client.account.set_margin_type("BTCUSDT", "ISOLATED")
    async with await listen(client, sandbox) as socket:
        await client.account.set_leverage("BTCUSDT", 50)
        assert (await heard(socket, "ACCOUNT_CONFIG_UPDATE"))["ac"] == {"s": "BTCUSDT", "l": 50}
        await client.orders.submit(market(), priority=E)
        await heard(socket, "ACCOUNT_UPDATE")
        sandbox.pay_funding("BTCUSDT", D("0.0001"))
        funding = await heard(socket, "ACCOUNT_UPDATE")
        assert (funding["a"]["m"], funding["a"]["B"][0]["bc"]) == ("FUNDING_FEE", "-0.6")
        sandbox.set_price("BTCUSDT", D(58_000))
        await heard(socket, "ORDER_TRADE_UPDATE")
        forced = await heard(socket, "ORDER_TRADE_UPDATE")
        assert forced["o"]["x"] == "CALCULATED"
        assert forced["o"]["c"].startswith("autoclose-")


async def test_events_can_be_held_back_and_come_in_another_order(
    client: AsterClient, sandbox: Sandbox
) -> None:
    async with await listen(client, sandbox) as socket:
        sandbox.venue.hub.hold()
        await client.orders.submit(market(), priority=E)
        sandbox.venue.hub.release([2, 1, 0])
        kinds = [await heard(socket) for _ in range(3)]
        assert [d["e"] for d in kinds] == ["ACCOUNT_UPDATE", *["ORDER_TRADE_UPDATE"] * 2]
        assert kinds[1]["o"]["x"] == "TRADE"


async def test_an_expired_listen_key_says_so_and_is_silent_from_then_on(
    client: AsterClient, sandbox: Sandbox, user: User
) -> None:
    async with await listen(client, sandbox) as socket:
        sandbox.expire_listen_key(user)
        assert (await heard(socket))["e"] == "listenKeyExpired"
        await client.orders.submit(limit("59000"), priority=E)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(socket.recv(), 0.2)
    async with await listen(client, sandbox) as socket:
        await client.orders.cancel("BTCUSDT", "limit")
        assert (await heard(socket))["o"]["x"] == "CANCELED"


async def test_a_listen_key_runs_out_by_the_clock_unless_it_is_kept(
    client: AsterClient, sandbox: Sandbox, user: User
) -> None:
    async with await listen(client, sandbox) as socket:
        sandbox.skew(50 * 60_000)
        await client.read_clock()
        await client.stream.keep()
        sandbox.skew(100 * 60_000)
        await client.read_clock()
        assert user.listen_key is not None
        sandbox.skew(111 * 60_000)
        assert (await heard(socket))["e"] == "listenKeyExpired"


async def test_streams_are_lost_when_the_test_or_their_age_says_so(sandbox: Sandbox) -> None:
    async with connect(f"{sandbox.stream_url}/ws/btcusdt@bookTicker") as socket:
        while not sandbox.venue.hub.connections:
            await socket.ping()
        sandbox.drop_streams()
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(socket.recv(), 10)
    sandbox.venue.settings.stream_life_seconds = 0.05
    async with connect(f"{sandbox.stream_url}/ws/btcusdt@bookTicker") as socket:
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(socket.recv(), 10)


@pytest.mark.parametrize("prefix", ["", "/fstream"])
async def test_market_streams_come_raw_or_combined(sandbox: Sandbox, prefix: str) -> None:
    names = "btcusdt@bookTicker/btcusdt@kline_1m"
    async with connect(f"{sandbox.stream_url}{prefix}/stream?streams={names}") as socket:
        await socket.send(json.dumps({"method": "LIST_SUBSCRIPTIONS", "id": 1}))
        assert (await heard(socket))["result"] == names.split("/")
        sandbox.set_price("BTCUSDT", D(60_100))
        book, kline = await heard(socket), await heard(socket)
        assert book["stream"] == "btcusdt@bookTicker"
        assert (book["data"]["b"], book["data"]["a"]) == ("60099.9", "60100.1")
        assert kline["data"]["k"]["c"] == "60100"
    async with connect(f"{sandbox.stream_url}{prefix}/ws/btcusdt@markPrice@1s") as socket:
        assert (await heard(socket))["p"] == "60100"
        sandbox.set_price("BTCUSDT", mark=D(60_050))
        assert (await heard(socket))["p"] == "60050"


async def test_subscriptions_change_on_an_open_socket_with_or_without_an_id(
    client: AsterClient, sandbox: Sandbox
) -> None:
    key = (await client.stream.start()).get_secret_value()
    async with connect(f"{sandbox.stream_url}/ws") as socket:
        await socket.send(json.dumps({"method": "SUBSCRIBE", "params": [key]}))
        assert await heard(socket) == {"result": None, "id": None}
        await client.orders.submit(limit("59000"), priority=E)
        assert (await heard(socket))["o"]["x"] == "NEW"
        await socket.send(json.dumps({"method": "UNSUBSCRIBE", "params": [key], "id": 7}))
        assert await heard(socket) == {"result": None, "id": 7}
        await client.orders.cancel("BTCUSDT", "limit")
        await socket.send("no json")
        assert (await heard(socket))["code"] == 3


async def test_a_margin_call_comes_once_and_again_after_it_was_better(
    client: AsterClient, sandbox: Sandbox
) -> None:
    await client.account.set_margin_type("BTCUSDT", "ISOLATED")
    await client.account.set_leverage("BTCUSDT", 50)
    async with await listen(client, sandbox) as socket:
        await client.orders.submit(market(), priority=E)
        for price in (59_090, 59_080, 60_000, 59_090):
            sandbox.set_price("BTCUSDT", D(price))
        await client.orders.submit(limit("58500"), priority=E)
        calls, document = [], {}
        while document.get("o", {}).get("c") != "limit":
            document = await heard(socket)
            calls += [document] if document["e"] == "MARGIN_CALL" else []
    assert len(calls) == 2
    (row,) = calls[0]["p"]
    assert (row["s"], row["mt"], row["mp"]) == ("BTCUSDT", "ISOLATED", "59090")
    assert D(row["iw"]) + D(row["up"]) <= D(row["mm"]) / D("0.8")


async def test_deleveraging_is_told_by_its_client_id_and_modes_when_they_are_set(
    client: AsterClient, sandbox: Sandbox, user: User
) -> None:
    await client.orders.submit(market(), priority=E)
    async with await listen(client, sandbox) as socket:
        sandbox.auto_deleverage(user, "BTCUSDT", D("0.04"))
        taken = await heard(socket, "ORDER_TRADE_UPDATE")
        while taken["o"]["x"] == "NEW":
            taken = await heard(socket, "ORDER_TRADE_UPDATE")
        assert (taken["o"]["c"], taken["o"]["x"], taken["o"]["l"]) == (
            "adl_autoclose",
            "CALCULATED",
            "0.04",
        )
        await client.account.set_margin_type("ETHUSDT", "ISOLATED")
        changed = await heard(socket, "ACCOUNT_UPDATE")
        while changed["a"]["m"] == "ORDER":
            changed = await heard(socket, "ACCOUNT_UPDATE")
        assert (changed["a"]["m"], changed["a"]["P"][0]["mt"]) == ("MARGIN_TYPE_CHANGE", "isolated")
        await client.account.set_multi_assets_mode(is_multi=True)
        assert (await heard(socket, "ACCOUNT_CONFIG_UPDATE"))["ai"] == {"j": True, "d": False}


async def test_a_slow_stream_falls_behind_and_a_closed_door_stays_closed(
    client: AsterClient, sandbox: Sandbox
) -> None:
    async with await listen(client, sandbox) as socket:
        sandbox.venue.settings.stream_delay_seconds = 0.3
        await client.orders.submit(market(), priority=E)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(socket.recv(), 0.1)
        assert (await heard(socket))["o"]["x"] == "NEW"
    sandbox.venue.settings.opens_streams = False
    with pytest.raises(InvalidStatus):
        await listen(client, sandbox)


async def test_whoever_says_too_much_is_put_out_and_may_not_follow_everything(
    sandbox: Sandbox,
) -> None:
    sandbox.venue.settings.streams_per_connection = 2
    async with connect(f"{sandbox.stream_url}/ws") as socket:
        many = ["a@ticker", "b@ticker", "c@ticker"]
        await socket.send(json.dumps({"method": "SUBSCRIBE", "params": many, "id": 1}))
        assert (await heard(socket))["code"] == 2
        for number in range(10):
            await socket.send(json.dumps({"method": "LIST_SUBSCRIPTIONS", "id": number}))
        with pytest.raises(ConnectionClosed):
            await heard(socket, "nothing that ever comes")


async def test_trades_day_figures_depth_and_liquidations_are_told_to_everybody(
    client: AsterClient, sandbox: Sandbox
) -> None:
    names = ["aggTrade", "miniTicker", "ticker", "depth5", "depth@100ms", "forceOrder"]
    streams = "/".join(f"btcusdt@{name}" for name in names)
    await client.account.set_leverage("BTCUSDT", 125)
    await client.account.set_margin_type("BTCUSDT", "ISOLATED")
    await client.orders.submit(market(quantity="0.5"), priority=E)
    async with connect(f"{sandbox.stream_url}/stream?streams={streams}/!ticker@arr") as socket:
        at = datetime.now(UTC)
        fall = Candle(at, D(60_000), D(60_000), D(59_000), D(59_500), D(7))
        sandbox.step("BTCUSDT", fall)
        told = {}
        while len(told) < len(names) + 1:
            document = await heard(socket)
            told[document["stream"]] = document["data"]
        sandbox.set_price("BTCUSDT", D(59_600))
        later = await heard(socket)
        while later["stream"] != "btcusdt@depth@100ms":
            later = await heard(socket)
    assert told["btcusdt@aggTrade"]["q"] == "7"
    assert told["btcusdt@miniTicker"]["l"] == told["!ticker@arr"][0]["l"] == "59000"
    assert told["btcusdt@forceOrder"]["o"]["S"] == "SELL"
    assert told["btcusdt@depth5"]["b"][0][0] == "59499.9"
    assert later["data"]["pu"] == told["btcusdt@depth@100ms"]["u"]
