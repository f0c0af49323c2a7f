"""The newest quote of each instrument, and its figures over time with the market document.

Both are written for many instruments at once, always in the order of symbols, so that two writers
of the same instant wait for each other in one direction only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, func, null, select
from sqlalchemy.dialects.postgresql import insert

from adapters.store.documents import to_document
from adapters.store.partitions import ensure_partition
from adapters.store.tables import market_stats, quotes
from trading.market import Quote

_QUOTE_COLUMNS = (
    "at", "last", "mark", "bid", "ask", "funding_rate", "next_funding_at", "open_interest",
)  # fmt: skip


def save_quotes(conn: Connection, market: str, newest: Sequence[Quote]) -> None:
    """Keep the newest quote of each instrument; an older one changes nothing.

    Streams tell no open interest: what was read last stays known.
    """
    if not newest:
        return
    rows = [
        {"market": market, "symbol": quote.symbol}
        | {name: getattr(quote, name) for name in _QUOTE_COLUMNS}
        for quote in _by_symbol(newest)
    ]
    statement = insert(quotes)
    values = {name: statement.excluded[name] for name in _QUOTE_COLUMNS}
    values["open_interest"] = func.coalesce(values["open_interest"], quotes.c.open_interest)
    conn.execute(
        statement.values(rows).on_conflict_do_update(
            index_elements=["market", "symbol"],
            set_=values,
            where=quotes.c.at <= statement.excluded.at,
        )
    )


def save_market_stats(
    conn: Connection,
    market: str,
    at: datetime,
    known: Sequence[Quote],
    documents: Mapping[str, Mapping[str, Any]],
) -> None:
    """Mark, funding, open interest and document of the instant `at`; the first document stays.

    `documents` are by symbol; an instrument without one gets it from a later writer.
    """
    if not known:
        return
    ensure_partition(conn, market_stats, at)
    rows = [
        {
            "market": market,
            "symbol": quote.symbol,
            "at": at,
            "mark": quote.mark,
            "funding_rate": quote.funding_rate,
            "open_interest": quote.open_interest,
            "indicators": _document(documents.get(quote.symbol)),
        }
        for quote in _by_symbol(known)
    ]
    statement = insert(market_stats)
    document = func.coalesce(market_stats.c.indicators, statement.excluded.indicators)
    conn.execute(
        statement.values(rows).on_conflict_do_update(
            index_elements=["market", "symbol", "at"], set_={"indicators": document}
        )
    )


def load_open_interest(
    conn: Connection, market: str, symbol: str, *, until: datetime, limit: int
) -> tuple[tuple[datetime, Decimal], ...]:
    """The newest readings of open interest (base quantity) at or before `until`, oldest first."""
    stats = market_stats.c
    query = (
        select(stats.at, stats.open_interest)
        .where(
            stats.market == market,
            stats.symbol == symbol,
            stats.at <= until,
            stats.open_interest.is_not(None),
        )
        .order_by(stats.at.desc())
        .limit(limit)
    )
    found = [(row.at, row.open_interest) for row in conn.execute(query)]
    return tuple(reversed(found))


def _by_symbol(known: Sequence[Quote]) -> list[Quote]:
    return sorted(known, key=lambda quote: quote.symbol)


def _document(document: Mapping[str, Any] | None) -> Any:
    return null() if document is None else to_document(document)
