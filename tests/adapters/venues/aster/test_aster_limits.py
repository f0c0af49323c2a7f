"""Weight and orders: every request is paid for, every answer is heard, blocks are obeyed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from adapters.venues.aster.client import AsterClient
from adapters.venues.aster.errors import AccountRefused, Blocked, Unsettled
from adapters.venues.aster.limits import Limits, counted, seconds_to_wait
from adapters.venues.aster.payloads.market import RateLimit
from tests.adapters.venues.aster.conftest import OwnBudget
from tests.adapters.venues.aster.local_venue import LocalVenue
from tests.adapters.venues.aster.test_aster_outcomes import submit
from trading.errors import WeightRefused
from trading.weights import Priority

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def test_the_documented_limits_hold_until_the_venue_publishes_others() -> None:
    limits = Limits.documented("fapi.asterdex.com", "0xabc")
    (host,) = limits.host_scopes()
    (orders,) = limits.order_scopes()
    assert (host.name, host.limit, host.window_seconds) == ("aster fapi.asterdex.com", 2400, 60)
    assert (orders.name, orders.limit) == ("aster fapi.asterdex.com orders 0xabc", 1200)
    assert Limits.documented("fapi.asterdex.com", None).order_scopes() == ()


def test_any_published_interval_becomes_a_budget_and_nonsense_is_left_out() -> None:
    def row(kind: str, interval: str, number: int, limit: int) -> RateLimit:
        return RateLimit(rate_limit_type=kind, interval=interval, interval_num=number, limit=limit)

    limits = Limits.documented("host", "me").published(
        (
            row("REQUEST_WEIGHT", "MINUTE", 1, 1000),
            row("REQUEST_WEIGHT", "HOUR", 2, 50_000),
            row("REQUEST_WEIGHT", "FORTNIGHT", 1, 5),
            row("REQUEST_WEIGHT", "SECOND", 0, 5),
            row("RAW_REQUEST", "MINUTE", 1, 7),
        )
    )
    assert [(s.name, s.limit, s.window_seconds) for s in limits.host_scopes()] == [
        ("aster host", 1000, 60),
        ("aster host 7200s", 50_000, 7200),
    ]
    assert limits.orders == {60: 1200}


def test_headers_of_any_window_are_counted() -> None:
    headers = {
        "x-mbx-used-weight-1m": "17",
        "x-mbx-order-count-10s": "3",
        "x-mbx-used-weight": "9",
        "x-mbx-order-count-1m": "x",
    }
    assert list(counted(headers)) == [("used-weight", 60, 17), ("order-count", 10, 3)]


@pytest.mark.parametrize(
    ("headers", "text", "seconds"),
    [
        ({"retry-after": "17"}, "", 17.0),
        ({"retry-after": "soon"}, "", None),
        ({}, f"banned until {int(NOW.timestamp() * 1000) + 90_000}.", 90.0),
        ({}, f"banned until {int(NOW.timestamp() * 1000) - 90_000}.", 0.0),
        ({}, "Too many requests", None),
    ],
)
def test_the_wait_comes_from_retry_after_or_from_the_venues_words(headers, text, seconds) -> None:
    assert seconds_to_wait(headers, text, NOW) == seconds


async def test_what_the_venue_counts_reaches_both_budgets(
    client: AsterClient, venue: LocalVenue, budget: OwnBudget
) -> None:
    await client.read_clock()
    budget.heard_of.clear()
    venue.headers |= {"X-MBX-USED-WEIGHT-1M": "1700", "X-MBX-ORDER-COUNT-1M": "12"}
    await submit(client)
    assert {(name.split()[2:3] == ["orders"], used) for name, _, used, _ in budget.heard_of} == {
        (False, 1700),
        (True, 12),
    }
    with pytest.raises(WeightRefused, match="market request"):
        await client.market.premiums("BTCUSDT")
    assert len(await client.account.balances()) == 1


async def test_a_priority_is_passed_on_and_the_clock_is_asked_with_that_of_its_caller(
    client: AsterClient, budget: OwnBudget
) -> None:
    await client.orders.cancel_all("BTCUSDT", Priority.EXIT)
    assert {priority for _, _, priority in budget.spent} == {Priority.EXIT}


async def test_a_418_stops_the_host_for_the_time_in_its_words(
    client: AsterClient, venue: LocalVenue
) -> None:
    until = datetime.now(UTC) + timedelta(minutes=10)
    text = f"Way too many requests; IP banned until {int(until.timestamp() * 1000)}."
    venue.fail("balance", status=418, body=f'{{"code":-1003,"msg":"{text}"}}')
    with pytest.raises(Blocked) as caught:
        await client.account.balances()
    assert caught.value.retry_at is not None
    assert abs(caught.value.retry_at - until) < timedelta(seconds=2)
    with pytest.raises(WeightRefused) as refused:
        await client.orders.cancel_all("BTCUSDT", Priority.EXIT)
    assert abs(refused.value.retry_at - until) < timedelta(seconds=2)


@pytest.mark.parametrize(
    ("status", "body", "at_least"),
    [
        (418, "", 119),
        (418, "<html>teapot</html>", 119),
        (403, "<html>Forbidden</html>", 299),
        (429, "", 0),
        (400, '{"code":-1003,"msg":"Too many requests."}', 0),
    ],
)
async def test_a_block_without_a_time_lasts_as_long_as_the_rules_say(
    client: AsterClient, venue: LocalVenue, status: int, body: str, at_least: int
) -> None:
    await client.read_clock()
    venue.fail("balance", status=status, body=body)
    with pytest.raises(Blocked) as caught:
        await client.account.balances()
    assert caught.value.retry_at is not None
    wait = (caught.value.retry_at - datetime.now(UTC)).total_seconds()
    assert at_least <= wait <= max(60, at_least + 2)
    seen = len(venue.requests)
    with pytest.raises(WeightRefused):
        await client.market.premiums("BTCUSDT")
    assert len(venue.requests) == seen


@pytest.mark.parametrize("status", [400, 429])
async def test_too_many_orders_stop_the_accounts_orders_and_not_its_look_ups(
    client: AsterClient, venue: LocalVenue, status: int
) -> None:
    venue.fail("order", status=status, body='{"code":-1015,"msg":"Too many new orders."}')
    with pytest.raises(Blocked):
        await submit(client)
    with pytest.raises(WeightRefused, match="orders 0x63dd"):
        await submit(client)
    assert len(await client.account.balances()) == 1
    assert venue.executed == []


async def test_a_429_on_an_order_means_that_it_does_not_exist(
    client: AsterClient, venue: LocalVenue
) -> None:
    venue.fail("order", status=429, body="")
    with pytest.raises(Blocked):
        await submit(client)
    assert venue.executed == []


async def test_a_503_that_speaks_of_limits_blocks_nobody_who_looks_for_the_order(
    client: AsterClient, venue: LocalVenue
) -> None:
    venue.fail("order", execute=True, status=503, body='{"code":-1003,"msg":"busy"}')
    with pytest.raises(Unsettled):
        await submit(client)
    assert (await client.orders.by_client_id("BTCUSDT", "pf-entry")).status == "FILLED"


async def test_when_the_market_share_is_used_up_exits_still_go(
    client: AsterClient, venue: LocalVenue
) -> None:
    for _ in range(55):
        await client.account.is_hedge_mode(Priority.MARKET)
    with pytest.raises(WeightRefused):
        await client.account.is_hedge_mode(Priority.MARKET)
    await client.orders.cancel_all("BTCUSDT", Priority.EXIT)
    assert len(venue.sent_to("positionSide/dual")) == 55


async def test_a_403_with_a_code_stops_one_account_and_not_the_host(
    client: AsterClient, venue: LocalVenue
) -> None:
    venue.fail("balance", status=403, body='{"code":-2015,"msg":"Invalid API-key, IP."}')
    with pytest.raises(AccountRefused):
        await client.account.balances()
    assert len(await client.account.balances()) == 1
