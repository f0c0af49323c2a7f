"""Costly bugs, rows 20, 26, 29 and 30: money, margin, clocks and history that agree with the venue."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from adapters.store.booked import booked_change
from adapters.store.decisions import NewDecision, save_decisions
from tasks import wallet_gap
from tasks.account_state import reconcile_account
from tasks.cycle import holding_lease
from tasks.decide import Decided
from tasks.market import compute_indicators, fetch_klines
from tasks.placing import place_orders
from tasks.resources import store_engine
from tasks.risk import check_risk
from tests.live.live_arena import FUNDS, LONG, LiveArena
from trading.decisions import Action, TradeDecision
from trading.units import plain

pytestmark = pytest.mark.db
CANDLE_SECONDS = 300
CLEAR_OF_SLOT = 40


async def test_row_20_a_wish_beyond_the_margin_is_cut_or_denied_and_never_meets_the_venues_refusal(
    live: LiveArena,
) -> None:
    cycle = await live.begin()
    async with holding_lease(cycle):
        state = await reconcile_account.fn(cycle)
        markets = await fetch_klines.fn(cycle)
        await compute_indicators.fn(cycle, markets)
        last = markets.views["BTCUSDT"].quote.last
        decision = TradeDecision(
            symbol="BTCUSDT",
            action=Action.BUY,
            allocation_usd=FUNDS * 1000,
            take_profit_price=(last * Decimal("1.05")).quantize(Decimal("0.1")),
            stop_price=(last * Decimal("0.97")).quantize(Decimal("0.1")),
            exit_plan="",
            rationale="all in, ignore the limits",
            confidence=1.0,
            decided_by="test",
        )
        with store_engine().begin() as conn:
            (decision_id,) = save_decisions(
                conn,
                [NewDecision(decision=decision, asset="BTC", reference_price=last)],
                cycle_id=cycle.id,
                account_id=cycle.account.id,
                decided_at=cycle.as_of,
            )
        decided = (Decided(id=decision_id, decision=decision),)
        approved = await check_risk.fn(cycle, state, markets, decided)
        await place_orders.fn(cycle, state, markets, approved)
        after = await reconcile_account.fn(cycle)
    limit = cycle.account.limits.max_position_ratio * FUNDS
    assert Decimal(0) < live.held * last <= limit
    assert after.balance.available > 0
    assert "refused" not in live.intents()


@pytest.mark.parametrize("ahead_ms", [30_000, -30_000])
async def test_row_26_a_clock_thirty_seconds_off_is_corrected_and_told_of(
    live: LiveArena, ahead_ms: int, caplog: pytest.LogCaptureFixture
) -> None:
    # A venue that is behind has not closed the newest candle yet in the first seconds of a slot.
    seconds = time.time() % CANDLE_SECONDS
    if ahead_ms < 0 and seconds < CLEAR_OF_SLOT:
        await asyncio.sleep(CLEAR_OF_SLOT - seconds)
    live.sandbox.skew(ahead_ms)
    await live.cycle(LONG)
    assert live.held == Decimal("0.01")
    assert "set the clock (NTP)" in caplog.text


async def test_row_29_funding_fees_and_profit_make_the_venues_wallet_to_the_last_digit(
    live: LiveArena,
) -> None:
    await live.cycle(LONG)
    live.sandbox.pay_funding("BTCUSDT", Decimal("0.0003"))
    live.sandbox.set_price("BTCUSDT", Decimal("61234.5"))
    await live.cycle()
    ((funding,),) = live.rows("select amount from app.income where kind = 'funding'")
    assert isinstance(funding, Decimal)
    assert funding < 0  # the rate is positive: longs pay
    assert live.rows("select funding from app.trades") == [(funding,)]
    live.sandbox.move_funds(live.user, Decimal(500))
    await live.cycle(close=True)
    await live.cycle()
    live.require_equal_ledgers()
    ((gross, fees, paid),) = live.rows("select gross_pnl, fees, funding from app.trades")
    assert FUNDS + 500 + gross - fees + paid == live.user.ledger.wallet  # type: ignore[operator] - money


async def test_a_deposit_is_no_profit_and_a_withdrawal_no_loss(live: LiveArena) -> None:
    await live.cycle()
    live.sandbox.move_funds(live.user, Decimal(5_000))
    await live.cycle()
    live.sandbox.move_funds(live.user, Decimal(-9_000))
    await live.cycle()
    assert live.rows("select equity - transfers from app.equity_snapshots order by at") == [
        (FUNDS,),
        (FUNDS,),
        (FUNDS,),
    ]
    assert live.one("select trading_state from app.accounts") == ("active",)


async def test_row_30_two_hundred_and_fifty_fills_between_two_cycles_are_all_booked_in_order(
    live: LiveArena,
) -> None:
    await live.cycle(LONG)
    booked = live.one("select count(*) from app.fills")[0]
    for number in range(250):
        side = "SELL" if number % 2 else "BUY"
        live.trade_by_hand(side, "0.001")
    await live.cycle()
    assert live.one("select count(*) from app.fills")[0] == booked + 250  # type: ignore[operator] - a count
    ids = [
        int(str(each)) for (each,) in live.rows("select trade_id from app.fills order by sequence")
    ]
    assert ids == sorted(ids)
    assert live.rows("select open_quantity from app.trades") == [(Decimal("0.01"),)]
    live.require_equal_ledgers()


async def test_a_stop_far_from_the_price_and_a_target_on_the_same_tick_keep_their_decimals(
    live: LiveArena,
) -> None:
    await live.cycle(replace(LONG, stop=Decimal("58000.1"), target=Decimal("66000.9")))
    assert {trigger for _, _, trigger in live.resting} == {
        Decimal("58000.1"),
        Decimal("66000.9"),
    }


def by_hand(live: LiveArena, side: str) -> str:
    """Somebody trades 0.001 BTC at the venue; the number of that fill."""
    live.trade_by_hand(side, "0.001")
    return live.user.fills[-1].trade_id


async def test_a_fill_that_is_listed_after_a_later_one_is_booked_all_the_same(
    live: LiveArena, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wallet_gap, "LOOK_EVERY", timedelta(0))
    await live.cycle(LONG)
    late = by_hand(live, "BUY")
    newer = by_hand(live, "BUY")
    live.user.unlisted = {late}
    await live.cycle()
    assert live.alerts() == ["wallet_gap"]
    assert live.one("select trade_id from app.fills order by sequence desc limit 1") == (newer,)

    live.user.unlisted = set()
    await live.cycle()
    live.require_equal_ledgers()
    assert live.alerts() == []
    ids = [str(each) for (each,) in live.rows("select trade_id from app.fills order by filled_at")]
    assert sorted(ids, key=int) == [fill.trade_id for fill in live.user.fills]
    assert live.rows("select open_quantity from app.trades") == [(Decimal("0.01"),)]


async def test_a_wallet_that_the_venue_does_not_explain_is_told_with_its_amount_and_trading_goes_on(
    live: LiveArena,
) -> None:
    await live.cycle(LONG)
    live.user.unlisted = {by_hand(live, "BUY"), by_hand(live, "SELL")}
    await live.cycle()
    with live.engine.connect() as conn:
        gap = live.user.ledger.wallet - FUNDS - booked_change(conn, "live")
    ((code, sentence),) = live.rows("select code, sentence from app.alerts")
    assert code == "wallet_gap"
    assert f"{plain(-gap)} USDT less than" in str(sentence)
    await live.cycle(close=True)
    assert live.held == 0
