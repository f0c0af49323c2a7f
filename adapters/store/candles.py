"""Closed candles shared by all accounts, stored and read for many series in one statement.

A closed candle is immutable: the first one stored stays, a later one for the same instant changes
nothing. Many rows go by binary COPY, few by one statement (measured: storage report, 2.1).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Executable, func, select, text

from adapters.store.partitions import ensure_partitions
from adapters.store.tables import candles as candles_table
from trading.candles import Candle, candle_defect
from trading.errors import BadMarketData
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
_LIST = ", ".join(name for name, _ in _COLUMNS)
_SOURCE = f"select {_LIST} from"
_MAKE_LOAD = (
    f"create temp table if not exists candle_load on commit drop as {_SOURCE} app.candles"
    " with no data"
)
_COPY_LOAD = f"copy candle_load ({_LIST}) from stdin (format binary)"
# Always in the order of the key: two writers of the same candles then wait, and never for each other.
_TAKE_LOAD = (
    f"insert into app.candles ({_LIST}) {_SOURCE} candle_load"
    " order by symbol, timeframe_seconds, open_time on conflict do nothing"
)
_ARRAYS = ", ".join(f"cast(:{name} as {kind}[])" for name, kind in _COLUMNS)
_INSERT = text(
    f"insert into app.candles ({_LIST}) select * from unnest({_ARRAYS})"  # noqa: S608  constants
    " on conflict do nothing"
)
# One index scan for each series, newest first; a plain join could become a scan of everything.
_LOAD = text(
    """
    select wanted.number, c.open_time, c.open, c.high, c.low, c.close, c.volume
    from unnest(cast(:symbols as text[]), cast(:seconds as int[]), cast(:since as timestamptz[]),
                cast(:until as timestamptz[]), cast(:counts as int[]))
         with ordinality as wanted(symbol, seconds, since, until, count, number)
    cross join lateral (
        select open_time, open, high, low, close, volume from app.candles
        where market = :market and symbol = wanted.symbol collate "C"
          and timeframe_seconds = wanted.seconds
          and open_time >= wanted.since and open_time <= wanted.until
        order by open_time desc limit wanted.count
    ) c
    order by wanted.number, c.open_time
    """
)
_Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class CandleRun:
    """Closed candles of one instrument and timeframe, oldest first."""

    symbol: str
    timeframe: Timeframe
    candles: tuple[Candle, ...]


@dataclass(frozen=True, slots=True)
class WantedRun:
    """The last `count` candles with `since <= open_time` that are closed at `until`."""

    symbol: str
    timeframe: Timeframe
    since: datetime
    until: datetime
    count: int


def save_candles(conn: Connection, market: str, runs: Sequence[CandleRun]) -> int:
    """Store closed candles of any number of series; how many were new.

    Raises `BadMarketData` on a defective one, and stores nothing.
    """
    rows = sorted(row for run in runs for row in _rows(market, run))
    if not rows:
        return 0
    times = [row[3] for row in rows]
    ensure_partitions(conn, candles_table, min(times), max(times))
    return _copy(conn, rows) if len(rows) > COPY_FROM_ROWS else _insert(conn, rows)


def load_candles(conn: Connection, market: str, wanted: Sequence[WantedRun]) -> list[CandleRun]:
    """What is stored of each wanted run, in the order asked; a run may be empty or have gaps."""
    if not wanted:
        return []
    rows = conn.execute(
        _LOAD,
        {
            "market": market,
            "symbols": [run.symbol for run in wanted],
            "seconds": [run.timeframe.seconds for run in wanted],
            "since": [run.since for run in wanted],
            "until": [run.until - run.timeframe.length for run in wanted],
            "counts": [run.count for run in wanted],
        },
    )
    found = {
        number: tuple(Candle(*row[1:]) for row in group)
        for number, group in groupby(rows, key=lambda row: row[0])
    }
    return [
        CandleRun(run.symbol, run.timeframe, found.get(number, ()))
        for number, run in enumerate(wanted, start=1)
    ]


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


def _rows(market: str, run: CandleRun) -> Iterator[_Row]:
    seconds = run.timeframe.seconds
    for candle in run.candles:
        if (defect := candle_defect(candle)) is not None:
            raise BadMarketData(
                run.symbol, f"{run.timeframe} candle of {candle.open_time} {defect}"
            )
        prices = (candle.open, candle.high, candle.low, candle.close)
        yield (market, run.symbol, seconds, candle.open_time, *prices, candle.volume)


def _insert(conn: Connection, rows: list[_Row]) -> int:
    columns = zip(*rows, strict=True)
    values = {name: list(column) for (name, _), column in zip(_COLUMNS, columns, strict=True)}
    return _count(conn, _INSERT, values)


def _copy(conn: Connection, rows: list[_Row]) -> int:
    conn.execute(text(_MAKE_LOAD))
    conn.execute(text("truncate candle_load"))
    cursor = conn.connection.cursor()
    with cursor.copy(_COPY_LOAD) as copy:
        copy.set_types([kind for _, kind in _COLUMNS])
        for row in rows:
            copy.write_row(row)
    return _count(conn, text(_TAKE_LOAD), {})


def _count(conn: Connection, statement: Executable, values: dict[str, list[Any]]) -> int:
    """Rows that were really inserted."""
    done = conn.execute(statement.execution_options(preserve_rowcount=True), values)
    return done.rowcount
