from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select, text

from adapters.store.candles import (
    newest_open_time,
    save_candles,
    save_market_stat,
    save_quote,
)
from adapters.store.instruments import load_instruments, save_instruments
from adapters.store.tables import candles, market_stats, quotes
from tests.builders import build_quote
from trading.candles import Candle
from trading.errors import BadMarketData
from trading.instruments import Instrument, MaintenanceBracket
from trading.market import Quote
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
    run = [candle(number) for number in range(first, first + count)]
    return save_candles(conn, "simulated-7", "BTCUSDT", Timeframe.M5, run)


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
        changed = [candle(number, close="50") for number in range(count)]
        assert save_candles(conn, "simulated-7", "BTCUSDT", Timeframe.M5, changed) == 0
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
        save_candles(conn, "m", "BTCUSDT", Timeframe.M5, [candle(0), crossed])


def test_candles_of_one_market_do_not_meet_those_of_another(engine):
    with engine.begin() as conn:
        save(conn, 3)
        assert save_candles(conn, "recorded-1", "BTCUSDT", Timeframe.M5, [candle(0)]) == 1
        assert newest_open_time(conn, "recorded-1", "BTCUSDT", Timeframe.M5) == START
        assert newest_open_time(conn, "simulated-7", "BTCUSDT", Timeframe.H1) is None


def quote(minutes: int, symbol: str = "BTCUSDT", last: str = "100") -> Quote:
    return build_quote(
        last,
        START + timedelta(minutes=minutes),
        symbol=symbol,
        funding_rate=Decimal("-0.0001"),
    )


def test_an_older_quote_does_not_replace_a_newer_one(engine):
    with engine.begin() as conn:
        save_quote(conn, "m", quote(5, last="105"))
        save_quote(conn, "m", quote(1, last="101"))
        assert conn.execute(select(quotes.c.last, quotes.c.funding_rate)).one() == (
            Decimal(105), Decimal("-0.0001"),
        )  # fmt: skip


def test_a_statistic_takes_its_document_later_and_then_keeps_it(engine):
    with engine.begin() as conn:
        save_market_stat(conn, "m", quote(0), None)
        save_market_stat(conn, "m", quote(0), {"ema20": 1.5, "close": Decimal("1.10")})
        save_market_stat(conn, "m", quote(0), {"ema20": 9.9})
        document = conn.execute(select(market_stats.c.indicators)).scalar_one()
        assert document == {"ema20": 1.5, "close": "1.1"}


def test_accounts_that_store_the_same_instant_in_other_orders_do_not_block_each_other(engine):
    symbols = [f"S{number}USDT" for number in range(6)]
    with engine.begin() as conn:
        save_market_stat(conn, "m", quote(0, "S0USDT"), None)

    def store(order: list[str]) -> None:
        for minute in range(8):
            with engine.begin() as conn:
                for symbol in order:
                    save_market_stat(conn, "m", quote(minute, symbol), {"n": 1})

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(store, [symbols, symbols[::-1], symbols[3:] + symbols[:3]]))
    with engine.connect() as conn:
        assert conn.scalar(select(func.count()).select_from(market_stats)) == 48


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
