"""The test's hand on the venue: over HTTP into another process, and by the handle."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.venues.aster.client import AsterClient
from adapters.venues.aster.errors import Refused
from tests.adapters.venues.aster.demo_keys import USER
from tests.aster_sandbox.raw_calls import code_of, get_v3, post_v3, signed_v3
from tests.aster_sandbox.server import Sandbox
from tests.aster_sandbox.tickets import limit, market
from tests.aster_sandbox.users import User
from trading.weights import Priority

ROOT = Path(__file__).parents[2]
D = Decimal
E = Priority.ENTRY
LIMIT = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.1",
    "price": "59000",
}


@pytest.fixture(scope="module")
def process_url() -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.aster_sandbox", "--port", "0"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().split()[3].rstrip(",")
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


def test_a_sandbox_in_another_process_is_moved_and_read_over_http(process_url: str) -> None:
    def tell(name: str, **given: Any) -> None:
        response = httpx.post(f"{process_url}/sandbox/{name}", json=given)
        assert response.status_code == 200, response.text

    def state() -> dict[str, Any]:
        return httpx.get(f"{process_url}/sandbox/state", params={"user": USER}).json()

    assert code_of(post_v3(process_url, "order", signed_v3(LIMIT))) == (200, 0)
    tell("fill", user=USER, client_order_id=state()["orders"][0]["clientOrderId"], quantity="0.04")
    assert state()["openOrders"][0]["executedQty"] == "0.04"
    tell("price", symbol="BTCUSDT", last="59000", mark="59100")
    tell(
        "candle", symbol="BTCUSDT", open="59000", high="59500", low="58800", close="59400", volume=3
    )
    tell("book", symbol="BTCUSDT", bids=[["59390", "0.05"], ["59380", "1"]])
    sell = {"symbol": "BTCUSDT", "side": "SELL", "type": "MARKET", "quantity": "0.1"}
    tell("orders", user=USER, order=sell)
    assert state()["orders"][1]["avgPrice"] == "59385"
    tell("funds", user=USER, amount="-100")
    tell("funding", symbol="BTCUSDT", rate="0.001")
    ledger = state()["ledger"]
    assert [each["incomeType"] for each in ledger].count("FUNDING_FEE") == 0
    assert sum(D(each["income"]) for each in ledger) == D(state()["wallet"])
    tell("faults", path="time", status=503)
    assert get_v3(process_url, "time", "").status_code == 503
    tell("clock", ahead_ms=5000)
    tell("settings", weight_limit=1)
    assert get_v3(process_url, "balance", signed_v3({})).status_code == 429
    seen = httpx.get(f"{process_url}/sandbox/requests").json()
    assert [each["path"].rsplit("/", 1)[1] for each in seen] == ["order", "time", "balance"]
    tell("settings", weight_limit=2400)
    tell("users", address="0x" + "ab" * 20, funds="7", pairs={"k": "s"})
    other = httpx.get(f"{process_url}/sandbox/state", params={"user": "0x" + "AB" * 20}).json()
    assert other["wallet"] == "7"


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("nothing", {}),
        ("price", {"symbol": "NOPE", "last": "1"}),
        ("price", {"symbol": "BTCUSDT", "last": "one"}),
        ("settings", {"speed": 3}),
        ("streams", {"action": "explode"}),
        ("faults", {"status": 503}),
        ("fill", {"user": USER, "client_order_id": "none", "quantity": "1"}),
    ],
)
def test_what_the_hand_cannot_do_is_said(
    sandbox: Sandbox, user: User, name: str, given: dict[str, Any]
) -> None:
    response = httpx.post(f"{sandbox.url}/sandbox/{name}", json=given)
    assert response.status_code == 400
    assert response.json()["msg"]


async def test_a_position_made_by_hand_and_one_taken_by_the_venue_are_seen(
    client: AsterClient, sandbox: Sandbox, user: User
) -> None:
    sandbox.trade_by_hand(user, symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.2")
    (row,) = await client.account.positions("BTCUSDT")
    assert row.position_amt == D("0.2")
    before = user.ledger.wallet
    sandbox.set_price("BTCUSDT", D("60100.1"))
    sandbox.auto_deleverage(user, "BTCUSDT", D("0.05"))
    assert user.ledger.wallet == before + 5
    (forced,) = await client.account.force_orders("BTCUSDT")
    assert (forced.client_order_id, forced.executed_qty) == ("adl_autoclose", D("0.05"))
    sandbox.auto_deleverage(user, "BTCUSDT")
    (row,) = await client.account.positions("BTCUSDT")
    assert row.position_amt == 0


async def test_two_users_share_the_market_and_nothing_else(
    client: AsterClient, sandbox: Sandbox, user: User
) -> None:
    other = sandbox.add_user("0x" + "cd" * 20)
    sandbox.trade_by_hand(other, symbol="BTCUSDT", side="SELL", type="MARKET", quantity="0.1")
    await client.orders.submit(market(), priority=E)
    sandbox.set_price("BTCUSDT", D(60_500))
    account = await client.account.account()
    assert account.total_unrealized_profit == D("49.99")
    assert other.book.positions["BTCUSDT"].quantity == D("-0.1")
    assert not set(user.records) & set(other.records)


async def test_modes_that_the_venue_knows_are_answered_and_refused(
    client: AsterClient, sandbox: Sandbox
) -> None:
    async def code_for(call: Callable[[], Any]) -> int:
        with pytest.raises(Refused) as caught:
            await call()
        return caught.value.code

    await client.account.set_multi_assets_mode(is_multi=True)
    assert await code_for(lambda: client.account.set_margin_type("BTCUSDT", "ISOLATED")) == -4168
    await client.account.set_hedge_mode(is_hedge=True)
    assert await client.account.is_hedge_mode()
    assert await code_for(lambda: client.orders.submit(limit("59000"), priority=E)) == -4061
    await client.account.set_hedge_mode(is_hedge=False)
    sandbox.venue.markets["BTCUSDT"].status = "PRE_SETTLE"
    assert await code_for(lambda: client.orders.submit(limit("59000"), priority=E)) == -4140
