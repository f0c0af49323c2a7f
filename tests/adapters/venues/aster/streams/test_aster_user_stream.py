"""The user stream against the sandbox: what is told, what may have been missed, and how it goes on."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from decimal import Decimal

import pytest

from adapters.venues.aster.client import AsterClient
from adapters.venues.aster.credentials import Credentials
from adapters.venues.aster.errors import AccountRefused
from adapters.venues.aster.streams.connection import Gap
from adapters.venues.aster.streams.user_events import (
    AccountUpdate,
    ConfigUpdate,
    Expired,
    MarginCall,
    OrderUpdate,
    Unreadable,
)
from adapters.venues.aster.streams.user_stream import UserStream
from tests.adapters.venues.aster.streams.conftest import QUICK, next_gap, next_of
from tests.adapters.venues.aster.streams.freezing_proxy import freezing_proxy
from tests.aster_sandbox.conftest import AGENT, client_of
from tests.aster_sandbox.server import Sandbox
from tests.aster_sandbox.tickets import limit, market
from tests.aster_sandbox.users import User
from tests.waiting import until
from trading.weights import Priority

D = Decimal
E = Priority.ENTRY


def through(sandbox: Sandbox, url: str, credentials: Credentials = AGENT) -> AsterClient:
    """A client that reaches the sandbox by another address."""
    return client_of(Sandbox(sandbox.venue, url), credentials)


async def test_a_fill_comes_as_records_after_the_gap_of_the_first_connection(
    either_client: AsterClient,
) -> None:
    async with UserStream(either_client, "alpha", QUICK) as news:
        assert (await next_gap(news)).why == "first connection"
        assert news.is_up
        placed = await either_client.orders.submit(market(), priority=E)
        new, trade = await next_of(news, OrderUpdate), await next_of(news, OrderUpdate)
        account = await next_of(news, AccountUpdate)
    assert (new.what, new.trade_id, new.order_id) == ("NEW", 0, placed.order_id)
    assert (trade.what, trade.status, trade.symbol) == ("TRADE", "FILLED", "BTCUSDT")
    assert (trade.last_quantity, trade.last_price) == (D("0.1"), D("60000.1"))
    assert (trade.fee, trade.fee_asset) == (D("60000.1") * D("0.1") * D("0.0006"), "USDT")
    assert trade.at.utcoffset() is not None
    assert account.reason == "ORDER"
    assert account.balances[0].wallet == 10_000 - trade.fee
    assert (account.positions[0].symbol, account.positions[0].quantity) == ("BTCUSDT", D("0.1"))


async def test_leverage_funding_and_liquidation_have_records_of_their_own(
    client: AsterClient, sandbox: Sandbox
) -> None:
    await client.account.set_margin_type("BTCUSDT", "ISOLATED")
    async with UserStream(client, "alpha", QUICK) as news:
        await next_gap(news)
        await client.account.set_leverage("BTCUSDT", 50)
        setting = await next_of(news, ConfigUpdate)
        assert (setting.symbol, setting.leverage) == ("BTCUSDT", 50)
        await client.orders.submit(market(), priority=E)
        await next_of(news, AccountUpdate)
        sandbox.pay_funding("BTCUSDT", D("0.0001"))
        funding = await next_of(news, AccountUpdate)
        assert (funding.reason, funding.balances[0].change) == ("FUNDING_FEE", D("-0.6"))
        sandbox.set_price("BTCUSDT", D(58_000))
        forced = await next_of(news, OrderUpdate)
        while forced.what != "CALCULATED":
            forced = await next_of(news, OrderUpdate)
        assert forced.client_order_id.startswith("autoclose-")


async def test_events_that_come_late_and_out_of_order_all_come_with_their_own_time(
    client: AsterClient, sandbox: Sandbox
) -> None:
    async with UserStream(client, "alpha", QUICK) as news:
        await next_gap(news)
        sandbox.venue.hub.hold()
        await client.orders.submit(limit("59000"), priority=E)
        await client.orders.cancel("BTCUSDT", "limit")
        sandbox.venue.hub.release([1, 0])
        heard = [await next_of(news, OrderUpdate) for _ in range(2)]
    assert [each.what for each in heard] == ["CANCELED", "NEW"]
    assert heard[0].at >= heard[1].at


async def test_a_lost_connection_is_a_gap_and_events_go_on_after_it(
    client: AsterClient, sandbox: Sandbox
) -> None:
    async with UserStream(client, "alpha", QUICK) as news:
        await next_gap(news)
        sandbox.drop_streams()
        assert "ended" in (await next_gap(news)).why
        await client.orders.submit(limit("59000"), priority=E)
        assert (await next_of(news, OrderUpdate)).what == "NEW"


async def test_an_expired_key_is_told_and_replaced_by_a_new_one(
    client: AsterClient, sandbox: Sandbox, user: User
) -> None:
    async with UserStream(client, "alpha", QUICK) as news:
        await next_gap(news)
        sandbox.expire_listen_key(user)
        await next_of(news, Expired)
        assert (await next_gap(news)).why == "the listen key has expired"
        await client.orders.submit(limit("59000"), priority=E)
        assert (await next_of(news, OrderUpdate)).what == "NEW"


async def test_a_key_that_the_venue_has_forgotten_silently_is_found_out_when_it_is_extended(
    client: AsterClient, sandbox: Sandbox, user: User
) -> None:
    async with UserStream(client, "alpha", QUICK, keep_seconds=0.3) as news:
        await next_gap(news)
        user.listen_key = None
        assert "no longer knows" in (await next_gap(news)).why
        assert sandbox.sent_to("listenKey", "PUT")
        await client.orders.submit(limit("59000"), priority=E)
        assert (await next_of(news, OrderUpdate)).what == "NEW"


async def test_a_key_is_extended_for_as_long_as_the_stream_lives(
    client: AsterClient, sandbox: Sandbox
) -> None:
    async with UserStream(client, "alpha", QUICK, keep_seconds=0.05) as news:
        await next_gap(news)
        await until(lambda: len(sandbox.sent_to("listenKey", "PUT")) >= 3)
        assert len(sandbox.sent_to("listenKey", "POST")) == 1


async def test_a_planned_exchange_loses_no_event_and_repeats_none(
    client: AsterClient, sandbox: Sandbox, user: User
) -> None:
    settings = replace(QUICK, swap_seconds=0.25, overlap_seconds=0.1)
    heard: Counter[int] = Counter()
    gaps = 0

    async def trade() -> None:
        for _ in range(60):
            order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.001"}
            await asyncio.to_thread(sandbox.trade_by_hand, user, **order)
            await asyncio.sleep(0.03)

    async with UserStream(client, "alpha", settings) as news:
        await next_gap(news)
        trading = asyncio.create_task(trade())
        async with asyncio.timeout(30):
            while len(heard) < 60:
                record = await anext(news)
                gaps += isinstance(record, Gap)
                if isinstance(record, OrderUpdate) and record.what == "TRADE":
                    heard[record.trade_id] += 1
        await trading
        assert news.swaps >= 3
    told = [d["o"]["t"] for _, d in sandbox.venue.hub.told if d.get("o", {}).get("x") == "TRADE"]
    assert len(told) == 60
    assert heard == Counter(told)
    assert gaps == 0


async def test_an_exchange_that_cannot_be_made_leaves_the_connection_as_it_is(
    client: AsterClient, sandbox: Sandbox
) -> None:
    settings = replace(QUICK, swap_seconds=0.1, swap_again_seconds=0.1)
    async with UserStream(client, "alpha", settings) as news:
        await next_gap(news)
        sandbox.fail("listenKey", method="POST", status=503, times=2)
        await until(lambda: news.swaps)
        assert len(sandbox.sent_to("listenKey", "POST")) >= 4
        await client.orders.submit(limit("59000"), priority=E)
        assert isinstance(await anext(news), OrderUpdate)


async def test_a_frozen_connection_is_found_out_by_a_ping_and_replaced(
    sandbox: Sandbox, user: User
) -> None:
    settings = replace(QUICK, ping_seconds=0.3)
    async with (
        freezing_proxy(sandbox.url) as proxy,
        through(sandbox, proxy.url) as client,
        UserStream(client, "alpha", settings) as news,
    ):
        await next_gap(news)
        proxy.freeze()
        gap = await next_gap(news)
        assert "keepalive" in gap.why
        order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.001"}
        await asyncio.to_thread(sandbox.trade_by_hand, user, **order)
        assert (await next_of(news, OrderUpdate)).symbol == "BTCUSDT"


async def test_a_venue_that_is_away_for_a_while_is_asked_again_until_it_answers(
    client: AsterClient, sandbox: Sandbox
) -> None:
    sandbox.fail("listenKey", method="POST", drop=True, times=3)
    async with UserStream(client, "alpha", QUICK) as news:
        assert not news.is_up
        await next_gap(news)
        assert len(sandbox.sent_to("listenKey", "POST")) == 4


async def test_keys_that_the_venue_refuses_end_the_stream_with_its_words(
    client: AsterClient, sandbox: Sandbox
) -> None:
    body = '{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action"}'
    sandbox.fail("listenKey", method="POST", status=401, body=body, times=0)
    async with UserStream(client, "alpha", QUICK) as news:
        with pytest.raises(AccountRefused):
            await asyncio.wait_for(anext(news), 10)


async def test_a_margin_call_and_an_event_without_its_fields_are_told_too(
    client: AsterClient, sandbox: Sandbox, user: User
) -> None:
    call = {
        "e": "MARGIN_CALL", "E": 1_700_000_000_000, "cw": "3.16",
        "p": [{"s": "ETHUSDT", "ps": "BOTH", "pa": "1.327", "mt": "cross", "iw": "0",
               "mp": "187.17", "up": "-1.16", "mm": "1.61"}],
    }  # fmt: skip
    async with UserStream(client, "alpha", QUICK) as news:
        await next_gap(news)
        with sandbox.venue.lock:
            for document in ({"e": "announcement"}, call, {"e": "ORDER_TRADE_UPDATE", "o": {}}):
                sandbox.venue.hub.tell_user(user.listen_key, document)
        told = await anext(news)
        assert isinstance(told, MarginCall)
        assert (told.positions[0].symbol, told.positions[0].maintenance) == ("ETHUSDT", D("1.61"))
        broken = await anext(news)
        assert isinstance(broken, Unreadable)
        assert (broken.kind, broken.fields[0]) == ("ORDER_TRADE_UPDATE", "E")
