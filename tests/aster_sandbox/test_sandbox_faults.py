"""What goes wrong by plan, as our client meets it: what was executed is known to the sandbox alone."""

from __future__ import annotations

from decimal import Decimal

import httpx
import pytest

from adapters.venues.aster.client import AsterClient
from adapters.venues.aster.errors import Blocked, Refused, Unreachable, Unsettled
from tests.adapters.venues.aster.conftest import HASTY
from tests.aster_sandbox.conftest import AGENT, client_of
from tests.aster_sandbox.raw_calls import code_of, get_v3, signed_v3
from tests.aster_sandbox.server import Sandbox
from tests.aster_sandbox.tickets import limit, market, stop
from tests.aster_sandbox.users import User
from tests.aster_sandbox.venue import Venue
from trading.weights import Priority

D = Decimal
E = Priority.ENTRY


@pytest.mark.parametrize(
    ("how", "is_executed"),
    [
        ({"status": 503, "execute": True}, True),
        ({"status": 503}, False),
        ({"status": 502, "body": "<html>bad gateway</html>", "execute": True}, True),
        ({"status": 504, "body": ""}, False),
        ({"drop": True, "execute": True}, True),
        ({"drop": True}, False),
        ({"cut": 20}, True),
        ({"body": "<html>fine</html>", "execute": True}, True),
        ({"merge": {"orderId": None}}, True),
        ({"merge": {"clientOrderId": "other"}}, True),
    ],
)
async def test_an_order_whose_answer_is_lost_is_unsettled_whether_it_was_executed_or_not(
    either_client: AsterClient, sandbox: Sandbox, user: User, how, is_executed: bool
) -> None:
    await either_client.read_clock()
    sandbox.fail("order", method="POST", **how)
    with pytest.raises(Unsettled):
        await either_client.orders.submit(market(), priority=E)
    assert bool(user.fills) is is_executed
    assert len(sandbox.sent_to("order", "POST")) == 1
    if is_executed:
        found = await either_client.orders.by_client_id("BTCUSDT", "entry")
        assert found.status == "FILLED"
    else:
        with pytest.raises(Refused) as caught:
            await either_client.orders.by_client_id("BTCUSDT", "entry")
        assert caught.value.code == -2013


async def test_a_fault_meets_the_call_it_was_planned_for(
    client: AsterClient, sandbox: Sandbox
) -> None:
    sandbox.fail("order", method="POST", nth=2, times=2, status=503)
    outcomes = []
    for number in range(4):
        try:
            await client.orders.submit(limit("59000", client_order_id=f"l{number}"), priority=E)
            outcomes.append("placed")
        except Unsettled:
            outcomes.append("unsettled")
    assert outcomes == ["placed", "unsettled", "unsettled", "placed"]
    assert sandbox.venue.faults.happened == [("POST", "/fapi/v3/order")] * 2
    assert sandbox.venue.faults.planned == []


async def test_a_delay_before_and_one_after_the_effect_can_be_told_apart(
    sandbox: Sandbox, user: User
) -> None:
    async with client_of(sandbox, AGENT, HASTY) as hasty:
        await hasty.read_clock()
        for how, filled in (({"delay": 1.5}, 0), ({"answer_delay": 1.5}, 1)):
            sandbox.fail("order", method="POST", **how)
            with pytest.raises(Unsettled):
                await hasty.orders.submit(market(symbol="ETHUSDT"), priority=E)
            assert len(user.fills) == filled


async def test_hidden_stops_are_there_all_the_same(client: AsterClient, sandbox: Sandbox) -> None:
    await client.orders.submit(market(), priority=E)
    await client.orders.submit(limit("59500"), priority=E)
    await client.orders.submit(stop("59000"), priority=E)
    sandbox.fail("openOrders", hide_stops=True)
    assert [o.type for o in await client.orders.open_orders("BTCUSDT")] == ["LIMIT"]
    assert len(await client.orders.open_orders("BTCUSDT")) == 2


async def test_a_clock_that_jumps_is_measured_again(
    own_client: AsterClient, sandbox: Sandbox
) -> None:
    await own_client.account.balances()
    sandbox.skew(-120_000)
    with pytest.raises(Refused) as caught:
        await own_client.orders.submit(limit("59000"), priority=E)
    assert caught.value.code in (-1021, -4225)
    assert (await own_client.orders.submit(limit("59000"), priority=E)).status == "NEW"


async def test_a_market_order_fills_in_pieces_and_its_rest_expires_or_waits(
    client: AsterClient, sandbox: Sandbox, user: User
) -> None:
    sandbox.plan_fills(D("0.3"), D("0.2"))
    half = await client.orders.submit(market(quantity="1", symbol="ETHUSDT"), priority=E)
    assert (half.status, half.executed_qty) == ("EXPIRED", D("0.5"))
    assert [fill.quantity for fill in user.fills] == [D("0.3"), D("0.2")]
    sandbox.plan_fills(D("0.1"), waits=True)
    waiting = await client.orders.submit(
        market(quantity="1", symbol="ETHUSDT", client_order_id="w"), priority=E
    )
    assert (waiting.status, waiting.executed_qty) == ("PARTIALLY_FILLED", D("0.1"))
    sandbox.fill(user, "w", D("0.9"), D(3001))
    found = await client.orders.by_client_id("ETHUSDT", "w")
    assert (found.status, found.executed_qty) == ("FILLED", D(1))


async def test_limits_are_filled_by_hand_in_any_order(
    client: AsterClient, sandbox: Sandbox, user: User
) -> None:
    for name in ("a", "b"):
        await client.orders.submit(limit("59000", client_order_id=name), priority=E)
    for name, quantity in (("b", "0.04"), ("a", "0.1"), ("b", "0.06")):
        sandbox.fill(user, name, D(quantity))
    assert [fill.client_order_id for fill in user.fills] == ["b", "a", "b"]
    (row,) = await client.account.positions("BTCUSDT")
    assert row.position_amt == D("0.2")


async def test_the_limit_is_answered_429_and_then_418_until_the_ban_is_over(
    client: AsterClient, sandbox: Sandbox
) -> None:
    await client.read_clock()
    sandbox.venue.settings.weight_limit = 8
    sandbox.venue.settings.patience = 1
    await client.account.balances()
    for status in (429, 418):
        with pytest.raises(Blocked, match=f"HTTP {status}"):
            # Straight to the wire: the client's own budget would not ask any more.
            await client_without_memory(client).account.balances()
    refused = get_v3(sandbox.url, "time", "")
    assert code_of(refused) == (418, -1003)
    assert int(refused.headers["Retry-After"]) in range(1, 121)
    assert "banned until" in refused.json()["msg"]


def client_without_memory(client: AsterClient) -> AsterClient:
    """The same client; what its budget has heard of the host is forgotten."""
    client.account.caller.spending.budget.windows.clear()
    return client


def test_every_answer_says_what_was_used_and_orders_are_counted_per_account(
    sandbox: Sandbox, user: User
) -> None:
    first = get_v3(sandbox.url, "time", "")
    assert first.headers["X-MBX-USED-WEIGHT-1M"] == "1"
    assert get_v3(sandbox.url, "balance", signed_v3({})).headers["X-MBX-USED-WEIGHT-1M"] == "6"
    orders = get_v3(sandbox.url, "openOrders", signed_v3({}))
    assert orders.headers["X-MBX-USED-WEIGHT-1M"] == "46"
    assert "X-MBX-ORDER-COUNT-1M" not in orders.headers
    terms = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}
    sandbox.venue.settings.order_limit = 1
    url = f"{sandbox.url}/fapi/v3/order"
    placed = httpx.post(url, content=signed_v3(terms))
    assert placed.headers["X-MBX-ORDER-COUNT-1M"] == "1"
    assert code_of(httpx.post(url, content=signed_v3(terms))) == (429, -1015)
    assert len(user.records) == 1


async def test_a_dead_mans_switch_takes_the_orders_away(
    client: AsterClient, sandbox: Sandbox, user: User
) -> None:
    await client.orders.submit(limit("59000"), priority=E)
    await client.orders.cancel_after("BTCUSDT", 60_000)
    assert len(await client.orders.open_orders("BTCUSDT")) == 1
    sandbox.skew(61_000)
    await client.market.time_ms()
    assert [record.order.status for record in user.records.values()] == ["canceled"]


async def test_a_read_that_fails_changes_nothing(client: AsterClient, sandbox: Sandbox) -> None:
    sandbox.fail("balance", status=503)
    with pytest.raises(Unreachable):
        await client.account.balances()
    assert len(await client.account.balances()) == 1


def test_a_ban_is_longer_each_time() -> None:
    venue = Venue()
    venue.settings.weight_limit, venue.settings.patience = 0, 0
    lengths = []
    now = 0
    for _ in range(3):
        with pytest.raises(Exception, match="banned"):
            venue.scales.spend("h", 1, now)
        until = venue.scales.hosts["h"].banned_until_ms
        lengths.append(until - now)
        now = until
    assert lengths == [120_000, 240_000, 480_000]
