"""What the rules need from outside, as Protocols. Adapters provide them; tasks pass them in.

All methods that may wait are coroutines. Times are aware UTC market times, money is Decimal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from trading.candles import Candle
from trading.errors import BadMarketData
from trading.instruments import Instrument
from trading.market import FundingRate, OrderBook, Quote
from trading.order_groups import OrderGroup
from trading.orders import Fill, Order, OrderRequest, PriceKind
from trading.paper_book import BookState, VenueEvent
from trading.positions import MarginMode
from trading.timeframes import Timeframe
from trading.venue_accounts import (
    Balance,
    Booked,
    Holding,
    Income,
    IncomeKind,
    Movements,
    VenueAccount,
    VenuePosition,
)
from trading.weights import Priority, WeightScope

__all__ = [
    "Balance",
    "BookChange",
    "BookSource",
    "Booked",
    "Holding",
    "Income",
    "IncomeKind",
    "MarketSource",
    "Movements",
    "PaperBook",
    "RuleSource",
    "Venue",
    "VenueAccount",
    "VenuePosition",
    "WeightBudget",
]


class MarketSource(Protocol):
    """Where candles and quotes come from: a venue, recorded files, or the simulation."""

    @property
    def name(self) -> str:
        """Key of the market in the store, e.g. `simulated-7` or `recorded`."""
        ...

    @property
    def base_timeframe(self) -> Timeframe:
        """The finest candles there are; the paper venue matches on these."""
        ...

    async def instruments(self) -> tuple[Instrument, ...]: ...

    async def candles(
        self, symbol: str, timeframe: Timeframe, *, until: datetime, limit: int
    ) -> tuple[Candle, ...]:
        """Up to `limit` candles that are closed at `until`, oldest first; gaps stay visible."""
        ...

    async def candles_between(
        self, symbol: str, timeframe: Timeframe, *, since: datetime, until: datetime
    ) -> tuple[Candle, ...]:
        """Candles with `open_time >= since` that are closed at `until`, oldest first."""
        ...

    async def quote(self, symbol: str, at: datetime) -> Quote: ...

    async def quotes(
        self, symbols: Sequence[str], at: datetime
    ) -> Mapping[str, Quote | BadMarketData]:
        """Quotes of several instruments, in as few calls as the source allows.

        An instrument without a usable quote has its defect as a value: it stops nobody else.
        """
        ...

    async def funding_between(
        self, symbol: str, *, after: datetime, until: datetime
    ) -> tuple[FundingRate, ...]:
        """Funding instants with `after < at <= until`, oldest first."""
        ...


@runtime_checkable
class BookSource(Protocol):
    """What a `MarketSource` may be besides: one that knows order books. Recorded files are none."""

    async def order_book(self, symbol: str, at: datetime) -> OrderBook:
        """The nearest resting orders as of `at`."""
        ...


@runtime_checkable
class RuleSource(Protocol):
    """What a `MarketSource` may be besides: one that may know instruments by hearsay only."""

    async def told_instruments(self) -> tuple[Instrument, ...]:
        """Only what its origin has said itself, and lately. Raises `VenueError` before it has."""
        ...


class Venue(Protocol):
    """An exchange we trade on, the paper one included. Submits are never retried in here.

    Raises: `OrderRejected` (definite no), `OutcomeUnknown` (sent, no answer),
    `VenueUnavailable` (nothing sent).
    """

    @property
    def name(self) -> str: ...

    async def server_time(self) -> datetime: ...

    async def instruments(self) -> tuple[Instrument, ...]: ...

    async def account(self) -> VenueAccount:
        """Balance, positions and open orders, in as few calls as the venue allows."""
        ...

    async def balance(self) -> Balance: ...

    async def positions(self) -> tuple[VenuePosition, ...]: ...

    async def open_orders(self) -> tuple[Order, ...]: ...

    async def order_by_client_id(self, symbol: str, client_order_id: str) -> Order | None:
        """None means: the venue says that it does not know the id."""
        ...

    async def holding(self, symbol: str) -> Holding:
        """One instrument as it is now, never from memory: what protection is read back from."""
        ...

    async def movements_since(self, booked: Booked, seen: VenueAccount) -> Movements:
        """Fills and income that are not in the record; `seen` is the account as just reported.

        Asking twice with the same record gives the same lines: booking them is idempotent.
        """
        ...

    @property
    def settles_after(self) -> timedelta:
        """How long after a send "no such order" is no answer yet: it may still arrive."""
        ...

    async def can_stop(self, symbol: str) -> str | None:
        """Why an entry of this symbol could not be given its stop and target; None: it can."""
        ...

    @property
    def takes_groups(self) -> bool:
        """Whether `submit_group` may be used for the entries of this account."""
        ...

    @property
    def triggers_by(self) -> PriceKind:
        """The price that protection is to be triggered by."""
        ...

    async def set_leverage(self, symbol: str, leverage: int) -> None: ...

    async def set_margin_mode(self, symbol: str, mode: MarginMode) -> None:
        """Of positions to come; the mode that is set already is success."""
        ...

    async def submit(self, request: OrderRequest) -> Order: ...

    async def submit_group(self, group: OrderGroup) -> tuple[Order, ...]:
        """All orders of the group or none; the entry first. Exits are `pending` until it fills."""
        ...

    async def cancel(self, symbol: str, client_order_id: str) -> Order: ...


class PaperBook(Protocol):
    """Stored state of the paper venue for one account, locked while it is open."""

    async def read(self) -> BookState:
        """The committed state, without a lock."""
        ...

    def change(self) -> AbstractAsyncContextManager[BookChange]:
        """Lock, hand out the state, and commit what was recorded when the block ends well."""
        ...

    async def order_by_client_id(self, client_order_id: str) -> Order | None:
        """The newest order with that id, open or ended."""
        ...

    async def fills_since(self, trade_id: str | None) -> tuple[Fill, ...]: ...

    async def income_since(self, tran_id: str | None) -> tuple[Income, ...]: ...


class BookChange(Protocol):
    """One locked change of a paper book."""

    @property
    def state(self) -> BookState: ...

    def record(self, state: BookState, events: Sequence[VenueEvent]) -> None:
        """Replace the state and append what happened; written in one transaction at the end."""
        ...


class WeightBudget(Protocol):
    """The request weight of venues' hosts, shared by all processes of this machine.

    Whoever talks to a venue over the network spends here before each request and tells afterwards
    what the answer said of limits. Markets that are computed or recorded spend nothing.
    """

    async def spend(self, scope: WeightScope, weight: int, priority: Priority) -> None:
        """Raises `WeightRefused`: then the request must not be sent."""
        ...

    async def heard(
        self,
        scope: WeightScope,
        *,
        status: int,
        used: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        """HTTP status, the venue's own count (its used-weight header), Retry-After in seconds."""
        ...
