"""Readings and trades for the tests of performance: short to write, everything else usual."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from trading.performance.records import EquityReading
from trading.positions import Direction
from trading.trades import Trade

START = datetime(2025, 3, 3, tzinfo=UTC)  # a Monday
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def readings(*rows: tuple[Any, ...]) -> list[EquityReading]:
    """(days since Monday 00:00 UTC, equity[, cumulative transfers[, gross exposure]])."""
    return [
        EquityReading(
            at=START + row[0] * DAY,
            equity=Decimal(row[1]),
            transfers=Decimal(row[2]) if len(row) > 2 else Decimal(0),
            gross_exposure=Decimal(row[3]) if len(row) > 3 else None,
        )
        for row in rows
    ]


def daily(*equities: Any) -> list[EquityReading]:
    """One reading per midnight."""
    return readings(*((day, str(equity)) for day, equity in enumerate(equities)))


def trade(gross: str = "0", *, fees: str = "0", funding: str = "0", **values: Any) -> Trade:
    """A closed trade of one hour that bought 2 at 100 and sold them at 101."""
    usual: dict[str, Any] = {
        "symbol": "BTCUSDT",
        "direction": Direction.LONG,
        "opened_at": START,
        "closed_at": START + HOUR,
        "quantity": Decimal(2),
        "open_quantity": Decimal(0),
        "entered_quantity": Decimal(2),
        "exited_quantity": Decimal(2),
        "entry_price": Decimal(100),
        "exit_price": Decimal(101),
        "gross_pnl": Decimal(gross),
        "fees": Decimal(fees),
        "funding": Decimal(funding),
    }
    return Trade(**{**usual, **values})
