"""Quotes and statistics of many instruments: newest quote, first document, no deadlock."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from adapters.store.market_stats import save_market_stats, save_quotes
from adapters.store.tables import market_stats, quotes
from tests.builders import build_quote
from trading.market import Quote

pytestmark = pytest.mark.db

START = datetime(2026, 1, 31, 22, 0, tzinfo=UTC)


def quote(minutes: int, symbol: str = "BTCUSDT", last: str = "100") -> Quote:
    return build_quote(
        last,
        START + timedelta(minutes=minutes),
        symbol=symbol,
        funding_rate=Decimal("-0.0001"),
    )


def test_an_older_quote_does_not_replace_a_newer_one(engine):
    with engine.begin() as conn:
        save_quotes(conn, "m", [quote(5, last="105")])
        save_quotes(conn, "m", [quote(1, last="101")])
        assert conn.execute(select(quotes.c.last, quotes.c.funding_rate)).one() == (
            Decimal(105), Decimal("-0.0001"),
        )  # fmt: skip


def test_a_statistic_takes_its_document_later_and_then_keeps_it(engine):
    with engine.begin() as conn:
        for documents in ({}, {"ema20": 1.5, "close": Decimal("1.10")}, {"ema20": 9.9}):
            known = {"BTCUSDT": documents} if documents else {}
            save_market_stats(conn, "m", START, [quote(0)], known)
        document = conn.execute(select(market_stats.c.indicators)).scalar_one()
        assert document == {"ema20": 1.5, "close": "1.1"}


def test_accounts_that_store_the_same_instant_in_other_orders_do_not_block_each_other(engine):
    symbols = [f"S{number}USDT" for number in range(6)]
    with engine.begin() as conn:
        save_market_stats(conn, "m", START, [quote(0, "S0USDT")], {})

    def store(order: list[str]) -> None:
        for minute in range(8):
            with engine.begin() as conn:
                known = [quote(minute, symbol) for symbol in order]
                at = START + timedelta(minutes=minute)
                save_market_stats(conn, "m", at, known, {symbol: {"n": 1} for symbol in order})
                save_quotes(conn, "m", known)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(store, [symbols, symbols[::-1], symbols[3:] + symbols[:3]]))
    with engine.connect() as conn:
        assert conn.scalar(select(func.count()).select_from(market_stats)) == 48
