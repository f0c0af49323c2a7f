"""Passes of the collector: one reading of the market at a slot, for every account of that slot.

A pass is announced before it reads, so that an account knows whether waiting makes sense, and is
done when candles, quotes, statistics and this row were committed together. A pass that is done never
changes. `slot` is market time, `real_*` is wall clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, delete, text
from sqlalchemy.dialects.postgresql import insert

from adapters.store.documents import to_document
from adapters.store.tables import market_passes
from trading.errors import BadMarketData
from trading.market import Quote
from trading.timeframes import Timeframe

ANNOUNCED_AHEAD = timedelta(seconds=2)
"""Real time between the planned start of a collector's run and its slot: what Prefect needs until
the first step."""
KEPT = timedelta(days=1)
"""Market time; what a cycle knew stays in `market_stats` and `candles`."""

_DECIMALS = ("last", "mark", "bid", "ask", "funding_rate", "open_interest")
_LOAD = text(
    """
    select p.state, p.quotes, p.series, p.real_started_at,
           (select jsonb_object_agg(s.symbol, s.indicators) from app.market_stats s
            where s.market = p.market and s.at = p.slot and s.indicators is not null) as documents
    from app.market_passes p where p.market = :market and p.slot = :slot
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What a pass has of one symbol and timeframe."""

    asked: int
    """Candles that were asked for; the market may have had fewer."""
    sound: int
    """Of those, how many at the end are without a gap, and stored."""
    defect: str | None
    """Why more of them than are sound must not be used; None when the market has no more."""


Series = Mapping[tuple[str, Timeframe], Coverage]
"""By symbol and timeframe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketPass:
    """What the collector has for a slot."""

    is_done: bool
    real_started_at: datetime
    quotes: Mapping[str, Quote | BadMarketData]
    series: Series
    documents: Mapping[str, dict[str, Any]]
    """Market document by symbol."""


def announce_pass(conn: Connection, market: str, slot: datetime, *, real_now: datetime) -> bool:
    """Say that the slot is about to be read; False when it is done already.

    A second collector of an unfinished slot takes it over: both would store the same.
    """
    done = conn.execute(
        insert(market_passes)
        .values(market=market, slot=slot, state="collecting", real_started_at=real_now)
        .on_conflict_do_update(
            index_elements=["market", "slot"],
            set_={"real_started_at": real_now},
            where=market_passes.c.state == "collecting",
        )
        .execution_options(preserve_rowcount=True)
    )
    return done.rowcount == 1


def finish_pass(
    conn: Connection,
    market: str,
    slot: datetime,
    *,
    quotes: Mapping[str, Quote | BadMarketData],
    series: Series,
    real_now: datetime,
) -> None:
    """Make the pass usable at the caller's commit; passes older than `KEPT` are taken away."""
    values = {
        "state": "done",
        "quotes": {symbol: _quote_document(quote) for symbol, quote in quotes.items()},
        "series": _series_document(series),
        "real_finished_at": real_now,
    }
    conn.execute(
        insert(market_passes)
        .values(market=market, slot=slot, real_started_at=real_now, **values)
        .on_conflict_do_update(
            index_elements=["market", "slot"],
            set_=values,
            where=market_passes.c.state == "collecting",
        )
    )
    conn.execute(
        delete(market_passes).where(
            market_passes.c.market == market, market_passes.c.slot < slot - KEPT
        )
    )


def load_pass(conn: Connection, market: str, slot: datetime) -> MarketPass | None:
    """The pass of a slot with its documents; None when no collector has come by."""
    row = conn.execute(_LOAD, {"market": market, "slot": slot}).one_or_none()
    if row is None:
        return None
    return MarketPass(
        is_done=row.state == "done",
        real_started_at=row.real_started_at,
        quotes={symbol: _quote(symbol, each) for symbol, each in (row.quotes or {}).items()},
        series={
            (symbol, Timeframe(timeframe)): Coverage(**coverage)
            for symbol, by_timeframe in (row.series or {}).items()
            for timeframe, coverage in by_timeframe.items()
        },
        documents=row.documents or {},
    )


def _series_document(series: Series) -> dict[str, dict[str, Any]]:
    document: dict[str, dict[str, Any]] = {}
    for (symbol, timeframe), coverage in series.items():
        document.setdefault(symbol, {})[timeframe.value] = asdict(coverage)
    return to_document(document)


def _quote_document(quote: Quote | BadMarketData) -> dict[str, Any]:
    if isinstance(quote, BadMarketData):
        return {"defect": quote.reason}
    names = ("at", *_DECIMALS, "next_funding_at")
    return to_document({name: getattr(quote, name) for name in names})


def _quote(symbol: str, document: Mapping[str, Any]) -> Quote | BadMarketData:
    if "defect" in document:
        return BadMarketData(symbol, document["defect"])
    money = {
        name: None if document[name] is None else Decimal(document[name]) for name in _DECIMALS
    }
    paid = document["next_funding_at"]
    return Quote(
        symbol=symbol,
        at=datetime.fromisoformat(document["at"]),
        next_funding_at=None if paid is None else datetime.fromisoformat(paid),
        **money,  # pyright: ignore[reportArgumentType]  prices are never null
    )
