"""Instruments as a market described them: filters and margin tables, Decimals exact.

They also say which asset a symbol stands for; nobody guesses that from the text of the symbol.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, select
from sqlalchemy.dialects.postgresql import insert

from adapters.store.documents import to_document
from adapters.store.tables import instruments as instruments_table
from trading.instruments import Instrument, MaintenanceBracket

_OWN_COLUMNS = ("symbol", "base", "quote", "tick_size", "step_size", "min_notional")
_DECIMALS = ("min_quantity", "max_quantity", "max_market_quantity")
_COUNTS = ("max_open_orders", "max_conditional_orders")
_LATER_DECIMALS = (
    "min_price", "max_price", "min_market_quantity", "market_step_size", "multiplier_up",
    "multiplier_down",
)  # fmt: skip
_LATER_COUNTS = ("price_precision", "quantity_precision")
_LATER_NAMES = ("order_types", "times_in_force")
"""Filters that rows written by an earlier version do not have."""


@dataclass(frozen=True, slots=True)
class Assets:
    """Base asset by symbol. A symbol without an instrument stands for itself."""

    base_by_symbol: Mapping[str, str] = field(default_factory=dict)

    def of(self, symbol: str) -> str:
        return self.base_by_symbol.get(symbol, symbol)

    def symbols_of(self, asset: str) -> tuple[str, ...]:
        """Every symbol with that base, and the name itself."""
        return (asset, *(s for s, base in self.base_by_symbol.items() if base == asset))


def save_instruments(conn: Connection, market: str, instruments: Sequence[Instrument]) -> None:
    """Insert or replace; always in the order of symbols, so that two savers cannot block.

    A margin table that the venue has told is never replaced by a stand-in for one.
    """
    told = _told_brackets(conn, market)
    for instrument in sorted(instruments, key=lambda each: each.symbol):
        if not instrument.has_venue_brackets and instrument.symbol in told:
            instrument = replace(
                instrument, brackets=told[instrument.symbol], has_venue_brackets=True
            )
        values: dict[str, Any] = {name: getattr(instrument, name) for name in _OWN_COLUMNS}
        values["filters"] = _filters(instrument)
        conn.execute(
            insert(instruments_table)
            .values(market=market, **values)
            .on_conflict_do_update(index_elements=["market", "symbol"], set_=values)
        )


def save_brackets(
    conn: Connection, market: str, told: Mapping[str, tuple[MaintenanceBracket, ...]]
) -> None:
    """Put margin tables that the venue has told to an account, by symbol, into the instruments."""
    known = load_instruments(conn, market)
    save_instruments(
        conn,
        market,
        [
            replace(each, brackets=told[each.symbol], has_venue_brackets=True)
            for each in known
            if _is_news(each, told.get(each.symbol))
        ],
    )


def load_instruments(conn: Connection, market: str) -> tuple[Instrument, ...]:
    """All instruments of a market, by symbol."""
    query = (
        select(instruments_table)
        .where(instruments_table.c.market == market)
        .order_by(instruments_table.c.symbol)
    )
    return tuple(_instrument(row) for row in conn.execute(query))


def _is_news(known: Instrument, told: tuple[MaintenanceBracket, ...] | None) -> bool:
    return bool(told) and not (known.has_venue_brackets and known.brackets == told)


def _told_brackets(conn: Connection, market: str) -> dict[str, tuple[MaintenanceBracket, ...]]:
    return {
        each.symbol: each.brackets
        for each in load_instruments(conn, market)
        if each.has_venue_brackets
    }


def load_assets(conn: Connection, market: str) -> Assets:
    """The base assets of one market."""
    columns = instruments_table.c
    rows = conn.execute(select(columns.symbol, columns.base).where(columns.market == market))
    return Assets({row.symbol: row.base for row in rows})


def _filters(instrument: Instrument) -> dict[str, Any]:
    filters = {name: getattr(instrument, name) for name in (*_DECIMALS, *_COUNTS)}
    later = {name: getattr(instrument, name) for name in (*_LATER_DECIMALS, *_LATER_COUNTS)}
    filters |= {name: value for name, value in later.items() if value is not None}
    filters |= {name: sorted(getattr(instrument, name)) for name in _LATER_NAMES}
    filters["funding_interval_seconds"] = int(instrument.funding_interval.total_seconds())
    if not instrument.has_venue_brackets:
        filters["has_venue_brackets"] = False
    filters["brackets"] = [asdict(bracket) for bracket in instrument.brackets]
    return to_document(filters)


def _instrument(row: Row[Any]) -> Instrument:
    return Instrument(
        **{name: getattr(row, name) for name in _OWN_COLUMNS},
        **{name: Decimal(row.filters[name]) for name in _DECIMALS},
        **{name: row.filters[name] for name in _COUNTS},
        **{name: Decimal(row.filters[name]) for name in _LATER_DECIMALS if name in row.filters},
        **{name: row.filters[name] for name in _LATER_COUNTS if name in row.filters},
        **{name: frozenset(row.filters.get(name, ())) for name in _LATER_NAMES},
        has_venue_brackets=row.filters.get("has_venue_brackets", True),
        funding_interval=timedelta(seconds=row.filters["funding_interval_seconds"]),
        brackets=tuple(
            MaintenanceBracket(
                notional_floor=Decimal(bracket["notional_floor"]),
                max_leverage=bracket["max_leverage"],
                maintenance_ratio=Decimal(bracket["maintenance_ratio"]),
                cumulative=Decimal(bracket["cumulative"]),
            )
            for bracket in row.filters["brackets"]
        ),
    )
