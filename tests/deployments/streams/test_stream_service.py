"""The service of the live accounts: when it looks at whom, and what one account's trouble does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from adapters.store.accounts import load_account, save_account, set_status
from adapters.store.intents import IntentState
from adapters.store.permits import Opening, VenueIdentity, end_permit, grant_permit
from adapters.venues.aster.client import AsterClient
from adapters.venues.aster.errors import Unreachable
from deployments.streams.service import StreamService
from deployments.streams.settings import DEFAULTS
from deployments.streams.watch_thread import WatchThread
from tasks.live_access import open_client
from tasks.watching import watch_account
from tests.adapters.venues.aster.demo_keys import AGENT_KEY
from tests.aster_sandbox import desk
from tests.deployments.streams.conftest import QUICK, Looks, running
from tests.live.live_arena import FUNDS, LONG, LiveArena
from tests.waiting import until
from trading.account import Account, AccountStatus, Network

pytestmark = pytest.mark.db
D = Decimal


def buy(live: LiveArena, quantity: str = "0.001", **more: str) -> None:
    """An order by hand, which no client of ours has sent."""
    live.sandbox.trade_by_hand(
        live.user, symbol="BTCUSDT", side="BUY", quantity=quantity, **({"type": "MARKET"} | more)
    )


def permit(live: LiveArena, account_id: str, owner: str) -> None:
    with live.engine.begin() as conn:
        grant_permit(
            conn,
            account_id,
            VenueIdentity(
                venue="aster",
                network=Network.TESTNET,
                place=live.sandbox.url.removeprefix("http://"),
                owner=owner,
            ),
            opening=Opening(wallet=FUNDS, equity=FUNDS, at=datetime.now(UTC)),
            checks={},
            granted_by="test",
        )


def add_other(live: LiveArena) -> None:
    """A second live account, whose keys are not there."""
    with live.engine.connect() as conn:
        first = load_account(conn, "live").account
    assert first.venue_keys is not None
    keys = replace(
        first.venue_keys, private_key="env:OTHER_KEY", user_address=None, signer_address=None
    )
    live.add(replace(first, id="other", venue_keys=keys))
    permit(live, "other", "0xother")


async def heard(
    service: StreamService,
    looks: Looks,
    account_id: str = "live",
    settle: float = QUICK.settle_seconds,
) -> None:
    """The stream is connected, and the look that its gap asks for is over."""
    await until(lambda: account_id in service.followers and service.followers[account_id].is_up)
    await until(lambda: looks.of(account_id))
    # The first look may be that of the round, and the gap's then comes after it.
    await asyncio.sleep(0.2 + settle)
    await until(lambda: not looks.under_way)
    looks.asked.clear()


async def test_a_fill_leads_to_one_look_within_a_second(live: LiveArena, looks: Looks) -> None:
    settings = replace(DEFAULTS, user_stream=QUICK.user_stream)
    async with running(live, looks, settings) as service:
        await heard(service, looks, settle=settings.settle_seconds)
        began = asyncio.get_running_loop().time()
        await asyncio.to_thread(buy, live)
        await until(lambda: looks.asked)
        ((_, why, at),) = looks.asked
        print(f"from the fill to the look: {at - began:.3f} s")
        assert at - began < 1.0
        assert "btcusdt trade" in why.lower()
        await asyncio.sleep(0.5)
        assert len(looks.asked) == 1, "the three events of a fill are one reason to look"


async def test_an_order_that_only_rests_is_no_reason_to_look_but_its_end_is(
    live: LiveArena, looks: Looks
) -> None:
    async with running(live, looks) as service:
        await heard(service, looks)
        buy(live, type="LIMIT", price="50000", timeInForce="GTC", newClientOrderId="mine")
        await asyncio.sleep(0.3)
        assert looks.asked == []
        with live.sandbox.venue.lock:
            desk.cancel_all(live.sandbox.venue, live.user, "BTCUSDT")
        await until(lambda: looks.asked)
        assert "canceled" in looks.asked[0][1]


async def test_a_cycle_that_runs_is_waited_for_and_only_one_look_goes_at_a_time(
    live: LiveArena, looks: Looks
) -> None:
    looks.answers = [None, None]
    looks.takes = 0.15
    async with running(live, looks):
        await until(lambda: len(looks.asked) == 3 and not looks.under_way)
        for _ in range(4):
            buy(live)
            await asyncio.sleep(0.05)
        await until(lambda: len(looks.asked) >= 4 and not looks.under_way)
        assert looks.most_at_once == 1
        assert len(looks.asked) <= 7


async def test_a_look_that_fails_is_told_once_and_tried_again_until_it_works(
    live: LiveArena, looks: Looks, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    looks.answers = [Unreachable("GET x", "away"), Unreachable("GET x", "away"), ValueError()]
    async with running(live, looks):
        await until(lambda: "live is looked at again" in caplog.text)
    assert caplog.text.count("could not be looked at") == 1


async def test_after_a_lost_stream_and_an_expired_key_the_account_is_looked_at(
    live: LiveArena, looks: Looks
) -> None:
    async with running(live, looks) as service:
        await heard(service, looks)
        live.sandbox.drop_streams()
        await until(lambda: looks.asked)
        assert "ended" in looks.asked[0][1]
        looks.asked.clear()
        live.sandbox.expire_listen_key(live.user)
        await until(lambda: looks.asked)
        assert "listen key" in looks.asked[0][1]


async def test_one_account_without_keys_has_an_alert_and_the_other_goes_on(
    live: LiveArena, looks: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OTHER_KEY", raising=False)
    add_other(live)
    async with running(live, looks) as service:
        await heard(service, looks)
        await until(lambda: live.alerts() == ["user_stream_down"])
        (words,) = live.one("select sentence from app.alerts")
        assert "other" in str(words)
        assert "OTHER_KEY" in str(words)
        buy(live)
        await until(lambda: any("trade" in why for why in looks.of("live")))
        assert service.followers["live"].is_up
        assert not service.followers["other"].is_up
        monkeypatch.setenv("OTHER_KEY", AGENT_KEY)
        with live.sandbox.venue.lock:
            live.sandbox.venue.settings.takes_main_keys = True
        live.sandbox.add_user("0x21cF8Ae13Bb72632562c6Fff438652Ba1a151bb0")
        await until(lambda: live.alerts() == [])
        assert service.followers["other"].is_up


async def test_accounts_are_followed_from_permit_to_stop_and_by_their_newest_keys(
    live: LiveArena, looks: Looks
) -> None:
    async with running(live, looks) as service:
        await heard(service, looks)
        first = service.followers["live"]
        with live.engine.begin() as conn:
            stored = load_account(conn, "live").account
            assert stored.venue_keys is not None
            save_account(
                conn, replace(stored, venue_keys=replace(stored.venue_keys, may_withdraw=True))
            )
        await until(lambda: service.followers.get("live") not in (first, None))
        with live.engine.begin() as conn:
            set_status(conn, "live", AccountStatus.PAUSED)
        await asyncio.sleep(0.5)
        assert list(service.followers) == ["live"], "what it holds is still looked after"
        with live.engine.begin() as conn:
            set_status(conn, "live", AccountStatus.STOPPED)
        await until(lambda: not service.followers)
        with live.engine.begin() as conn:
            set_status(conn, "live", AccountStatus.ACTIVE)
        await until(lambda: service.followers)
        with live.engine.begin() as conn:
            end_permit(conn, "live", reason="test")
        await until(lambda: not service.followers)
        await until(lambda: not live.sandbox.venue.hub.connections)


async def test_told_to_stop_while_it_lets_an_account_go_it_stops(
    live: LiveArena, looks: Looks
) -> None:
    @asynccontextmanager
    async def slow_to_close(account: Account) -> AsyncIterator[AsterClient]:
        try:
            async with open_client(account) as client:
                yield client
        finally:
            await asyncio.sleep(0.5)

    service = StreamService(live.engine, open_client=slow_to_close, watch=looks, settings=QUICK)
    running_service = asyncio.create_task(service.run())
    await heard(service, looks)
    with live.engine.begin() as conn:
        set_status(conn, "live", AccountStatus.STOPPED)
    await until(lambda: not service.followers)
    service.stop()
    async with asyncio.timeout(5):
        await running_service


async def test_with_a_dead_stream_the_account_is_looked_at_all_the_same(
    live: LiveArena, looks: Looks
) -> None:
    live.sandbox.fail("listenKey", method="POST", status=503, times=0)
    async with running(live, looks):
        await until(lambda: looks.of("live").count("poll") >= 2)
        await until(lambda: live.alerts() == ["user_stream_down"])
        live.sandbox.venue.faults.clear()
        await until(lambda: live.alerts() == [])


async def test_a_quiet_account_is_polled_only_while_something_is_at_stake(
    live: LiveArena, looks: Looks
) -> None:
    async with running(live, looks) as service:
        await heard(service, looks)
        await asyncio.sleep(1.0)
        assert looks.asked == []
    await live.cycle(LONG)
    assert IntentState.OPEN.value in live.intents()
    looks.asked.clear()
    async with running(live, looks):
        await until(lambda: looks.of("live").count("poll") >= 2)


async def test_a_margin_call_is_an_alert_until_it_was_not_repeated_for_long(
    live: LiveArena, looks: Looks
) -> None:
    call = {
        "e": "MARGIN_CALL", "E": 1, "cw": "3",
        "p": [{"s": "BTCUSDT", "ps": "BOTH", "pa": "1", "mp": "1", "up": "-1", "mm": "1.61"}],
    }  # fmt: skip
    async with running(live, looks) as service:
        await heard(service, looks)
        with live.sandbox.venue.lock:
            live.sandbox.venue.hub.tell_user(live.user.listen_key, call)
        await until(lambda: looks.asked and looks.asked[0][1].endswith("margin call"))
        await until(lambda: live.rows("select from app.alerts where code = 'margin_call'"))
        (words, severity) = live.one("select sentence, severity from app.alerts")
        assert "BTCUSDT needs 1.61 USDT" in str(words)
        assert severity == "critical"
        await until(lambda: live.alerts() == [])


async def test_a_look_that_is_under_way_ends_before_the_service_does(
    live: LiveArena, looks: Looks
) -> None:
    looks.takes = 0.5
    async with running(live, looks) as service:
        await until(lambda: looks.under_way)
        began = asyncio.get_running_loop().time()
        service.stop()
    assert looks.under_way == 0
    assert asyncio.get_running_loop().time() - began < 5
    looks.takes = 60
    async with running(live, looks, replace(QUICK, stop_seconds=0.2)):
        await until(lambda: looks.under_way)
        began = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - began < 5


async def test_the_real_look_books_a_stop_that_the_venue_has_filled_and_takes_its_target_away(
    live: LiveArena,
) -> None:
    await live.cycle(LONG)
    async with WatchThread(watch_account) as watch, running(live, watch):
        await until(lambda: live.rows("select from app.cycles where trigger = 'watch'"))
        live.sandbox.set_price("BTCUSDT", D(57_900))
        await until(lambda: live.held == 0 and live.resting == [], 20)
        await until(lambda: live.rows("select from app.trades where status = 'closed'"), 20)
    live.require_equal_ledgers()


async def test_the_real_look_finds_what_was_changed_by_hand_although_the_stream_is_dead(
    live: LiveArena,
) -> None:
    await live.cycle(LONG)
    live.sandbox.fail("listenKey", method="POST", status=503, times=0)
    async with WatchThread(watch_account) as watch, running(live, watch):
        live.sandbox.trade_by_hand(
            live.user, symbol="BTCUSDT", side="SELL", quantity="0.004", type="MARKET"
        )
        await until(lambda: live.rows("select quantity from app.positions") == [(D("0.006"),)], 20)
