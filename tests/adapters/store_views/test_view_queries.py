"""The queries behind the screens: pages, thinning, prices, changes."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, insert
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.store.accounts import save_account
from adapters.store.events import emit_event
from adapters.store.partitions import ensure_partitions
from adapters.store.tables import candles, instruments
from adapters.store.views.accounts import account_exists, load_accounts
from adapters.store.views.assets import load_assets
from adapters.store.views.equity import (
    load_curves,
    load_earlier_readings,
    load_spans,
)
from adapters.store.views.events import events_after, newest_event_id
from adapters.store.views.hold import find_benchmark, load_price_line, load_prices_at
from adapters.store.views.orders import list_orders
from adapters.store.views.paging import BadCursor, Cursor, Filters, PageRequest
from adapters.store.views.positions import list_positions
from adapters.store.views.trades import list_trades
from tests.api.seeding import (
    MARKET,
    START,
    add_cycle,
    add_order,
    add_position,
    add_snapshots,
    make_account,
    seed_market,
)

EVERYTHING = PageRequest(filters=Filters(), limit=100)
HOUR = timedelta(hours=1)


@pytest.fixture
def account(engine: Engine) -> str:
    with engine.begin() as conn:
        save_account(conn, make_account("solo"))
    return "solo"


async def test_orders_of_one_instant_are_paged_without_loss(
    engine: Engine, async_engine: AsyncEngine
) -> None:
    with engine.begin() as conn:
        for account_id, number in itertools.product(("a", "b"), range(5)):
            add_order(conn, account_id, "BTCUSDT", f"o{number}", at=START)
    async with async_engine.connect() as conn:
        assets = await load_assets(conn)
        found, after = [], None
        while True:
            page = await list_orders(
                conn, PageRequest(filters=Filters(), limit=3, after=after), assets
            )
            found += [(o.account_id, o.venue_order_id) for o in page.items]
            after = page.next
            if after is None:
                break
    assert len(found) == len(set(found)) == 10
    assert found == sorted(found, reverse=True)


async def test_a_new_row_on_top_does_not_shift_the_next_page(
    engine: Engine, async_engine: AsyncEngine
) -> None:
    with engine.begin() as conn:
        for number in range(4):
            add_order(conn, "a", "BTCUSDT", f"o{number}", at=START + HOUR * number)
    async with async_engine.connect() as conn:
        assets = await load_assets(conn)
        first = await list_orders(conn, PageRequest(filters=Filters(), limit=2), assets)
        with engine.begin() as other:
            add_order(other, "a", "BTCUSDT", "late", at=START + HOUR * 9)
        second = await list_orders(
            conn, PageRequest(filters=Filters(), limit=2, after=first.next), assets
        )
    assert [o.venue_order_id for o in (*first.items, *second.items)] == ["o3", "o2", "o1", "o0"]


async def test_a_key_of_another_form_is_a_bad_cursor(async_engine: AsyncEngine) -> None:
    request = PageRequest(filters=Filters(), limit=2, after=Cursor(at=START, key="17"))
    async with async_engine.connect() as conn:
        with pytest.raises(BadCursor):
            await list_trades(conn, request, await load_assets(conn))


async def test_only_a_reduce_only_stop_that_rests_protects_a_position(
    engine: Engine, async_engine: AsyncEngine
) -> None:
    unprotected = [
        {"status": "canceled", "order_type": "stop_market"},
        {"order_type": "limit", "price": Decimal(70_000), "stop_price": None},
        {"order_type": "stop_market", "reduce_only": False},
    ]
    with engine.begin() as conn:
        for number, order in enumerate(unprotected):
            add_position(conn, f"bad{number}", "BTCUSDT", at=START, with_stop=False)
            add_order(conn, f"bad{number}", "BTCUSDT", "x", at=START, **order)
        add_position(conn, "elsewhere", "BTCUSDT", at=START, with_stop=False)
        add_order(conn, "elsewhere", "ETHUSDT", "x", at=START, order_type="stop_market")
        add_position(conn, "good", "BTCUSDT", at=START, with_stop=True)
    async with async_engine.connect() as conn:
        page = await list_positions(conn, EVERYTHING, await load_assets(conn))
    assert {p.account_id for p in page.items if p.has_resting_stop} == {"good"}
    assert len(page.items) == 5


async def test_the_newest_cycle_and_the_newest_that_ended_well_are_told_apart(
    engine: Engine, async_engine: AsyncEngine, account: str
) -> None:
    real = datetime.now(UTC)
    with engine.begin() as conn:
        add_cycle(conn, account, START, real_at=real)
        add_cycle(conn, account, START + HOUR, real_at=real, status="failed", reason="boom")
    async with async_engine.connect() as conn:
        (found,) = await load_accounts(conn)
        assert await account_exists(conn, account)
        assert not await account_exists(conn, "other")
    assert found.last_cycle is not None
    assert (found.last_cycle.status, found.last_cycle.reason) == ("failed", "boom")
    assert found.last_done is not None
    assert found.last_done.slot == START


async def test_a_line_that_fits_is_not_thinned(
    engine: Engine, async_engine: AsyncEngine, account: str
) -> None:
    values = [Decimal(10_000 + n) for n in range(100)]
    with engine.begin() as conn:
        add_snapshots(conn, account, values)
    async with async_engine.connect() as conn:
        curves = await load_curves(conn, await load_spans(conn), max_points=100)
    assert [reading.equity for reading in curves[account]] == values


# The database is shared by the examples; each begins by emptying the table.
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
async def test_thinning_keeps_extremes_ends_order_and_bound(
    engine: Engine, async_engine: AsyncEngine, data: st.DataObject
) -> None:
    values = data.draw(
        st.lists(st.decimals(1, 100_000, places=4), min_size=30, max_size=120), label="equity"
    )
    bound = data.draw(st.sampled_from([6, 10, 20, 28]), label="bound")
    with engine.begin() as conn:
        conn.exec_driver_sql("delete from app.equity_snapshots")
        add_snapshots(conn, "solo", values)
    async with async_engine.connect() as conn:
        line = (await load_curves(conn, await load_spans(conn), max_points=bound))["solo"]
    kept = [reading.equity for reading in line]
    assert len(line) <= bound
    assert (max(kept), min(kept)) == (max(values), min(values))
    assert kept[-1] == values[-1]
    assert [r.at for r in line] == sorted({r.at for r in line})
    stored = {START + timedelta(minutes=5) * n: value for n, value in enumerate(values)}
    assert all(stored[reading.at] == reading.equity for reading in line)


async def test_a_change_of_a_day_is_not_measured_from_a_snapshot_of_last_week(
    engine: Engine, async_engine: AsyncEngine, account: str
) -> None:
    with engine.begin() as conn:
        add_snapshots(conn, account, [Decimal(1), Decimal(2)], step=timedelta(days=7))
    async with async_engine.connect() as conn:
        week = {account: START + timedelta(days=7)}
        found = await load_earlier_readings(conn, week, tolerance=HOUR * 6)
        assert found[account].equity == 2
        day_before = {account: START + timedelta(days=6)}
        assert await load_earlier_readings(conn, day_before, tolerance=HOUR * 6) == {}


async def test_a_price_is_known_from_the_close_of_its_candle_on(
    engine: Engine, async_engine: AsyncEngine
) -> None:
    with engine.begin() as conn:
        ensure_partitions(conn, candles, START, START + HOUR)
        conn.execute(
            insert(instruments).values(
                market=MARKET,
                symbol="BTCUSDT",
                base="BTC",
                quote="USDT",
                tick_size=1,
                step_size=1,
                min_notional=1,
                filters={},
            )
        )
        for minute, (opened, closed) in {0: (100, 110), 5: (110, 90)}.items():
            conn.execute(
                insert(candles).values(
                    market=MARKET,
                    symbol="BTCUSDT",
                    timeframe_seconds=300,
                    open_time=START + timedelta(minutes=minute),
                    open=opened,
                    high=120,
                    low=80,
                    close=closed,
                    volume=1,
                )
            )
    minutes = {0: 100, 4: 100, 5: 110, 9: 110, 10: 90, 60: 90}
    async with async_engine.connect() as conn:
        benchmark = await find_benchmark(conn, MARKET)
        assert benchmark is not None
        assert await find_benchmark(conn, "another-market") is None
        prices = await load_prices_at(
            conn, benchmark, [START + timedelta(minutes=m) for m in minutes]
        )
    assert {
        int((at - START) / timedelta(minutes=1)): price for at, price in prices.items()
    } == minutes


async def test_the_line_of_btc_is_thinned_and_keeps_its_extremes(
    engine: Engine, async_engine: AsyncEngine
) -> None:
    with engine.begin() as conn:
        ensure_partitions(conn, candles, START - HOUR, START + HOUR * 30)
        seed_market(conn, hours=30)
    async with async_engine.connect() as conn:
        benchmark = await find_benchmark(conn, MARKET)
        assert benchmark is not None
        span = {"first": START, "last": START + HOUR * 30}
        whole = await load_price_line(conn, benchmark, **span, max_points=2_000)
        line = await load_price_line(conn, benchmark, **span, max_points=50)
    assert len(whole) == 361
    assert len(line) <= 50
    assert {min(p.price for p in line), max(p.price for p in line)} == {
        min(p.price for p in whole),
        max(p.price for p in whole),
    }
    assert line[-1] == whole[-1]
    assert set(line) <= set(whole)


async def test_events_are_read_on_from_the_last_id(
    engine: Engine, async_engine: AsyncEngine
) -> None:
    async with async_engine.connect() as conn:
        assert await newest_event_id(conn) == 0
    with engine.begin() as conn:
        for number in range(3):
            emit_event(
                conn,
                at=START,
                account_id=None,
                channel="system",
                kind="system.notice",
                payload={"n": number},
            )
    async with async_engine.connect() as conn:
        newest = await newest_event_id(conn)
        assert [e.payload["n"] for e in await events_after(conn, newest - 2)] == [1, 2]
        assert await events_after(conn, newest) == ()
