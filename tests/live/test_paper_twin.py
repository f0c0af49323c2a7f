"""A live account and its paper twin through whole cycles: same decisions, other money, other fills."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from decimal import Decimal
from unittest.mock import Mock

import pytest

from adapters.store.accounts import mark_removed, set_status
from adapters.store.cycles import record_skipped
from adapters.store.engine import open_async_engine
from adapters.store.views.twins import find_pair
from api.routes.twins import load_twin
from api.twin_shapes import TwinShape
from tasks import decide as deciding
from tasks import twin_decisions
from tasks.account_state import reconcile_account
from tasks.decide import decide
from tasks.market import fetch_klines
from tests.live.live_arena import LiveArena
from tests.live.pair import (
    BUY,
    CLOSE,
    TWIN,
    Slots,
    add_twin,
    claim,
    one_slot_for_all,
    trade_live,
)
from tests.tasks.whole_cycle import run_cycle
from trading.account import AccountStatus
from trading.market import BookLevel

pytestmark = pytest.mark.db

DECIDED = """select symbol, action, allocation_usd, stop_price, take_profit_price, exit_plan,
    rationale, confidence, decided_by, verdict, equity, id, twin_decision_id
    from app.decisions where account_id = :a order by decided_at, symbol"""
HELD = "select account_id, quantity from app.positions order by account_id"
WHY = "select action, rationale from app.decisions where account_id = 'live-paper'"


@pytest.fixture
def slots(live: LiveArena, monkeypatch: pytest.MonkeyPatch) -> Slots:
    """A pair in the arena, the live account with 10,000 and its twin with 5,000 USDT."""
    add_twin(live, equity=5_000)
    return one_slot_for_all(monkeypatch)


async def figures(live: LiveArena) -> TwinShape:
    """The figures of the pair as the API answers them."""
    url = live.engine.url.render_as_string(hide_password=False)
    engine = open_async_engine(url, application="test")
    try:
        async with engine.connect() as conn:
            pair = await find_pair(conn, TWIN)
            assert pair is not None
            return await load_twin(conn, pair)
    finally:
        await engine.dispose()


async def test_the_twin_repeats_a_decision_with_its_share_of_the_money(
    live: LiveArena, slots: Slots
) -> None:
    await trade_live(BUY)
    await run_cycle(TWIN)
    [original] = live.rows(DECIDED, a="live")
    [repeated] = live.rows(DECIDED, a=TWIN)
    assert (original[2], repeated[2]) == (Decimal(1_260), Decimal(630))
    assert repeated[0:2] + repeated[3:8] == original[0:2] + original[3:8]
    assert repeated[8:11] == ("twin of live", "approved", Decimal(5_000))
    assert (original[12], repeated[12]) == (None, original[11])
    assert live.rows(HELD) == [("live", Decimal("0.020")), (TWIN, Decimal("0.010"))]
    stops = live.rows("select stop_price from app.intents where leg = 'stop'")
    assert stops == [(Decimal(58_000),)] * 2


async def test_both_leave_when_the_original_leaves(live: LiveArena, slots: Slots) -> None:
    for decision in (BUY, CLOSE):
        await trade_live(decision)
        await run_cycle(TWIN)
        slots.next()
    assert live.rows(HELD) == []
    assert live.rows("select account_id, status from app.trades order by 1") == [
        ("live", "closed"), (TWIN, "closed"),
    ]  # fmt: skip


async def test_a_worse_fill_at_the_venue_is_the_slippage_and_the_tracking_of_the_pair(
    live: LiveArena, slots: Slots
) -> None:
    def thin_book() -> None:
        levels = ((Decimal(60_060), Decimal("0.008")), (Decimal(60_120), Decimal(5)))
        asks = tuple(BookLevel(price=price, quantity=quantity) for price, quantity in levels)
        live.sandbox.set_book("BTCUSDT", asks=asks)

    await trade_live(BUY, before_orders=thin_book)
    live.sandbox.set_price("BTCUSDT", Decimal(60_000))
    await run_cycle(TWIN)
    found = await figures(live)

    # Live: (0.008 x 60060 + 0.012 x 60120) / 0.020. Paper: 60000 and five basis points.
    [entry] = found.newest_entries
    assert (entry.live_price, entry.paper_price) == (Decimal(60_096), Decimal(60_030))
    assert entry.tracking_bps == pytest.approx(66 / 60_030 * 10_000)
    assert found.tracking_bps == entry.tracking_bps
    assert found.tracking_cost == Decimal("1.32")  # 66 x 0.020
    # Against the ask that was seen, 60000.1.
    assert found.slippage_bps == pytest.approx(95.9 / 60_000.1 * 10_000)
    assert found.paper_slippage_bps == pytest.approx(29.9 / 60_000.1 * 10_000)
    assert (found.wanted_sent, found.wanted_filled, found.execution_success) == (1, 1, 1.0)
    assert (found.orders_sent, found.error_rate) == (3, 0.0)
    assert (found.differences_24h, found.frozen) == (0, [])


async def test_an_order_that_the_venue_refuses_is_an_error_and_filled_on_paper_only(
    live: LiveArena, slots: Slots
) -> None:
    refusal = '{"code": -2019, "msg": "Margin is insufficient."}'
    live.sandbox.fail("order", method="POST", status=400, body=refusal)
    await trade_live(BUY)
    await run_cycle(TWIN)
    found = await figures(live)
    assert (found.both_filled, found.only_live, found.only_paper) == (0, 0, 1)
    assert (found.tracking_bps, found.tracking_cost, found.slippage_bps) == (None, None, None)
    assert (found.execution_success, found.orders_refused, found.error_rate) == (0.0, 1, 1.0)


async def test_an_answer_that_was_lost_counts_as_unknown_though_the_order_was_found(
    live: LiveArena, slots: Slots
) -> None:
    live.sandbox.fail("order", method="POST", execute=True, drop=True)
    await trade_live(BUY)
    await run_cycle(TWIN)
    found = await figures(live)
    assert (found.wanted_filled, found.orders_unknown, found.orders_refused) == (1, 1, 0)
    assert found.error_rate == pytest.approx(1 / 3)


async def test_a_position_made_by_hand_freezes_its_asset(live: LiveArena, slots: Slots) -> None:
    never = await figures(live)
    assert (never.differences_24h, never.frozen, never.real_reconciled_at) == (None, None, None)
    live.sandbox.trade_by_hand(live.user, symbol="BTCUSDT", side="BUY", type="MARKET", quantity="1")
    await trade_live()
    found = await figures(live)
    assert (found.differences_24h, found.frozen) == (0, ["BTC"])
    assert found.real_reconciled_at is not None


async def test_the_twin_waits_for_an_original_that_is_still_at_work(
    live: LiveArena, slots: Slots, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(twin_decisions, "POLL_SECONDS", 0.05)

    async def original() -> None:
        await asyncio.sleep(0.4)
        await trade_live(BUY)

    await asyncio.gather(run_cycle(TWIN), original())
    assert live.rows(WHY) == [("buy", BUY.rationale)]


async def test_nobody_is_asked_for_a_twin(
    live: LiveArena, slots: Slots, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Mock(side_effect=AssertionError("a strategy was computed"))
    await trade_live(BUY)
    monkeypatch.setattr(deciding, "_decide_all", asked)
    await run_cycle(TWIN)
    asked.assert_not_called()


async def test_a_decision_is_repeated_once_however_often_the_step_runs(
    live: LiveArena, slots: Slots
) -> None:
    await trade_live(BUY)
    cycle = await claim(TWIN)
    state, markets = await reconcile_account.fn(cycle), await fetch_klines.fn(cycle)
    first = await decide.fn(cycle, state, markets)
    again = await decide.fn(cycle, state, markets)
    assert [each.id for each in again] == [each.id for each in first]
    assert len(live.rows(WHY)) == 1


async def test_an_original_that_decided_nothing_leaves_nothing_to_repeat(
    live: LiveArena, slots: Slots
) -> None:
    await trade_live()
    await run_cycle(TWIN)
    assert live.rows(WHY) == [("hold", "Nothing to repeat of live: it decided nothing.")]


async def test_without_decisions_in_time_the_twin_holds_and_says_so(
    live: LiveArena, slots: Slots, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(twin_decisions, "WAIT_SECONDS", 0.2)
    await run_cycle(TWIN)
    assert live.rows(WHY) == [
        ("hold", "Nothing to repeat of live: none of its decisions came in time.")
    ]
    assert live.rows(HELD) == []


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("paused", "it is paused"),
        ("removed", "it is not in the arena any more"),
        ("skipped", "its cycle was skipped (late: too late)"),
    ],
)
async def test_an_original_that_will_not_decide_is_not_waited_for(
    live: LiveArena, slots: Slots, what: str, why: str
) -> None:
    with live.engine.begin() as conn:
        if what == "paused":
            set_status(conn, "live", AccountStatus.PAUSED)
        elif what == "removed":
            mark_removed(conn, "live")
        else:
            record_skipped(
                conn,
                account_id="live",
                slot=slots.at,
                trigger="schedule",
                reason="late: too late",
                flow_run_id=None,
                real_scheduled_at=None,
                config_version=1,
                real_now=datetime.now(UTC),
            )
    began = time.monotonic()
    await run_cycle(TWIN)
    assert time.monotonic() - began < 10
    assert live.rows(WHY) == [("hold", f"Nothing to repeat of live: {why}.")]
