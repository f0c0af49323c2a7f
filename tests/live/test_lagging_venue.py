"""A venue whose lists lag behind its answers, or that does not answer a read: nothing loses its stop.

An order's answer comes first; positions and fills may be listed later (costly bugs 1 and 2).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from adapters.store.accounts import load_account, save_account
from tasks import placing, protection
from tasks.cycle import Cycle
from tasks.watching import watch_account
from tests.aster_sandbox.desk import cancel_order
from tests.live.live_arena import LONG, LiveArena
from trading.account import AccountStatus, ForeignPolicy

pytestmark = pytest.mark.db
QUANTITY = Decimal("0.01")
FLAT = {"positionAmt": "0"}
AfterEntry = Callable[[Callable[[], object]], None]


@pytest.fixture
def after_entry(monkeypatch: pytest.MonkeyPatch) -> AfterEntry:
    """Something happens once, between the answer to the entry and its protection."""

    def plan(happens: Callable[[], object]) -> None:
        really = placing.protect

        async def protect(*arguments: Any, **more: Any) -> bool:
            monkeypatch.setattr(placing, "protect", really)
            happens()
            return await really(*arguments, **more)

        monkeypatch.setattr(placing, "protect", protect)

    return plan


def kinds(live: LiveArena) -> list[str]:
    return [kind for kind, *_ in live.resting]


def drop_protection(live: LiveArena) -> None:
    """Somebody cancels what rests at the venue."""
    for record in live.user.open_records("BTCUSDT"):
        which = {"symbol": "BTCUSDT", "orderId": record.order.venue_order_id}
        cancel_order(live.sandbox.venue, live.user, which)


def adopt(live: LiveArena) -> None:
    with live.engine.begin() as conn:
        account = load_account(conn, "live").account
        save_account(conn, replace(account, foreign=ForeignPolicy.ADOPT))


@pytest.mark.parametrize("readings", [1, 3, 0])
async def test_an_entry_has_its_stop_though_the_list_of_positions_does_not_show_it_yet(
    live: LiveArena, after_entry: AfterEntry, readings: int
) -> None:
    after_entry(lambda: live.sandbox.fail("positionRisk", times=readings, merge=FLAT))
    await live.cycle(LONG)
    assert (live.held, kinds(live)) == (QUANTITY, ["stop_market", "take_profit_market"])
    live.sandbox.venue.faults.clear()
    state = await live.cycle()
    assert [each.position.quantity for each in state.positions] == [QUANTITY]
    assert (state.foreign, live.alarms()) == ((), [])
    assert live.rows("select status, open_quantity from app.trades") == [("open", QUANTITY)]
    live.require_equal_ledgers()


@pytest.mark.parametrize("readings", [4, 0])
async def test_an_entry_whose_stop_is_refused_is_closed_though_the_list_does_not_show_it_yet(
    live: LiveArena, after_entry: AfterEntry, readings: int
) -> None:
    after_entry(lambda: live.sandbox.fail("positionRisk", times=readings, merge=FLAT))
    live.sandbox.fail("order", method="POST", where={"type": "STOP_MARKET"}, status=400)
    await live.cycle(LONG)
    assert (live.held, live.intents("exit")) == (0, ["filled"])
    assert kinds(live) == []


@pytest.mark.parametrize("how", [{"status": 502}, {"drop": True}])
async def test_an_entry_has_its_stop_though_positions_cannot_be_read(
    live: LiveArena, after_entry: AfterEntry, how: dict[str, Any]
) -> None:
    after_entry(lambda: live.sandbox.fail("positionRisk", times=1, **how))
    await live.cycle(LONG)
    assert (live.held, kinds(live)) == (QUANTITY, ["stop_market", "take_profit_market"])
    assert live.alarms() == []


async def test_a_stop_that_cannot_be_read_back_is_believed_by_its_answer_and_told_of(
    live: LiveArena, after_entry: AfterEntry
) -> None:
    after_entry(lambda: live.sandbox.fail("positionRisk", times=0, status=502))
    with pytest.raises(Exception, match="502"):
        await live.cycle(LONG)  # the closing reconcile cannot read either
    assert (live.held, kinds(live)) == (QUANTITY, ["stop_market", "take_profit_market"])
    (alarm,) = live.alarms()
    assert "could not be read back" in alarm


async def test_a_position_that_was_listed_late_stays_the_accounts_own(
    live: LiveArena, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = placing._write

    def write(cycle: Cycle, *arguments: Any) -> None:
        really(cycle, *arguments)
        live.sandbox.fail("positionRisk", times=0, merge=FLAT)  # through the closing reconcile

    monkeypatch.setattr(placing, "_write", write)
    state = await live.cycle(LONG)
    assert "not listed by the venue yet" in state.frozen["BTCUSDT"]
    live.sandbox.venue.faults.clear()
    drop_protection(live)
    state = await live.cycle()
    assert (state.foreign, kinds(live)) == ((), ["stop_market", "take_profit_market"])
    assert live.rows("select status, open_quantity from app.trades") == [("open", QUANTITY)]


@pytest.mark.parametrize("adopts", [False, True])
async def test_fills_that_are_listed_long_after_their_order_are_booked_once_and_are_ours(
    live: LiveArena, after_entry: AfterEntry, adopts: bool
) -> None:
    if adopts:
        adopt(live)

    def hide() -> None:
        live.user.unlisted = {fill.trade_id for fill in live.user.fills}

    after_entry(hide)
    await live.cycle(LONG)
    drop_protection(live)
    state = await live.cycle()
    assert (state.foreign, kinds(live)) == ((), ["stop_market"])
    live.user.unlisted = set()
    await live.cycle()
    assert live.rows("select entered_quantity, gross_pnl from app.trades") == [(QUANTITY, 0)]
    live.require_equal_ledgers()


async def test_a_position_that_somebody_else_closed_is_believed_after_a_while(
    live: LiveArena, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tasks import own_record

    await live.cycle(LONG)
    live.trade_by_hand("SELL", "0.01")
    live.user.unlisted = {live.user.fills[-1].trade_id}
    state = await live.cycle()
    assert "not listed by the venue yet" in state.frozen["BTCUSDT"]
    monkeypatch.setattr(own_record, "LATE_FOR", own_record.LATE_FOR * 0)
    await live.cycle()
    assert live.rows("select status, close_reason from app.trades") == [("closed", "outside")]
    assert live.resting == []


async def reject_what_rests(live: LiveArena) -> None:
    await live.cycle(LONG)
    drop_protection(live)
    ended = live.sandbox.fail("order", method="GET", times=0, merge={"status": "REJECTED"})
    await live.cycle()
    live.sandbox.venue.faults.planned.remove(ended)
    await live.cycle()


async def test_an_order_that_the_venue_rejects_after_it_had_taken_it_ends_nothing_else(
    live: LiveArena,
) -> None:
    await reject_what_rests(live)
    assert kinds(live)[:1] == ["stop_market"]
    assert "refused" in live.intents("stop")


async def test_an_exit_of_a_group_that_the_venue_rejects_later_is_placed_anew(
    grouped: LiveArena,
) -> None:
    await reject_what_rests(grouped)
    assert kinds(grouped)[:1] == ["stop_market"]
    assert "refused" in grouped.intents("stop")


@pytest.mark.parametrize("how", [{"status": 503}, {"merge": {"status": "NEW_WORD"}}])
async def test_an_order_that_cannot_be_asked_about_keeps_no_position_from_its_stop(
    live: LiveArena, how: dict[str, Any]
) -> None:
    await live.cycle(LONG)
    drop_protection(live)
    live.sandbox.fail("order", method="GET", times=0, **how)
    assert await watch_account("live", "test") is not None
    assert kinds(live)[:1] == ["stop_market"]


async def test_ten_seconds_are_ten_seconds_however_slowly_the_venue_answers(
    live: LiveArena, after_entry: AfterEntry, caplog: pytest.LogCaptureFixture
) -> None:
    def blind() -> None:
        live.sandbox.fail("openOrders", times=0, hide_stops=True)
        live.sandbox.fail("order", method="GET", times=0, status=503)
        live.sandbox.fail("positionRisk", times=0, delay=0.15)

    after_entry(blind)
    began = asyncio.get_running_loop().time()
    await live.cycle(LONG)
    assert protection.CONFIRM_SECONDS == 0.8
    assert asyncio.get_running_loop().time() - began < 5
    assert live.held == 0
    assert any("not confirmed within" in words for words in live.alarms())


@pytest.mark.parametrize("code", [-2021, -4142])
async def test_a_stop_beyond_the_price_closes_by_either_of_the_venues_codes(
    live: LiveArena, code: int
) -> None:
    body = f'{{"code":{code},"msg":"Order would immediately trigger."}}'
    stop = {"type": "STOP_MARKET"}
    live.sandbox.fail("order", method="POST", where=stop, status=400, body=body)
    await live.cycle(LONG)
    assert live.held == 0
    assert live.intents("stop") == ["refused"]


async def test_a_target_that_the_venue_refuses_is_told_of(live: LiveArena) -> None:
    body = '{"code":-4131,"msg":"The counterparty\'s best price does not meet the filter."}'
    target = {"type": "TAKE_PROFIT_MARKET"}
    live.sandbox.fail("order", method="POST", where=target, times=0, status=400, body=body)
    await live.cycle(LONG)
    assert (live.held, kinds(live)) == (QUANTITY, ["stop_market"])
    assert any("target at 66000 was refused" in words for words in live.alarms())


async def test_a_fee_in_another_asset_pauses_the_account_and_its_exits_go_on(
    live: LiveArena, after_entry: AfterEntry
) -> None:
    fee = {"commissionAsset": "ASTER", "commission": "-0.5"}
    after_entry(lambda: live.sandbox.fail("userTrades", times=0, merge=fee))
    await live.cycle(LONG)
    assert (live.status, kinds(live)[:1]) == (AccountStatus.PAUSED, ["stop_market"])
    ((sentence,),) = live.rows("select sentence from app.alerts where code = 'account_stopped'")
    assert "0.5 ASTER (fill " in str(sentence)
    assert live.rows("select fee from app.fills") == [(0,)]
    live.sandbox.set_price("BTCUSDT", LONG.stop - 100)
    await watch_account("live", "test")
    assert (live.held, live.resting) == (0, [])
