"""What risk remembers: the day's start and depth, and the last close of each symbol."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from adapters.store.accounts import save_account
from adapters.store.risk_state import last_closes, load_risk_day, note_equity
from adapters.store.trades import apply_fills_to_trades
from trading.orders import Side
from trading.positions import Direction
from trading.timeframes import floor_instant

pytestmark = pytest.mark.db
ONE_DAY = timedelta(days=1)


def test_the_start_of_a_day_is_fixed_and_its_depth_only_grows(build, conn):
    day = floor_instant(build.slot, ONE_DAY)
    noted = [
        note_equity(conn, "acc1", day, start=Decimal(start), equity=Decimal(equity))
        for start, equity in ((10_000, 9_900), (12_000, 9_950), (1, 9_500), (1, 9_999))
    ]
    assert [each.start_equity for each in noted] == [10_000] * 4
    assert [each.lowest_equity for each in noted] == [9_900, 9_900, 9_500, 9_500]
    assert load_risk_day(conn, "acc1", day) == noted[-1]


def test_a_reading_above_the_start_is_no_depth(build, conn):
    day = floor_instant(build.slot, ONE_DAY)
    noted = note_equity(conn, "acc1", day, start=Decimal(100), equity=Decimal(120))
    assert (noted.start_equity, noted.lowest_equity) == (100, 100)


def test_days_and_accounts_do_not_share_their_depth(build, conn):
    save_account(conn, build.account(id="acc2"))
    day = floor_instant(build.slot, ONE_DAY)
    note_equity(conn, "acc1", day, start=Decimal(100), equity=Decimal(50))
    assert load_risk_day(conn, "acc1", day + ONE_DAY) is None
    assert load_risk_day(conn, "acc2", day) is None


@pytest.mark.parametrize("broken", ["NaN", "Infinity", "-Infinity"])
def test_a_broken_reading_is_refused_before_it_reaches_the_table(build, conn, broken):
    day = floor_instant(build.slot, ONE_DAY)
    with pytest.raises(ValueError, match="finite"):
        note_equity(conn, "acc1", day, start=Decimal(100), equity=Decimal(broken))
    assert load_risk_day(conn, "acc1", day) is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(st.lists(st.integers(-500, 20_000), min_size=1, max_size=8))
def test_the_depth_is_the_lowest_of_all_readings_whatever_their_order(build, conn, readings):
    conn.execute(text("delete from app.risk_days"))
    day = floor_instant(build.slot, ONE_DAY)
    for reading in readings:
        noted = note_equity(conn, "acc1", day, start=Decimal(10_000), equity=Decimal(reading))
    assert noted.lowest_equity == min(10_000, *readings)


def test_the_newest_close_of_each_symbol_is_known_with_its_direction(build, conn):
    since = build.slot - ONE_DAY
    assert last_closes(conn, "acc1", since) == {}
    apply_fills_to_trades(conn, "acc1", [build.fill(1, minutes=1)])
    assert last_closes(conn, "acc1", since) == {}  # still open
    apply_fills_to_trades(conn, "acc1", [build.fill(2, Side.SELL, minutes=5)])
    apply_fills_to_trades(conn, "acc1", [build.fill(3, Side.SELL, minutes=6)])
    apply_fills_to_trades(conn, "acc1", [build.fill(4, Side.BUY, minutes=9)])
    closes = last_closes(conn, "acc1", since)
    assert list(closes) == ["BTCUSDT"]
    assert closes["BTCUSDT"].direction is Direction.SHORT
    assert closes["BTCUSDT"].at == build.slot + timedelta(minutes=9)


def test_a_close_before_the_asked_time_and_one_of_another_account_are_not_told(build, conn):
    save_account(conn, build.account(id="acc2"))
    apply_fills_to_trades(conn, "acc1", [build.fill(1, minutes=1)])
    apply_fills_to_trades(conn, "acc1", [build.fill(2, Side.SELL, minutes=5)])
    assert last_closes(conn, "acc1", build.slot + timedelta(minutes=6)) == {}
    assert last_closes(conn, "acc1", build.slot + timedelta(minutes=5)) != {}
    assert last_closes(conn, "acc2", build.slot - ONE_DAY) == {}
