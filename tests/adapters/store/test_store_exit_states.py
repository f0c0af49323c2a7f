"""State of exits in Postgres: keyed by position, exact, and never moved back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from adapters.store.exit_states import last_increase_at, load_exit_state, save_exit_state
from adapters.store.fills import book_fills
from adapters.store.tables import decisions, exit_states
from adapters.store.trades import apply_fills_to_trades, load_open_trades, set_trade_levels
from trading.exits.invalidation.plan import plan_conditions
from trading.exits.plan import PositionKey
from trading.exits.state import ExitState
from trading.orders import Side
from trading.positions import Direction
from trading.timeframes import Timeframe

pytestmark = pytest.mark.db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def state(build) -> ExitState:
    return ExitState(
        key=PositionKey("BTCUSDT", build.slot, Direction.LONG),
        entry_price=Decimal("100.123456789012345678901234567"),
        measured_from=build.slot,
        best_price=Decimal("107.5"),
        looked_at=build.slot + 5 * MINUTE,
    )


def test_a_state_is_read_back_exactly(conn, state):
    assert load_exit_state(conn, "acc1", state.key) is None
    save_exit_state(conn, "acc1", state)
    assert load_exit_state(conn, "acc1", state.key) == state


@pytest.mark.parametrize("change", ["account", "symbol", "opened_at", "direction"])
def test_the_state_of_another_position_is_never_found(build, conn, state, change):
    save_exit_state(conn, "acc1", state)
    other = {
        "account": state.key,
        "symbol": replace(state.key, symbol="ETHUSDT"),
        "opened_at": replace(state.key, opened_at=build.slot + MINUTE),
        "direction": replace(state.key, direction=Direction.SHORT),
    }[change]
    assert load_exit_state(conn, "acc2" if change == "account" else "acc1", other) is None


def test_a_later_look_replaces_an_earlier_one_and_never_the_other_way_round(conn, state):
    later = replace(state, best_price=Decimal(110), looked_at=state.looked_at + MINUTE)
    for each in (state, later, state):
        save_exit_state(conn, "acc1", each)
    assert load_exit_state(conn, "acc1", state.key) == later
    assert len(conn.execute(select(exit_states)).all()) == 1


def test_the_last_increase_is_the_last_fill_of_the_entry_side_since_the_opening(build, conn):
    key = PositionKey("BTCUSDT", build.slot + MINUTE, Direction.LONG)
    assert last_increase_at(conn, "acc1", key) is None
    fills = [
        build.fill(1),  # of an earlier position
        build.fill(2, minutes=1),
        build.fill(3, minutes=3),
        build.fill(4, Side.SELL, "0.5", minutes=5),
        build.fill(5, minutes=7, symbol="ETHUSDT"),
    ]
    book_fills(conn, "acc1", fills)
    assert last_increase_at(conn, "acc1", key) == build.slot + 3 * MINUTE
    short = replace(key, direction=Direction.SHORT)
    assert last_increase_at(conn, "acc1", short) == build.slot + 5 * MINUTE
    assert last_increase_at(conn, "acc2", key) is None
    unseen = replace(key, opened_at=build.slot + 4 * MINUTE)
    assert last_increase_at(conn, "acc1", unseen) is None


def test_conditions_go_from_the_decision_to_its_trade_and_are_replaced_only_by_others(build, conn):
    conditions = plan_conditions(["ADX < 25", "price < 90"], {Timeframe.H1: 100})
    decision_id = build.stored_decision(exit_conditions=conditions)
    texts = ("adx_14 < 25 on 1h", "price < 90")
    assert conn.scalar(select(decisions.c.exit_conditions)) == list(texts)
    intent = build.planned(build.intent(decision_id=decision_id)).intent
    apply_fills_to_trades(conn, "acc1", [build.fill(1, client_id=intent.request.client_order_id)])
    assert load_open_trades(conn, "acc1")[0].exit_conditions == texts
    set_trade_levels(conn, "acc1", "BTCUSDT", Decimal(95), None, "words")
    assert load_open_trades(conn, "acc1")[0].exit_conditions == texts
    set_trade_levels(conn, "acc1", "BTCUSDT", Decimal(95), None, "", exit_conditions=["price < 91"])
    assert load_open_trades(conn, "acc1")[0].exit_conditions == ("price < 91",)


def test_a_trade_of_nobodys_decision_has_no_conditions(build, conn):
    apply_fills_to_trades(conn, "acc1", [build.fill(1)])
    assert load_open_trades(conn, "acc1")[0].exit_conditions == ()
