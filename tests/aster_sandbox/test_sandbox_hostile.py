"""Answers that are not what the documents show: what is only odd is read, what is wrong is named."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest

from adapters.venues.aster.client import AsterClient
from adapters.venues.aster.errors import MissingField, Refused, Unsettled
from tests.aster_sandbox.raw_calls import get_v3
from tests.aster_sandbox.server import Sandbox
from tests.aster_sandbox.tickets import limit, market, stop
from tests.aster_sandbox.users import User
from trading.weights import Priority

D = Decimal
E = Priority.ENTRY
READS: dict[str, Callable[[AsterClient], Awaitable[Any]]] = {
    "balance": lambda client: client.account.balances(),
    "accountWithJoinMargin": lambda client: client.account.account(),
    "positionRisk": lambda client: client.account.positions("BTCUSDT"),
    "leverageBracket": lambda client: client.account.brackets("BTCUSDT"),
    "commissionRate": lambda client: client.account.commission("BTCUSDT"),
    "openOrders": lambda client: client.orders.open_orders("BTCUSDT"),
    "order": lambda client: client.orders.by_client_id("BTCUSDT", "entry"),
    "userTrades": lambda client: client.ledger.fills_from("BTCUSDT", 0),
    "exchangeInfo": lambda client: client.market.exchange_info(),
    "premiumIndex": lambda client: client.market.premiums("BTCUSDT"),
    "ticker/bookTicker": lambda client: client.market.book_tickers("BTCUSDT"),
    "depth": lambda client: client.market.depth("BTCUSDT"),
    "klines": lambda client: client.market.klines("BTCUSDT", "1m"),
    "openInterest": lambda client: client.market.open_interest("BTCUSDT"),
}
CHANGING = {"time", "update_time", "E", "T", "server_time"}


def told(value: Any) -> Any:
    """What was read, without the instants at which it was asked."""
    if isinstance(value, tuple | list):
        return [told(each) for each in value]
    if hasattr(value, "model_dump"):
        return told(value.model_dump())
    if isinstance(value, dict):
        return {name: told(each) for name, each in value.items() if name not in CHANGING}
    return value


@pytest.mark.parametrize("path", READS)
async def test_numbers_as_texts_and_texts_as_numbers_mean_the_same(
    client: AsterClient, sandbox: Sandbox, path: str
) -> None:
    await client.orders.submit(market(), priority=E)
    await client.orders.submit(stop("59000.5"), priority=E)
    plain = await READS[path](client)
    sandbox.fail(path, method="GET", retype=True)
    assert told(await READS[path](client)) == told(plain)
    assert sandbox.venue.faults.planned == []


@pytest.mark.parametrize("path", [path for path in READS if path not in ("klines", "depth")])
async def test_fields_that_nobody_has_heard_of_are_passed_over(
    client: AsterClient, sandbox: Sandbox, path: str
) -> None:
    await client.orders.submit(market(), priority=E)
    plain = await READS[path](client)
    sandbox.fail(path, method="GET", merge={"quantumFlag": {"a": [1]}, "_": None})
    assert told(await READS[path](client)) == told(plain)


async def test_an_order_answered_in_the_wrong_types_is_an_order_all_the_same(
    either_client: AsterClient, sandbox: Sandbox
) -> None:
    sandbox.fail("order", method="POST", retype=True)
    placed = await either_client.orders.submit(market(), priority=E)
    assert (placed.status, placed.avg_price, placed.executed_qty) == (
        "FILLED",
        D("60000.1"),
        D("0.1"),
    )


async def test_a_status_that_nobody_has_heard_of_is_handed_on_and_not_guessed(
    either_client: AsterClient, sandbox: Sandbox
) -> None:
    sandbox.fail("order", method="POST", merge={"status": "PENDING_SOMETHING"})
    placed = await either_client.orders.submit(market(), priority=E)
    assert placed.status == "PENDING_SOMETHING"
    again = await either_client.orders.by_client_id("BTCUSDT", "entry")
    assert again.status == "FILLED"


@pytest.mark.parametrize(
    ("path", "field", "name"),
    [
        ("positionRisk", "positionAmt", "positionAmt"),
        ("openOrders", "orderId", "orderId"),
        ("userTrades", "commission", "commission"),
        ("balance", "availableBalance", "availableBalance"),
    ],
)
async def test_a_row_without_what_it_must_have_is_named_and_never_read_as_zero(
    client: AsterClient, sandbox: Sandbox, path: str, field: str, name: str
) -> None:
    await client.orders.submit(market(), priority=E)
    await client.orders.submit(limit("59000"), priority=E)
    sandbox.fail(path, method="GET", merge={field: None})
    with pytest.raises(MissingField, match=name):
        await READS[path](client)


async def test_code_minus_1000_is_unknown_with_503_and_final_with_400(
    either_client: AsterClient, sandbox: Sandbox
) -> None:
    await either_client.read_clock()
    sandbox.fail("order", method="POST", status=503)
    with pytest.raises(Unsettled):
        await either_client.orders.submit(limit("59000"), priority=E)
    sandbox.fail("order", method="POST", status=400)
    with pytest.raises(Refused) as caught:
        await either_client.orders.submit(limit("59000"), priority=E)
    assert caught.value.code == -1000


async def test_a_symbol_without_a_base_asset_costs_itself_only(
    client: AsterClient, sandbox: Sandbox
) -> None:
    whole = get_v3(sandbox.url, "exchangeInfo", "").json()
    del whole["symbols"][1]["baseAsset"]
    sandbox.fail("exchangeInfo", body=json.dumps(whole))
    read = await client.market.exchange_info()
    assert read.unreadable == ("ETHUSDT",)
    assert [each.symbol for each in read.symbols] == ["BTCUSDT", "ASTERUSDT"]


async def test_a_fault_can_be_meant_for_one_kind_of_order(
    client: AsterClient, sandbox: Sandbox, user: User
) -> None:
    sandbox.fail("order", method="POST", where={"type": "STOP_MARKET"}, status=503)
    await client.orders.submit(market(), priority=E)
    with pytest.raises(Unsettled):
        await client.orders.submit(stop("59000"), priority=E)
    await client.orders.submit(stop("59000"), priority=E)
    assert [each.order.request.client_order_id for each in user.records.values()] == [
        "entry",
        "stop",
    ]
