"""Stock ccxt, unmodified, trades on the sandbox: with its builder fee off, and as it comes.

Skipped where ccxt is not installed; `uv run --with ccxt pytest -n0 <this file>` brings it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from tests.adapters.venues.aster.demo_keys import AGENT_KEY, SIGNER
from tests.aster_sandbox.server import Sandbox
from tests.aster_sandbox.users import User

ccxt = pytest.importorskip("ccxt.async_support", reason="ccxt is not installed")

BTC = "BTC/USDT:USDT"


@pytest.fixture
def wallet(sandbox: Sandbox) -> User:
    """ccxt signs with the wallet's own key only."""
    return sandbox.add_user(SIGNER)


def exchange_of(sandbox: Sandbox, **options: Any) -> Any:
    fapi, api = f"{sandbox.url}/fapi", f"{sandbox.url}/api"
    return ccxt.aster(
        {
            "privateKey": AGENT_KEY,
            "rateLimit": 1,
            "options": {"defaultType": "swap", "v3ChainId": 714, **options},
            "urls": {
                "api": {
                    "fapiPublic": fapi,
                    "fapiPrivate": fapi,
                    "sapiPublic": api,
                    "sapiPrivate": api,
                }
            },
        }
    )


@pytest.fixture
async def plain(sandbox: Sandbox, wallet: User) -> AsyncIterator[Any]:
    exchange = exchange_of(sandbox, builderFee=False)
    yield exchange
    await exchange.close()


@pytest.fixture
async def as_it_comes(sandbox: Sandbox, wallet: User) -> AsyncIterator[Any]:
    exchange = exchange_of(sandbox)
    yield exchange
    await exchange.close()


async def trade(exchange: Any) -> dict[str, Any]:
    await exchange.load_markets()
    await exchange.set_leverage(10, BTC)
    return await exchange.create_order(
        BTC, "market", "buy", 0.1, params={"newOrderRespType": "RESULT", "clientOrderId": "c1"}
    )


async def test_a_round_with_the_builder_fee_off(plain: Any, sandbox: Sandbox, wallet: User) -> None:
    bought = await trade(plain)
    assert (bought["status"], bought["average"], bought["filled"]) == ("closed", 60000.1, 0.1)
    (position,) = await plain.fetch_positions([BTC])
    assert (position["side"], position["contracts"], position["leverage"]) == ("long", 0.1, 10)
    stop = await plain.create_order(
        BTC, "market", "sell", 0.1, params={"stopLossPrice": 59000, "reduceOnly": True}
    )
    assert stop["info"]["type"] == "STOP_MARKET"
    assert [o["id"] for o in await plain.fetch_open_orders(BTC)] == [stop["id"]]
    resting = await plain.create_order(BTC, "limit", "buy", 0.1, 59000)
    await plain.cancel_order(resting["id"], BTC)
    assert (await plain.fetch_order(resting["id"], BTC))["status"] == "canceled"
    sandbox.set_price("BTCUSDT", Decimal(59_000))
    assert (await plain.fetch_order(stop["id"], BTC))["status"] == "closed"
    trades = await plain.fetch_my_trades(BTC)
    assert [t["side"] for t in trades] == ["buy", "sell"]
    balance = await plain.fetch_balance()
    assert Decimal(str(balance["USDT"]["total"])) == wallet.ledger.wallet


async def test_without_the_builder_fee_nobody_is_approved_or_named(
    plain: Any, sandbox: Sandbox, wallet: User
) -> None:
    await trade(plain)
    assert wallet.builders == []
    assert sandbox.sent_to("approveBuilder") == []
    (order,) = sandbox.sent_to("order", "POST")
    assert not {"builder", "feeRate"} & set(order.parameters)


async def test_as_it_comes_it_approves_a_builder_and_names_it_in_every_order(
    as_it_comes: Any, sandbox: Sandbox, wallet: User
) -> None:
    await trade(as_it_comes)
    (approved,) = wallet.builders
    assert approved["maxFeeRate"] == "0.001"
    (order,) = sandbox.sent_to("order", "POST")
    assert order.parameters["builder"] == approved["builderAddress"]
    assert order.parameters["feeRate"] == "0.001"


async def test_market_data_batches_and_refusals_are_understood(
    plain: Any, sandbox: Sandbox
) -> None:
    await plain.load_markets()
    assert plain.market(BTC)["precision"] == {
        "amount": 0.001,
        "price": 0.1,
        "base": 1e-08,
        "quote": 1e-08,
    }
    assert (await plain.fetch_bids_asks([BTC]))[BTC]["bid"] == 59999.9
    assert (await plain.fetch_ohlcv(BTC, "1m"))[-1][4] == 60000
    assert (await plain.fetch_funding_rate(BTC))["fundingRate"] == 0.0001
    assert (await plain.fetch_order_book(BTC))["asks"][0][0] == 60000.1
    orders = [
        {"symbol": BTC, "type": "limit", "side": "buy", "amount": 0.1, "price": price}
        for price in (59000, 70000)
    ]
    placed, failed = await plain.create_orders(orders)
    assert placed["status"] == "open"
    assert failed["info"]["code"] in (-4016, "-4016")
    await plain.cancel_orders([placed["id"]], BTC)
    with pytest.raises(ccxt.OrderNotFound):
        await plain.cancel_order(placed["id"], BTC)
    with pytest.raises(ccxt.InsufficientFunds):
        await plain.create_order(BTC, "limit", "buy", 100, 59000)


async def test_its_market_watchers_hear_the_sandbox(sandbox: Sandbox) -> None:
    """The path must contain `fstream`: ccxt tells the kind of account by it."""
    pro = pytest.importorskip("ccxt.pro", reason="ccxt without its streams is installed")
    base, fapi = f"{sandbox.stream_url}/fstream", f"{sandbox.url}/fapi"
    api = dict.fromkeys(("fapiPublic", "fapiPrivate"), fapi)
    api |= dict.fromkeys(("sapiPublic", "sapiPrivate"), f"{sandbox.url}/api")
    exchange = pro.aster({"options": {"defaultType": "swap"}, "urls": {"api": api}})
    exchange.urls["api"]["ws"]["public"]["swap"] = f"{base}/stream"
    try:
        watching = asyncio.ensure_future(exchange.watch_bids_asks([BTC]))
        marking = asyncio.ensure_future(exchange.watch_mark_price("ETH/USDT:USDT"))
        mark = await asyncio.wait_for(marking, 30)
        assert mark["markPrice"] == 3000
        sandbox.set_price("BTCUSDT", Decimal(61_000))
        best = await asyncio.wait_for(watching, 30)
        assert (best[BTC]["bid"], best[BTC]["ask"]) == (60999.9, 61000.1)
    finally:
        await exchange.close()
