"""A book and its events through the store's own rows and back, without a server.

The same functions that write Postgres make the columns; JSONB is real JSON text, money real
Decimals. What does not survive here would not survive a restart.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from adapters.store import paper_rows
from trading.orders import Order, OrderStatus
from trading.paper_book import BookState

_KEPT = (OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED, OrderStatus.PENDING)


@dataclass(slots=True)
class RowBook:
    """Rows of one account's books, as the tables hold them."""

    orders: dict[int, dict[str, Any]] = field(default_factory=dict)

    def restarted(self, state: BookState) -> BookState:
        """The state as another process reads it."""
        held = [paper_rows.position_columns("a", position) for position in state.positions.values()]
        self.orders |= {
            int(number): paper_rows.paper_order_columns("a", order)
            for number, order in {**state.orders, **state.waiting}.items()
        }
        return paper_rows.book_state(
            _row(paper_rows.wallet_columns(state)),
            [_row(columns) for columns in held],
            [_row(self.orders[number]) for number in sorted(self.orders) if self._is_kept(number)],
        )

    def changed(self, order: Order) -> None:
        """An event told of the order."""
        self.orders[int(order.venue_order_id)] = paper_rows.paper_order_columns("a", order)

    def _is_kept(self, number: int) -> bool:
        return OrderStatus(self.orders[number]["status"]) in _KEPT


def _row(columns: dict[str, Any]) -> Any:
    """JSON columns come back as what the text says."""
    return SimpleNamespace(
        **{
            name: json.loads(json.dumps(value)) if isinstance(value, dict) else value
            for name, value in columns.items()
        }
    )
