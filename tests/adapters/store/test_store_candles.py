from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select, text

from adapters.store.candles import (
    CandleRun,
    WantedRun,
    load_candles,
    newest_open_time,
    save_candles,
)
from adapters.store.instruments import load_instruments, save_instruments
from adapters.store.tables import candles
from trading.candles import Candle
from trading.errors import BadMarketData
from trading.instruments import Instrument, MaintenanceBracket
from trading.timeframes import Timeframe

pytestmark = pytest.mark.db

START = datetime(2026, 1, 31, 22, 0, tzinfo=UTC)


def candle(number: int, close: str = "100.10") -> Candle:
    return Candle(
        open_time=START + number * Timeframe.M5.length,
        open=Decimal("100"),
        high=Decimal("101.123456789012345678"),
        low=Decimal("0.000000000000000001"),
        close=Decimal(close),
        volume=Decimal("0"),
    )


def save(conn, count: int, first: int = 0) -> int:
    return save_candles(conn, "simulated-7", [run_of(range(first, first + count))])


def run_of(numbers: range, symbol: str = "BTCUSDT", close: str = "100.10") -> CandleRun:
    return CandleRun(symbol, Timeframe.M5, tuple(candle(number, close) for number in numbers))


@pytest.mark.parametrize("count", [10, 1200], ids=["insert", "copy"])
def test_candles_are_stored_exactly_and_only_once(engine, count: int):
    with engine.begin() as conn:
        assert save(conn, count) == count
        assert save(conn, count) == 0
        assert save(conn, count, first=count - 5) == count - 5
        row = conn.execute(select(candles).where(candles.c.open_time == START)).one()
        assert (row.high, row.low, row.closed) == (candle(0).high, candle(0).low, True)
        newest = newest_open_time(conn, "simulated-7", "BTCUSDT", Timeframe.M5)
        assert newest == candle(2 * count - 6).open_time


@pytest.mark.parametrize("count", [3, 600], ids=["insert", "copy"])
def test_a_closed_candle_is_never_rewritten(engine, count: int):
    with engine.begin() as conn:
        save(conn, count)
        changed = run_of(range(count), close="50")
        assert save_candles(conn, "simulated-7", [changed]) == 0
        assert conn.scalar(select(func.min(candles.c.close))) == Decimal("100.1")


def test_a_run_over_the_end_of_a_month_makes_both_partitions(engine):
    with engine.begin() as conn:
        save(conn, 48)
        made = conn.scalars(
            text("select tablename from pg_tables where schemaname = 'part' order by 1")
        )
        assert list(made) == ["candles_2026_01", "candles_2026_02"]


def test_a_defective_candle_stops_the_whole_run(engine):
    crossed = replace(candle(1), high=Decimal(1))
    with (
        engine.begin() as conn,
        pytest.raises(BadMarketData, match=r"BTCUSDT: 5m candle .* crossed"),
    ):
        save_candles(conn, "m", [CandleRun("BTCUSDT", Timeframe.M5, (candle(0), crossed))])


def test_candles_of_one_market_do_not_meet_those_of_another(engine):
    with engine.begin() as conn:
        save(conn, 3)
        assert save_candles(conn, "recorded-1", [run_of(range(1))]) == 1
        assert newest_open_time(conn, "recorded-1", "BTCUSDT", Timeframe.M5) == START
        assert newest_open_time(conn, "simulated-7", "BTCUSDT", Timeframe.H1) is None


def wanted(symbol: str, *, since: int, until: int, count: int) -> WantedRun:
    return WantedRun(
        symbol,
        Timeframe.M5,
        since=candle(since).open_time,
        until=candle(until).open_time,
        count=count,
    )


def test_many_series_are_stored_and_read_back_together_in_the_order_asked(engine):
    eth, btc = run_of(range(30), "ETHUSDT"), run_of(range(20), "BTCUSDT")
    with engine.begin() as conn:
        assert save_candles(conn, "m", [eth, btc]) == 50
        found = load_candles(
            conn,
            "m",
            [
                wanted("ETHUSDT", since=0, until=30, count=5),
                wanted("XRPUSDT", since=0, until=30, count=5),
                wanted("BTCUSDT", since=15, until=18, count=50),
            ],
        )
    assert [run.symbol for run in found] == ["ETHUSDT", "XRPUSDT", "BTCUSDT"]
    assert found[0].candles == eth.candles[-5:]
    assert found[1].candles == ()
    assert found[2].candles == btc.candles[15:18]


def test_a_candle_that_is_still_open_at_the_wanted_instant_is_not_given(engine):
    with engine.begin() as conn:
        save_candles(conn, "m", [run_of(range(10))])
        (found,) = load_candles(conn, "m", [wanted("BTCUSDT", since=0, until=7, count=3)])
    assert found.candles == run_of(range(4, 7)).candles


def test_instruments_are_read_back_as_they_were_saved(engine):
    brackets = tuple(
        MaintenanceBracket(
            notional_floor=Decimal(floor), max_leverage=125 - floor // 1000,
            maintenance_ratio=Decimal("0.004"), cumulative=Decimal("0.125"),
        )
        for floor in (0, 50_000)
    )  # fmt: skip
    btc = Instrument(
        symbol="BTCUSDT", base="BTC", quote="USDT", tick_size=Decimal("0.10"),
        step_size=Decimal("0.001"), min_quantity=Decimal("0.001"), max_quantity=Decimal(1000),
        max_market_quantity=Decimal(120), min_notional=Decimal(5), brackets=brackets,
        funding_interval=timedelta(hours=4), max_open_orders=7, max_conditional_orders=3,
    )  # fmt: skip
    eth = replace(btc, symbol="ETHUSDT", base="ETH")
    with engine.begin() as conn:
        save_instruments(conn, "m", [eth, btc])
        finer = replace(btc, tick_size=Decimal("0.01"))
        save_instruments(conn, "m", [finer])
        assert load_instruments(conn, "m") == (finer, eth)
        assert load_instruments(conn, "other") == ()
