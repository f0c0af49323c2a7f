"""Orders, fills and intents: the words between a decision and a venue.

`OrderIntent` is what we want before it is sent; the venue knows it by `client_order_id`, a pure
function of account, slot, symbol, leg and attempt (no clock in it), so that a retry repeats the
same id. Aster's ids are unique among open orders only: the stored intent row is the guard.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from trading.errors import InvalidRecord
from trading.units import ZERO

CLIENT_ID_PREFIX = "pf-"


class Side(StrEnum):
    """Of an order."""

    BUY = "buy"
    SELL = "sell"

    @property
    def sign(self) -> int:
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> Side:
        return Side.SELL if self is Side.BUY else Side.BUY


class OrderType(StrEnum):
    """How an order waits and at what it fills."""

    MARKET = "market"
    LIMIT = "limit"
    STOP_MARKET = "stop_market"
    TAKE_PROFIT_MARKET = "take_profit_market"
    STOP = "stop"
    """A limit order that comes to life at a worse price."""
    TAKE_PROFIT = "take_profit"
    """A limit order that comes to life at a better price."""
    TRAILING_STOP_MARKET = "trailing_stop_market"

    @property
    def is_conditional(self) -> bool:
        """Waits for a trigger before it acts."""
        return self not in (OrderType.MARKET, OrderType.LIMIT)

    @property
    def has_limit(self) -> bool:
        """Names the worst price it may fill at."""
        return self in (OrderType.LIMIT, OrderType.STOP, OrderType.TAKE_PROFIT)

    @property
    def is_stop(self) -> bool:
        """Its trigger lies where the market hurts who it protects."""
        return self in (OrderType.STOP_MARKET, OrderType.STOP, OrderType.TRAILING_STOP_MARKET)


class TimeInForce(StrEnum):
    """How long a limit order may wait."""

    GTC = "gtc"
    """Until it is cancelled."""
    IOC = "ioc"
    """Now; what is left expires."""
    FOK = "fok"
    """Now and whole, or not at all."""
    GTX = "gtx"
    """As a maker, or not at all (post-only)."""


class PriceKind(StrEnum):
    """Which price triggers a conditional order (Aster: CONTRACT_PRICE, MARK_PRICE)."""

    LAST = "last"
    MARK = "mark"


class GroupRole(StrEnum):
    """What an order is in its group: the entry drives the exits, of the exits one is enough."""

    ENTRY = "entry"
    EXIT = "exit"


class OrderStatus(StrEnum):
    """As the venue says."""

    PENDING = "pending"
    """Exit of a group whose entry has not filled: it rests nowhere and protects nothing yet."""
    NEW = "new"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REJECTED = "rejected"

    @property
    def is_open(self) -> bool:
        return self in (OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED)


class Leg(StrEnum):
    """What an intent is for."""

    ENTRY = "entry"
    STOP = "stop"
    TARGET = "target"
    EXIT = "exit"


class IntentState(StrEnum):
    """Life of an intent; see `INTENT_MOVES` for the allowed moves."""

    PLANNED = "planned"
    SUBMITTING = "submitting"
    UNKNOWN = "unknown"
    OPEN = "open"
    FILLED = "filled"
    CLOSED = "closed"
    REFUSED = "refused"

    @property
    def is_settled(self) -> bool:
        return self in (IntentState.FILLED, IntentState.CLOSED, IntentState.REFUSED)


INTENT_MOVES: dict[IntentState, frozenset[IntentState]] = {
    IntentState.PLANNED: frozenset(
        {IntentState.SUBMITTING, IntentState.REFUSED, IntentState.CLOSED}
    ),
    IntentState.SUBMITTING: frozenset(
        {
            IntentState.UNKNOWN,
            IntentState.OPEN,
            IntentState.FILLED,
            IntentState.REFUSED,
            IntentState.CLOSED,
        }
    ),
    IntentState.UNKNOWN: frozenset(
        {IntentState.OPEN, IntentState.FILLED, IntentState.CLOSED, IntentState.REFUSED}
    ),
    # A venue may reject an order that it has taken before: an exit of a group, once its entry fills.
    IntentState.OPEN: frozenset({IntentState.FILLED, IntentState.CLOSED, IntentState.REFUSED}),
    IntentState.FILLED: frozenset(),
    IntentState.CLOSED: frozenset(),
    IntentState.REFUSED: frozenset(),
}
"""Only the venue ends `unknown`; a settled intent never moves again."""


def client_order_id(*, account_id: str, slot: datetime, symbol: str, leg: Leg, attempt: int) -> str:
    """Our id for an order: 33 characters of the venue's alphabet, the same for the same inputs."""
    key = f"{account_id}|{slot.isoformat()}|{symbol}|{leg}|{attempt}".encode()
    digest = hashlib.blake2s(key, digest_size=18).digest()
    return CLIENT_ID_PREFIX + base64.b32encode(digest).decode().rstrip("=").lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """An order as a venue takes it. Quantity in base asset, prices quote per base."""

    symbol: str
    side: Side
    order_type: OrderType
    client_order_id: str
    quantity: Decimal
    """Zero for `close_position`, positive otherwise."""
    price: Decimal | None = None
    """The limit of limit, stop and take-profit orders."""
    stop_price: Decimal | None = None
    """Trigger of a conditional order; a trailing stop has none."""
    reduce_only: bool = False
    """May shrink a position, never grow or flip it, for the whole life of the order."""
    time_in_force: TimeInForce = TimeInForce.GTC
    close_position: bool = False
    """Closes all that is held when it triggers, however much that is by then."""
    trigger_by: PriceKind = PriceKind.LAST
    activation_price: Decimal | None = None
    """From here on a trailing stop follows; None: at once."""
    callback_ratio: Decimal | None = None
    """Of a trailing stop: distance from the best price since activation, a ratio."""

    def __post_init__(self) -> None:
        if self.quantity <= ZERO and not (self.close_position and self.quantity == ZERO):
            raise InvalidRecord(f"{self.symbol}: order quantity {self.quantity} must be positive")
        is_trailing = self.order_type is OrderType.TRAILING_STOP_MARKET
        for name, is_needed in (
            ("price", self.order_type.has_limit),
            ("stop_price", self.order_type.is_conditional and not is_trailing),
            ("callback_ratio", is_trailing),
        ):
            if is_needed and getattr(self, name) is None:
                raise InvalidRecord(
                    f"{self.symbol}: a {self.order_type} order needs a {name.replace('_', ' ')}"
                )

    @property
    def only_reduces(self) -> bool:
        """Can never open or grow a position; gates never block it."""
        return self.reduce_only or self.close_position


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order as the venue reports it."""

    venue_order_id: str
    request: OrderRequest
    status: OrderStatus
    filled_quantity: Decimal
    average_price: Decimal | None
    """Quantity-weighted mean of its fills; None before the first."""
    created_at: datetime
    updated_at: datetime
    triggered_at: datetime | None = None
    """When a stop or take-profit limit came to life; from then on it is a plain limit order."""
    extreme_price: Decimal | None = None
    """Of a trailing stop: best price since activation; None while it is not active."""
    group_id: str | None = None
    group_role: GroupRole | None = None

    @property
    def symbol(self) -> str:
        return self.request.symbol

    @property
    def remaining(self) -> Decimal:
        """Zero for `close_position`: its quantity is that of the position when it triggers."""
        return self.request.quantity - self.filled_quantity

    @property
    def is_conditional(self) -> bool:
        """Still waits for its trigger."""
        return self.request.order_type.is_conditional and self.triggered_at is None

    @property
    def rests_as_limit(self) -> bool:
        """Stands in the book at its limit price."""
        return self.request.order_type.has_limit and not self.is_conditional


class FillCause(StrEnum):
    """Why a fill happened, where it was not our own plain order."""

    ORDER = "order"
    LIQUIDATION = "liquidation"
    ADL = "adl"
    """Auto-deleveraging: the venue took the position, or a part of it, to settle somebody else's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """One execution. `fee` is quote paid (negative is a rebate)."""

    trade_id: str
    """The venue's; with account and symbol it is the key, so a fill is booked once."""
    venue_order_id: str
    client_order_id: str
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal
    realized_pnl: Decimal
    """Quote, before fees and funding; zero on increases."""
    is_maker: bool
    filled_at: datetime
    cause: FillCause = FillCause.ORDER
    foreign_fee: str | None = None
    """What was paid in another asset than the quote, e.g. `0.5 ASTER`: it is in no figure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderIntent:
    """An order that we want, stored before anything is sent."""

    account_id: str
    slot: datetime
    leg: Leg
    attempt: int
    request: OrderRequest
    decision_id: str | None
    """The decision it serves; None only for protection of a position found without its stop."""
