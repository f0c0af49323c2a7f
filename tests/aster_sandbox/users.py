"""Who trades: a wallet with its agents and V1 keys, its books, its ledger and every order it had.

The books are the matching engine's; the ledger is the sandbox's own. Addresses are compared in small
letters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.aster_sandbox.ledger import Ledger
from trading.orders import Fill, Order
from trading.paper_book import BookState


@dataclass(slots=True, kw_only=True)
class Agent:
    """An API wallet that may sign for a user."""

    address: str
    name: str = "agent"
    can_read: bool = True
    can_perp_trade: bool = True
    can_spot_trade: bool = False
    can_withdraw: bool = False
    expires_ms: int = 4_102_444_800_000

    def document(self) -> dict[str, Any]:
        return {
            "agentAddress": self.address,
            "agentName": self.name,
            "canRead": self.can_read,
            "canPerpTrade": self.can_perp_trade,
            "canSpotTrade": self.can_spot_trade,
            "canWithdraw": self.can_withdraw,
            "expired": self.expires_ms,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What an order says that the engine does not know, to be repeated as it came."""

    position_side: str = "BOTH"
    working_type: str = "CONTRACT_PRICE"
    time_in_force: str = "GTC"
    has_price_protect: bool = False
    activation_price: str | None = None


@dataclass(slots=True, kw_only=True)
class Record:
    """One order: as it stands now, and in the words of its placing."""

    order: Order
    words: Words

    @property
    def number(self) -> int:
        return int(self.order.venue_order_id)


@dataclass(slots=True, kw_only=True)
class Strategy:
    """A group of orders that was placed in one message."""

    number: int
    client_id: str
    kind: str
    at_ms: int
    subs: list[tuple[int, str]]
    """Number in the message and client id of each order."""


@dataclass(slots=True, kw_only=True)
class User:
    """One account of the venue."""

    address: str
    alias: str
    book: BookState
    agents: dict[str, Agent] = field(default_factory=dict)
    pairs: dict[str, str] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    records: dict[int, Record] = field(default_factory=dict)
    """By order id, in order of arrival."""
    fills: list[Fill] = field(default_factory=list)
    unlisted: set[str] = field(default_factory=set)
    """Numbers of fills that the venue does not list yet, as trades or in the ledger."""
    realized: dict[str, Decimal] = field(default_factory=dict)
    """What was realised ever (USDT), by symbol."""
    strategies: dict[str, Strategy] = field(default_factory=dict)
    is_hedge: bool = False
    is_multi_assets: bool = False
    can_trade: bool = True
    can_withdraw: bool = False
    """Of its V1 keys."""
    builders: list[dict[str, Any]] = field(default_factory=list)
    countdowns: dict[str, int] = field(default_factory=dict)
    """When all orders of a symbol are cancelled (ms), by symbol."""
    margin_called: set[str] = field(default_factory=set)
    """Symbols of which MARGIN_CALL was said."""
    margin_history: list[dict[str, Any]] = field(default_factory=list)
    """Rows of `positionMargin/history`."""
    listen_key: str | None = None
    listen_key_until_ms: int = 0

    def record_of_client_id(self, client_order_id: str) -> Record | None:
        """The latest order of that id: ids are unique among open orders only."""
        for record in reversed(self.records.values()):
            if record.order.request.client_order_id == client_order_id:
                return record
        return None

    def open_records(self, symbol: str | None = None) -> list[Record]:
        """Orders that rest, oldest first; what waits for its entry does not."""
        return [
            self.records[int(number)]
            for number, order in self.book.orders.items()
            if symbol in (None, order.symbol)
        ]
