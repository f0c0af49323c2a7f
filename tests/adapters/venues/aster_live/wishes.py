"""Orders of these tests in our words, and our record of what has happened."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from trading.orders import Fill, OrderRequest, OrderType, PriceKind, Side
from trading.ports import Booked, Income, Movements, VenueAccount

D = Decimal


def wish(
    kind: OrderType = OrderType.MARKET,
    side: Side = Side.BUY,
    quantity: str = "0.1",
    **more: Any,
) -> OrderRequest:
    terms = {"symbol": "BTCUSDT", "client_order_id": "pf-entry", **more}
    return OrderRequest(side=side, order_type=kind, quantity=D(quantity), **terms)


def stop(level: str, quantity: str = "0.1", side: Side = Side.SELL, **more: Any) -> OrderRequest:
    terms = {"client_order_id": "pf-stop", "reduce_only": True, "trigger_by": PriceKind.MARK}
    return wish(OrderType.STOP_MARKET, side, quantity, stop_price=D(level), **{**terms, **more})


def target(level: str, quantity: str = "0.1", side: Side = Side.SELL, **more: Any) -> OrderRequest:
    return replace(
        stop(level, quantity, side, **{"client_order_id": "pf-target", **more}),
        order_type=OrderType.TAKE_PROFIT_MARKET,
    )


@dataclass(slots=True)
class Record:
    """What an account's tables would hold, in memory."""

    opening: Decimal
    since: datetime
    fills: dict[tuple[str, str], Fill] = field(default_factory=dict)
    income: dict[str, Income] = field(default_factory=dict)
    quantities: dict[str, Decimal] = field(default_factory=dict)
    orders: dict[str, str] = field(default_factory=dict)
    unsettled: set[str] = field(default_factory=set)

    @property
    def wallet(self) -> Decimal:
        traded = sum((f.realized_pnl - f.fee for f in self.fills.values()), D(0))
        return self.opening + traded + sum((line.amount for line in self.income.values()), D(0))

    def booked(self, **changes: Any) -> Booked:
        newest = {fill.symbol: fill.trade_id for fill in self.fills.values()}
        terms: dict[str, Any] = {
            "trade_ids": newest,
            "newest_trade_id": None,
            "tran_id": None,
            "income_at": max((line.at for line in self.income.values()), default=None),
            "wallet": self.wallet,
            "quantities": dict(self.quantities),
            "orders": dict(self.orders),
            "unsettled": frozenset(self.unsettled),
            "since": self.since,
        }
        return Booked(**{**terms, **changes})

    def book(self, moved: Movements, seen: VenueAccount) -> tuple[int, int]:
        """Book what is new; how many fills and income lines that were."""
        before = len(self.fills), len(self.income)
        for fill in moved.fills:
            self.fills.setdefault((fill.symbol, fill.trade_id), fill)
        for line in moved.income:
            self.income.setdefault(line.tran_id, line)
        self.quantities = {p.position.symbol: p.position.quantity for p in seen.positions}
        return len(self.fills) - before[0], len(self.income) - before[1]
