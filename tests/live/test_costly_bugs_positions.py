"""Costly bugs, rows 4 to 6, 10, 11 and 15 to 18: what a position may meet while it is held.

Each against the sandbox over real HTTP; the number of the row is in the name.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from adapters.store.accounts import load_account
from adapters.store.accounts import save_account as store_account
from tasks import account_state, closing, resources
from tasks.account_state import reconcile_account
from tasks.closing import flatten
from tasks.cycle import holding_lease
from tasks.market import fetch_klines
from tests.live.live_arena import LONG, LiveArena
from trading.account import AccountStatus, ForeignPolicy

pytestmark = pytest.mark.db
MARKET = {"type": "MARKET"}
NO_SUCH_ORDER = '{"code":-2013,"msg":"Order does not exist."}'
REFUSED = {"status": 400, "body": '{"code":-2010,"msg":"NEW_ORDER_REJECTED"}'}


async def test_row_4_a_stop_that_a_listing_hides_is_asked_for_and_never_placed_twice(
    live: LiveArena,
) -> None:
    await live.cycle(LONG)
    live.sandbox.fail("openOrders", times=0, hide_stops=True)
    for _ in range(2):
        await live.cycle()
    assert [kind for kind, *_ in live.resting] == ["stop_market", "take_profit_market"]
    assert "protection_hidden_btcusdt" in live.alerts()
    live.sandbox.venue.faults.clear()
    await live.cycle()
    assert "protection_hidden_btcusdt" not in live.alerts()


async def test_row_5_the_stop_of_a_position_that_its_target_closed_is_taken_away_in_the_next_look(
    live: LiveArena,
) -> None:
    await live.cycle(LONG)
    live.sandbox.set_price("BTCUSDT", Decimal(66_100))
    assert (live.held, [kind for kind, *_ in live.resting]) == (0, ["stop_market"])
    await live.cycle()
    assert live.resting == []
    assert live.rows("select close_reason from app.trades") == [("target",)]
    live.require_equal_ledgers()


async def test_row_5_what_an_earlier_trade_left_is_gone_before_a_new_entry(live: LiveArena) -> None:
    await live.cycle(LONG)
    live.sandbox.set_price("BTCUSDT", Decimal(66_100))
    live.sandbox.set_price("BTCUSDT", Decimal(60_000))
    await live.cycle(replace(LONG, stop=Decimal(57_000)))
    assert [(kind, trigger) for kind, _, trigger in live.resting] == [
        ("stop_market", Decimal(57_000)),
        ("take_profit_market", Decimal(66_000)),
    ]


async def test_row_5_a_stop_that_is_not_ours_is_never_touched(live: LiveArena) -> None:
    live.sandbox.trade_by_hand(
        live.user,
        symbol="BTCUSDT",
        side="BUY",
        type="LIMIT",
        timeInForce="GTC",
        quantity="0.005",
        price="58000",
        newClientOrderId="by-hand",
    )
    await live.cycle(LONG)
    await live.cycle(close=True)
    assert [r.order.request.client_order_id for r in live.user.open_records()] == ["by-hand"]


async def test_row_6_a_close_that_the_venue_refuses_leaves_the_stop_where_it_is(
    live: LiveArena,
) -> None:
    await live.cycle(LONG)
    live.sandbox.fail("order", method="POST", where=MARKET, times=0, **REFUSED)
    await live.cycle(close=True)
    assert live.held == Decimal("0.01")
    assert [kind for kind, *_ in live.resting] == ["stop_market", "take_profit_market"]
    assert "position_not_closed" in live.alerts()
    live.sandbox.venue.faults.clear()
    await live.cycle(close=True)
    assert (live.held, live.resting) == (0, [])
    assert "position_not_closed" not in live.alerts()


async def test_row_10_what_a_close_could_not_fill_is_sent_again_until_nothing_is_left(
    live: LiveArena,
) -> None:
    await live.cycle(LONG)
    for _ in range(2):
        live.sandbox.plan_fills(Decimal("0.5"))
    await live.cycle(close=True)
    assert (live.held, live.resting) == (0, [])
    assert len(live.intents("exit")) == 3
    live.require_equal_ledgers()


def take_at_most(live: LiveArena, quantity: str) -> None:
    """The venue takes no larger market order, and a new process reads that."""
    market = live.sandbox.venue.market("BTCUSDT")
    market.instrument = replace(market.instrument, max_market_quantity=Decimal(quantity))
    resources.forget()


async def test_row_10_a_position_larger_than_the_venues_market_order_is_closed_in_parts(
    live: LiveArena,
) -> None:
    await live.cycle(LONG)
    take_at_most(live, "0.003")
    await live.cycle(close=True)
    assert (live.held, live.resting) == (0, [])
    assert len(live.intents("exit")) == 4
    live.require_equal_ledgers()


async def test_row_10_a_close_that_a_thin_book_never_fills_is_told_and_ends(
    live: LiveArena,
) -> None:
    await live.cycle(LONG)
    take_at_most(live, "0.003")
    for _ in range(40):
        live.sandbox.plan_fills(Decimal(0))
    await live.cycle(close=True)
    assert (live.held, len(live.intents("exit"))) == (Decimal("0.01"), closing.CLOSE_ATTEMPTS)
    assert [kind for kind, *_ in live.resting] == ["stop_market", "take_profit_market"]
    assert "position_not_closed" in live.alerts()


async def test_row_11_a_stop_that_fires_while_the_close_is_on_its_way_never_turns_the_position(
    live: LiveArena,
) -> None:
    await live.cycle(LONG)
    live.sandbox.fail("order", method="POST", where=MARKET, delay=0.3)
    cycle = await live.begin()
    async with holding_lease(cycle):
        closing = asyncio.create_task(
            flatten(cycle, "BTCUSDT", code="decision", sentence="test", decision_id=None)
        )
        await asyncio.sleep(0.15)
        live.sandbox.set_price("BTCUSDT", Decimal(57_900))
        await closing
        await reconcile_account.fn(cycle)
    assert (live.held, live.resting) == (0, [])
    live.require_equal_ledgers()


async def test_row_15_reconciling_ten_times_over_the_same_state_adds_nothing(
    live: LiveArena,
) -> None:
    await live.cycle(LONG)
    tables = ("fills", "income", "orders", "trades", "positions")

    def counts() -> list[object]:
        return [live.one(f"select count(*) from app.{table}")[0] for table in tables]

    before = counts()
    for _ in range(10):
        state = await live.cycle()
    assert counts() == before
    assert [held.position.quantity for held in state.positions] == [Decimal("0.01")]


async def test_row_16_a_position_that_is_not_ours_blocks_its_symbol_and_is_left_alone(
    live: LiveArena,
) -> None:
    live.trade_by_hand("BUY", "0.02")
    state = await live.cycle()
    assert state.positions == ()
    assert [held.position.quantity for held in state.foreign] == [Decimal("0.02")]
    assert "not the account's own" in state.frozen["BTCUSDT"]
    assert live.resting == []
    assert live.rows("select id from app.trades") == []
    live.require_equal_ledgers()


async def test_row_16_a_position_older_than_our_record_is_adopted_at_the_venues_price_when_told_to(
    live: LiveArena,
) -> None:
    live.trade_by_hand("BUY", "0.02")
    with live.engine.begin() as conn:
        conn.exec_driver_sql(
            "update app.live_permits set opened_at = clock_timestamp(),"
            f" opening_wallet = {live.user.ledger.wallet}"
        )
        account = load_account(conn, "live").account
        store_account(conn, replace(account, foreign=ForeignPolicy.ADOPT))
    entry = live.user.book.positions["BTCUSDT"].entry_price
    state = await live.cycle()
    assert [held.position.quantity for held in state.positions] == [Decimal("0.02")]
    assert live.rows("select open_quantity, entry_price from app.trades") == [
        (Decimal("0.02"), entry)
    ]
    assert [(kind, quantity) for kind, quantity, _ in live.resting] == [
        ("stop_market", Decimal("0.02"))
    ]


async def test_row_16_a_part_closed_by_hand_shrinks_our_trade_and_its_protection(
    live: LiveArena,
) -> None:
    await live.cycle(LONG)
    live.trade_by_hand("SELL", "0.004")
    await live.cycle()
    assert live.rows("select open_quantity from app.trades") == [(Decimal("0.006"),)]
    assert {quantity for _, quantity, _ in live.resting} == {Decimal("0.006")}
    live.require_equal_ledgers()


async def test_row_16_our_part_is_closed_once_while_the_list_still_shows_it(
    live: LiveArena,
) -> None:
    await live.cycle(LONG)
    live.trade_by_hand("BUY", "0.02")
    await live.cycle()
    # Two readings: before the close, and the first one after it.
    live.sandbox.fail(
        "positionRisk", times=2, where={"symbol": "BTCUSDT"}, merge={"positionAmt": "0.03"}
    )
    await live.cycle(close=True)
    assert live.intents("exit") == ["filled"]
    assert (live.held, live.resting) == (Decimal("0.02"), [])
    assert live.alerts() == []


async def be_liquidated(live: LiveArena) -> None:
    """A position whose stop has vanished at the venue, and a price beyond its liquidation."""
    await live.cycle(replace(LONG, stop=Decimal(30_000), target=None))
    live.user.book = replace(live.user.book, orders={})
    live.sandbox.set_price("BTCUSDT", Decimal(35_000))
    assert live.held == 0


async def test_row_17_a_liquidation_is_booked_with_its_loss_and_the_account_goes_to_review(
    live: LiveArena,
) -> None:
    await be_liquidated(live)
    await live.cycle()
    assert live.rows("select close_reason from app.trades") == [("liquidation",)]
    assert live.status is AccountStatus.PAUSED
    assert "account_stopped" in live.alerts()
    live.require_equal_ledgers()


async def test_row_17_a_liquidation_whose_order_the_venue_tells_no_more_goes_to_review_all_the_same(
    live: LiveArena,
) -> None:
    await be_liquidated(live)
    live.sandbox.fail("order", method="GET", times=0, status=400, body=NO_SUCH_ORDER)
    await live.cycle()
    assert live.rows("select close_reason from app.trades") == [("liquidation",)]
    assert live.status is AccountStatus.PAUSED


async def test_row_17_a_process_that_dies_after_booking_a_liquidation_has_paused_the_account(
    live: LiveArena, monkeypatch: pytest.MonkeyPatch
) -> None:
    await be_liquidated(live)

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(account_state, "_state", dies)  # right after the commit
    with pytest.raises(KeyboardInterrupt):
        await live.cycle()
    assert live.rows("select close_reason from app.trades") == [("liquidation",)]
    assert live.status is AccountStatus.PAUSED
    assert "account_stopped" in live.alerts()


async def test_row_17_auto_deleveraging_shrinks_trade_and_protection_and_is_told(
    live: LiveArena,
) -> None:
    await live.cycle(LONG)
    live.sandbox.auto_deleverage(live.user, "BTCUSDT", Decimal("0.003"))
    await live.cycle()
    assert live.rows("select open_quantity from app.trades") == [(Decimal("0.007"),)]
    assert {quantity for _, quantity, _ in live.resting} == {Decimal("0.007")}
    assert "auto_deleveraged" in live.alerts()
    assert live.status is AccountStatus.ACTIVE
    live.require_equal_ledgers()


async def test_row_18_on_frozen_prices_nothing_is_entered_and_a_position_can_be_left(
    live: LiveArena,
) -> None:
    await live.cycle(LONG)
    venue = live.sandbox.venue
    venue.market("BTCUSDT").frozen_ms = venue.time.now_ms - 600_000
    cycle = await live.begin()
    async with holding_lease(cycle):
        markets = await fetch_klines.fn(cycle)
        assert "BTCUSDT" not in markets.views
        assert "frozen" in markets.problems["BTCUSDT"]
    await live.cycle(close=True)
    assert (live.held, live.resting) == (0, [])
