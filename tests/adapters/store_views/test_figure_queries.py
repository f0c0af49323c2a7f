"""The queries behind the figures: whole paths, trades, price ranges, execution."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, insert, update
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.store.accounts import save_account
from adapters.store.partitions import ensure_partitions
from adapters.store.positions import replace_positions
from adapters.store.tables import candles, equity_snapshots, fills, intents, trades
from adapters.store.views.equity_paths import PathStretch, load_path_ends, load_paths
from adapters.store.views.excursions import PriceRange, load_price_ranges
from adapters.store.views.execution import load_executions
from adapters.store.views.trades import load_trade_histories
from tests.api.seeding import MARKET, START, add_cycle, add_position, add_snapshots, make_account
from trading.orders import Leg
from trading.performance.path import path_of, to_instant
from trading.performance.records import EquityReading
from trading.ports import VenuePosition
from trading.positions import Position

HOUR = timedelta(hours=1)
MINUTES = timedelta(minutes=5)
LATEST = START + timedelta(days=3_650)


@pytest.fixture
def account(engine: Engine) -> str:
    with engine.begin() as conn:
        save_account(conn, make_account("solo"))
    return "solo"


def set_flow(conn: Connection, at: datetime, transfers: Decimal) -> None:
    """Everything from an instant on shows a transfer."""
    conn.execute(
        update(equity_snapshots).where(equity_snapshots.c.at >= at).values(transfers=transfers)
    )


def everything(account_id: str, after: datetime | None = None) -> list[PathStretch]:
    return [PathStretch(account_id=account_id, after=after, until=LATEST)]


# The database is shared by the examples; each begins by emptying the table.
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    equities=st.lists(st.decimals("-5", "1000000", places=8), min_size=1, max_size=30),
    flows=st.lists(st.tuples(st.integers(0, 29), st.decimals("-99", "99", places=8)), max_size=3),
    cut=st.integers(0, 29),
)
async def test_a_path_out_of_the_store_is_the_one_of_its_readings_also_when_read_in_two_parts(
    engine: Engine, async_engine: AsyncEngine, equities: Any, flows: Any, cut: int
) -> None:
    transfers = [Decimal(0)] * len(equities)
    with engine.begin() as conn:
        conn.exec_driver_sql("delete from app.equity_snapshots")
        add_snapshots(conn, "solo", equities)
        for since, amount in sorted(flows):
            set_flow(conn, START + MINUTES * since, amount)
            transfers[since:] = [amount] * len(transfers[since:])
    expected = path_of(
        [
            EquityReading(
                at=START + MINUTES * number,
                equity=equity,
                transfers=transfers[number],
                gross_exposure=Decimal(1_200),
            )
            for number, equity in enumerate(equities)
        ]
    )
    async with async_engine.connect() as conn:
        whole = (await load_paths(conn, everything("solo")))["solo"]
        middle = whole.at[min(cut, len(whole) - 1)]
        rest = (await load_paths(conn, everything("solo", to_instant(int(middle))))).get("solo")
    for name in ("at", "equity", "before_flow", "gross_exposure"):
        column = getattr(expected, name)
        assert np.array_equal(getattr(whole, name), column)
        after = column[expected.at > middle]
        assert np.array_equal(getattr(rest, name), after) if rest else len(after) == 0


async def test_the_ends_of_a_path_are_exact_and_a_removed_or_empty_account_has_none(
    engine: Engine, async_engine: AsyncEngine, account: str
) -> None:
    odd = Decimal("10000.123456789012345678")
    with engine.begin() as conn:
        save_account(conn, make_account("empty"))
        add_snapshots(conn, account, [odd, Decimal(3), odd + 1])
        set_flow(conn, START + MINUTES, Decimal("0.5"))
    async with async_engine.connect() as conn:
        found = await load_path_ends(conn)
        assert await load_path_ends(conn, only="empty") == {}
    assert set(found) == {account}
    assert (found[account].first.equity, found[account].first.transfers) == (odd, 0)
    assert found[account].last == EquityReading(
        at=START + 2 * MINUTES, equity=odd + 1, transfers=Decimal("0.5")
    )
    with engine.begin() as conn:
        conn.exec_driver_sql("update app.accounts set real_removed_at = now()")
    async with async_engine.connect() as conn:
        assert await load_path_ends(conn) == {}


async def test_a_path_ends_where_it_was_asked_to(
    engine: Engine, async_engine: AsyncEngine, account: str
) -> None:
    with engine.begin() as conn:
        add_snapshots(conn, account, [Decimal(n) for n in (1, 2, 3)])
    async with async_engine.connect() as conn:
        stretch = PathStretch(account_id=account, after=None, until=START + MINUTES)
        path = (await load_paths(conn, [stretch]))[account]
    assert path.equity.tolist() == [1.0, 2.0]


async def test_a_trade_history_holds_the_closed_in_order_and_the_open_by_symbol(
    engine: Engine, async_engine: AsyncEngine, account: str
) -> None:
    with engine.begin() as conn:
        for hour in (3, 1, 2):
            add_trade(conn, account, opened=START, closed=START + HOUR * hour)
        add_position(conn, account, "BTCUSDT", at=START)
        add_position(conn, "other", "BTCUSDT", at=START)
    async with async_engine.connect() as conn:
        history = (await load_trade_histories(conn, only=account))[account]
        assert set(await load_trade_histories(conn)) == {account, "other"}
    assert [each.closed_at for each in history.closed] == [START + HOUR * n for n in (1, 2, 3)]
    assert set(history.open_by_symbol) == {"BTCUSDT"}
    assert history.closed[0].net_pnl == Decimal(5)


async def test_an_open_trade_keeps_the_leverage_that_its_position_was_reported_with(
    engine: Engine, async_engine: AsyncEngine, account: str
) -> None:
    with engine.begin() as conn:
        add_position(conn, account, "BTCUSDT", at=START)
        add_position(conn, "other", "BTCUSDT", at=START)
        add_trade(conn, account, symbol="BTCUSDT", opened=START, closed=START + HOUR)
        replace_positions(conn, account, [reported("BTCUSDT", leverage=7)], seen_at=START)
        replace_positions(conn, account, [], seen_at=START)
        rows = conn.execute(
            trades.select().with_only_columns(
                trades.c.account_id, trades.c.status, trades.c.leverage
            )
        ).all()
    assert {tuple(row) for row in rows} == {
        (account, "open", 7),
        (account, "closed", None),
        ("other", "open", None),
    }


async def test_the_price_range_of_a_trade_is_of_the_finest_candles_wholly_inside_it(
    engine: Engine, async_engine: AsyncEngine, account: str
) -> None:
    with engine.begin() as conn:
        ensure_partitions(conn, candles, START - HOUR, START + HOUR)
        for minute, low, high in [(0, 90, 130), (5, 97, 104), (10, 98, 106), (15, 80, 140)]:
            add_candle(conn, START + timedelta(minutes=minute), low, high)
        add_candle(conn, START, 1, 999, seconds=3_600)
        add_candle(conn, START + MINUTES, 2, 998, market="elsewhere")
        inside = add_trade(
            conn, account, opened=START + timedelta(minutes=2), closed=START + 3 * MINUTES
        )
        short = add_trade(conn, account, opened=START, closed=START + timedelta(minutes=4))
        still_open = add_trade(conn, account, opened=START + 2 * MINUTES, closed=None)
        ids = [inside, short, still_open]
    async with async_engine.connect() as conn:
        assert await load_price_ranges(conn, MARKET, []) == {}
        assert await load_price_ranges(conn, MARKET, ids) == {
            inside: PriceRange(Decimal(97), Decimal(106)),
            still_open: PriceRange(Decimal(80), Decimal(140)),
        }


async def test_slippage_is_against_the_meant_price_by_side_and_stops_against_their_trigger(
    engine: Engine, async_engine: AsyncEngine, account: str
) -> None:
    with engine.begin() as conn:
        cycle = add_cycle(conn, account, START, real_at=datetime.now(tz=START.tzinfo))
        sent = {"account_id": account, "cycle_id": cycle}
        add_intent(conn, "buy", leg="entry", side="buy", reference_price=100, **sent)
        add_fill(conn, account, "buy", price=101, quantity=1)
        add_fill(conn, account, "buy", price=102, quantity=1, is_maker=True)
        add_intent(
            conn, "stop", leg="stop", side="sell", reference_price=100, stop_price=90, **sent
        )
        add_fill(conn, account, "stop", price=89, quantity=2)
        add_intent(conn, "exit", leg="exit", side="sell", reference_price=None, **sent)
        add_fill(conn, account, "exit", price=50, quantity=1)
        add_intent(conn, "gone", leg="exit", side="sell", state="closed", **sent)
        add_intent(conn, "waits", leg="exit", side="sell", state="open", **sent)
        add_intent(conn, "never", leg="exit", side="sell", state="planned", is_sent=False, **sent)
    async with async_engine.connect() as conn:
        found = {each.leg: each for each in (await load_executions(conn))[account]}
        assert await load_executions(conn, only="other") == {}
    entry, stop, leave = found[Leg.ENTRY], found[Leg.STOP], found[Leg.EXIT]
    assert (entry.filled_notional, entry.maker_notional) == (203, 102)
    assert (entry.slippage_cost, entry.slippage) == (3, pytest.approx(0.015))
    assert (stop.slippage_cost, stop.slippage) == (2, pytest.approx(2 / 180))
    assert (leave.sent, leave.filled, leave.unsettled, leave.slippage) == (3, 1, 1, None)


def add_trade(
    conn: Connection,
    account_id: str,
    *,
    opened: datetime,
    closed: datetime | None,
    symbol: str = "ETHUSDT",
) -> UUID:
    trade_id = uuid4()
    is_open = closed is None
    conn.execute(
        insert(trades).values(
            id=trade_id,
            account_id=account_id,
            symbol=symbol,
            direction="long",
            status="open" if is_open else "closed",
            opened_at=opened,
            closed_at=closed,
            quantity=1,
            open_quantity=1 if is_open else 0,
            entered_quantity=1,
            exited_quantity=0 if is_open else 1,
            entry_price=100,
            exit_price=None if is_open else 107,
            gross_pnl=0 if is_open else 7,
            fees=2,
            funding=0,
            exit_plan="",
        )
    )
    return trade_id


def add_candle(
    conn: Connection,
    open_time: datetime,
    low: int,
    high: int,
    *,
    seconds: int = 300,
    market: str = MARKET,
) -> None:
    conn.execute(
        insert(candles).values(
            market=market,
            symbol="ETHUSDT",
            timeframe_seconds=seconds,
            open_time=open_time,
            open=low,
            high=high,
            low=low,
            close=high,
            volume=1,
        )
    )


def add_intent(conn: Connection, order_id: str, *, is_sent: bool = True, **values: Any) -> None:
    usual = {
        "id": uuid4(),
        "slot": START,
        "symbol": "ETHUSDT",
        "attempt": conn.exec_driver_sql("select count(*) + 1 from app.intents").scalar_one(),
        "client_order_id": order_id,
        "order_type": "market",
        "quantity": 2,
        "reduce_only": False,
        "state": "filled",
        "lease_token": 1,
        "real_sent_at": START if is_sent else None,
    }
    conn.execute(insert(intents).values(**{**usual, **values}))


def add_fill(
    conn: Connection,
    account_id: str,
    order_id: str,
    *,
    price: int,
    quantity: int,
    is_maker: bool = False,
) -> None:
    number = conn.exec_driver_sql("select count(*) from app.fills").scalar_one()
    conn.execute(
        insert(fills).values(
            account_id=account_id,
            symbol="ETHUSDT",
            trade_id=str(number),
            sequence=number,
            venue_order_id=order_id,
            client_order_id=order_id,
            side="buy",
            quantity=quantity,
            price=price,
            fee=0,
            realized_pnl=0,
            is_maker=is_maker,
            cause="order",
            filled_at=START,
        )
    )


def reported(symbol: str, *, leverage: int) -> VenuePosition:
    position = Position(
        symbol=symbol,
        quantity=Decimal("0.0187"),
        entry_price=Decimal(64_000),
        leverage=leverage,
        isolated_margin=Decimal(100),
        opened_at=START,
    )
    return VenuePosition(position=position, mark=Decimal(64_000), liquidation_price=None)
