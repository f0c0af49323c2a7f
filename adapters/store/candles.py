"""Market data shared by all accounts: closed candles, the newest quote, statistics over time.

A closed candle is immutable: the first one stored stays, a later one for the same instant changes
nothing. Many rows go by binary COPY, few by one statement (measured: storage report, 2.1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Executable, func, null, select, text
from sqlalchemy.dialects.postgresql import insert

from adapters.store.documents import to_document
from adapters.store.locks import lock_until_commit
from adapters.store.partitions import ensure_partition, ensure_partitions
from adapters.store.tables import candles as candles_table
from adapters.store.tables import market_stats, quotes
from trading.candles import Candle, candle_defect
from trading.errors import BadMarketData
from trading.market import Quote
from trading.timeframes import Timeframe

COPY_FROM_ROWS = 500
_COLUMNS = (
    ("market", "text"),
    ("symbol", "text"),
    ("timeframe_seconds", "int4"),
    ("open_time", "timestamptz"),
    ("open", "numeric"),
    ("high", "numeric"),
    ("low", "numeric"),
    ("close", "numeric"),
    ("volume", "numeric"),
)
_NAMES = tuple(name for name, _ in _COLUMNS)
_LIST = ", ".join(_NAMES)
_SOURCE = f"select {_LIST} from"
_MAKE_LOAD = (
    f"create temp table if not exists candle_load on commit drop as {_SOURCE} app.candles"
    " with no data"
)
_COPY_LOAD = f"copy candle_load ({_LIST}) from stdin (format binary)"
_TAKE_LOAD = f"insert into app.candles ({_LIST}) {_SOURCE} candle_load on conflict do nothing"
_Row = tuple[Any, ...]


def save_candles(
    conn: Connection,
    market: str,
    symbol: str,
    timeframe: Timeframe,
    candles: Sequence[Candle],
) -> int:
    """Store closed candles; how many were new. Raises `BadMarketData` on a defective one."""
    if not candles:
        return 0
    ordered = sorted(candles, key=lambda candle: candle.open_time)
    for candle in ordered:
        if (defect := candle_defect(candle)) is not None:
            raise BadMarketData(symbol, f"{timeframe} candle of {candle.open_time} {defect}")
    ensure_partitions(conn, candles_table, ordered[0].open_time, ordered[-1].open_time)
    rows = [_row(market, symbol, timeframe, candle) for candle in ordered]
    return _copy(conn, rows) if len(rows) > COPY_FROM_ROWS else _insert(conn, rows)


def newest_open_time(
    conn: Connection, market: str, symbol: str, timeframe: Timeframe
) -> datetime | None:
    """Open time of the newest stored candle; None when there is none."""
    return conn.scalar(
        select(func.max(candles_table.c.open_time)).where(
            candles_table.c.market == market,
            candles_table.c.symbol == symbol,
            candles_table.c.timeframe_seconds == timeframe.seconds,
        )
    )


def save_quote(conn: Connection, market: str, quote: Quote) -> None:
    """Keep the newest quote of an instrument; an older one changes nothing."""
    values = {
        name: getattr(quote, name)
        for name in (
            "at", "last", "mark", "bid", "ask", "funding_rate", "next_funding_at", "open_interest",
        )
    }  # fmt: skip
    statement = insert(quotes).values(market=market, symbol=quote.symbol, **values)
    conn.execute(
        statement.on_conflict_do_update(
            index_elements=["market", "symbol"],
            set_=values,
            where=quotes.c.at <= statement.excluded.at,
        )
    )


def save_market_stat(
    conn: Connection, market: str, quote: Quote, document: Mapping[str, Any] | None
) -> None:
    """Mark, funding, open interest and indicators of an instant; the first document stays."""
    # Accounts store the same instants in different orders of symbols: without the lock two
    # transactions could wait for each other's rows.
    lock_until_commit(conn, f"market_stats {market}")
    ensure_partition(conn, market_stats, quote.at)
    statement = insert(market_stats).values(
        market=market,
        symbol=quote.symbol,
        at=quote.at,
        mark=quote.mark,
        funding_rate=quote.funding_rate,
        open_interest=quote.open_interest,
        indicators=null() if document is None else to_document(document),
    )
    conn.execute(
        statement.on_conflict_do_update(
            index_elements=["market", "symbol", "at"],
            set_={
                "indicators": func.coalesce(
                    market_stats.c.indicators, statement.excluded.indicators
                )
            },
        )
    )


def _row(market: str, symbol: str, timeframe: Timeframe, candle: Candle) -> _Row:
    prices = (candle.open, candle.high, candle.low, candle.close)
    return (market, symbol, timeframe.seconds, candle.open_time, *prices, candle.volume)


def _insert(conn: Connection, rows: list[_Row]) -> int:
    values = [dict(zip(_NAMES, row, strict=True)) for row in rows]
    return _count(conn, insert(candles_table).values(values).on_conflict_do_nothing())


def _copy(conn: Connection, rows: list[_Row]) -> int:
    conn.execute(text(_MAKE_LOAD))
    conn.execute(text("truncate candle_load"))
    cursor = conn.connection.cursor()
    with cursor.copy(_COPY_LOAD) as copy:
        copy.set_types([kind for _, kind in _COLUMNS])
        for row in rows:
            copy.write_row(row)
    return _count(conn, text(_TAKE_LOAD))


def _count(conn: Connection, statement: Executable) -> int:
    """Rows that were really inserted."""
    return conn.execute(statement.execution_options(preserve_rowcount=True)).rowcount
