"""The paper venue: an exchange made of candles, standing at one market instant.

It implements `trading.ports.Venue` over the matching engine. Every call first matches what was
traded up to `as_of`, and commits that with its events; the book never goes back in time. The one
rule not to break: a submit is executed once per call, as at Aster, and a client order id protects
only while its order is open, so the stored intent is the guard against a repeat.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from adapters.venues.paper.catch_up import catch_up, end_of_stretch
from adapters.venues.paper.marks import read_marks
from adapters.venues.paper.told import first_order, orders_of
from trading.errors import BadMarketData, OrderRejected, VenueUnavailable
from trading.exits.room import why_unprotectable
from trading.instruments import Instrument
from trading.market import OrderBook, Quote
from trading.matching import amendments, groups, margin, submission
from trading.matching.liquidation import backing_of, liquidation_price
from trading.matching.submission import Counter
from trading.order_groups import OrderGroup
from trading.orders import Fill, Order, OrderRequest, PriceKind
from trading.paper_book import BookState, VenueEvent
from trading.paper_terms import SlippagePolicy
from trading.ports import (
    Balance,
    Booked,
    BookSource,
    Holding,
    Income,
    MarketSource,
    Movements,
    PaperBook,
    VenueAccount,
    VenuePosition,
)
from trading.positions import MarginMode

Change = Callable[[BookState], tuple[BookState, list[VenueEvent]]]
"""One amendment of a book; raises `OrderRejected` and changes nothing then."""

_NO_NEED_TO_CHANGE = -4046


@dataclass(slots=True, kw_only=True)
class PaperVenue:
    """One account's paper venue at `as_of`, or later if its book is already further.

    Raises from any call: `VenueUnavailable` when the market cannot say what was traded; from
    `positions` and `balance` also `BadMarketData` when there is no usable quote.
    """

    book: PaperBook
    market: MarketSource
    as_of: datetime
    account_id: str
    _instruments: dict[str, Instrument] | None = field(default=None, init=False, repr=False)
    _is_caught_up: bool = field(default=False, init=False, repr=False)
    """Once true it stays so: the book never goes back in time."""

    @property
    def name(self) -> str:
        return "paper"

    async def server_time(self) -> datetime:
        """The market instant at which the venue stands."""
        return (await self._current()).matched_until

    async def instruments(self) -> tuple[Instrument, ...]:
        return tuple((await self._by_symbol()).values())

    async def account(self) -> VenueAccount:
        """All of one committed state of the book."""
        state = await self._current()
        return VenueAccount(
            balance=await self._balance(state),
            positions=await self._positions(state),
            open_orders=tuple(state.orders.values()),
        )

    async def balance(self) -> Balance:
        return await self._balance(await self._current())

    async def positions(self) -> tuple[VenuePosition, ...]:
        """Open positions by symbol, each with its mark and liquidation price."""
        return await self._positions(await self._current())

    async def _balance(self, state: BookState) -> Balance:
        marks = await read_marks(self.market, state.positions, state.matched_until)
        return margin.balance(state, marks)

    async def _positions(self, state: BookState) -> tuple[VenuePosition, ...]:
        marks = await read_marks(self.market, state.positions, state.matched_until)
        known = await self._by_symbol()
        # A cross position hangs on what the others are worth now, not at the last candle.
        valued = replace(state, marks={symbol: marks[symbol] for symbol in state.marks})
        return tuple(
            VenuePosition(
                position=held,
                mark=marks[symbol],
                liquidation_price=liquidation_price(
                    held, known[symbol], backing=backing_of(valued, held, known)
                ),
            )
            for symbol, held in sorted(state.positions.items())
        )

    async def open_orders(self) -> tuple[Order, ...]:
        """In order of arrival."""
        return tuple((await self._current()).orders.values())

    async def order_by_client_id(self, symbol: str, client_order_id: str) -> Order | None:
        await self._catch_up()
        order = await self.book.order_by_client_id(client_order_id)
        return order if order is not None and order.symbol == symbol else None

    @property
    def settles_after(self) -> timedelta:
        """None at all: the book is locked while an order is handed in."""
        return timedelta(0)

    async def can_stop(self, symbol: str) -> str | None:
        instrument = await self._instrument(symbol)
        resting = [o for o in (await self._current()).orders.values() if o.symbol == symbol]
        return why_unprotectable(instrument, resting)

    @property
    def takes_groups(self) -> bool:
        return False

    @property
    def triggers_by(self) -> PriceKind:
        """Candles have no mark of their own."""
        return PriceKind.LAST

    async def holding(self, symbol: str) -> Holding:
        account = await self.account()
        return Holding(
            position=next((p for p in account.positions if p.position.symbol == symbol), None),
            open_orders=tuple(o for o in account.open_orders if o.symbol == symbol),
        )

    async def movements_since(self, booked: Booked, seen: VenueAccount) -> Movements:
        del seen  # the book numbers its lines over all symbols
        return Movements(
            fills=await self.fills_since(booked.newest_trade_id),
            income=await self.income_since(booked.tran_id),
        )

    async def fills_since(self, trade_id: str | None) -> tuple[Fill, ...]:
        await self._catch_up()
        return await self.book.fills_since(trade_id)

    async def income_since(self, tran_id: str | None) -> tuple[Income, ...]:
        await self._catch_up()
        return await self.book.income_since(tran_id)

    async def set_leverage(self, symbol: str, leverage: int) -> None:
        """Raises `OrderRejected`: -4161 while an isolated position is open at another leverage."""
        instrument = await self._instrument(symbol)
        await self._amend(
            lambda state: (amendments.set_leverage(state, symbol, leverage, instrument), [])
        )

    async def set_margin_mode(self, symbol: str, mode: MarginMode) -> None:
        """Raises `OrderRejected`: -4047 with open orders, -4048 with a position."""
        await self._instrument(symbol)
        try:
            await self._amend(lambda state: (amendments.set_margin_mode(state, symbol, mode), []))
        except OrderRejected as refused:
            if refused.code != _NO_NEED_TO_CHANGE:
                raise

    async def move_funds(self, amount: Decimal) -> None:
        """Deposit (positive) or withdraw; raises `OrderRejected` (-2018) beyond what is free."""
        await self._amend(lambda state: amendments.move_funds(state, amount, state.matched_until))

    async def submit(self, request: OrderRequest) -> Order:
        """Execute or rest the order at the venue's instant; the order as the venue has it then."""
        return (await self._hand_in(request.symbol, request.client_order_id, request))[0]

    async def submit_group(self, group: OrderGroup) -> tuple[Order, ...]:
        """Execute or rest the entry (or two exits); the orders as the venue has them then."""
        return await self._hand_in(group.exits[0].symbol, group.group_id, group)

    async def _hand_in(
        self, symbol: str, name: str, wanted: OrderRequest | OrderGroup
    ) -> tuple[Order, ...]:
        instrument = await self._instrument(symbol)
        # Matching is committed first, so that a refused order does not take it back; and the market
        # is asked before the lock, which holds a connection to the database.
        state = await self._current()
        counter = await self._priced(instrument, state, name)
        async with self.book.change() as change:
            if change.state.matched_until != state.matched_until:
                counter = await self._priced(instrument, change.state, name)
            after, events = (
                groups.submit_group(change.state, wanted, counter)
                if isinstance(wanted, OrderGroup)
                else submission.hand_over(change.state, wanted, counter)
            )
            first = change.state.next_order_id
            change.record(after, events)
        return orders_of(events, first, after.next_order_id)

    async def _priced(self, instrument: Instrument, state: BookState, name: str) -> Counter:
        try:
            return await self._counter(instrument, state)
        except BadMarketData as error:
            raise VenueUnavailable(
                f"no usable quote, nothing was sent for {name}: {error}"
            ) from error

    async def _counter(self, instrument: Instrument, state: BookState) -> Counter:
        """The prices of now; the order book only where the policy of the book walks it."""
        order_book: OrderBook | None = None
        if state.execution.slippage is SlippagePolicy.DEPTH and isinstance(self.market, BookSource):
            order_book = await self.market.order_book(instrument.symbol, state.matched_until)
        return Counter(
            instrument=instrument,
            quote=await self._quote(instrument.symbol, state),
            at=state.matched_until,
            book=order_book,
        )

    async def cancel(self, symbol: str, client_order_id: str) -> Order:
        """Raises `OrderRejected` (-2011) when no open order of the symbol has the id."""

        def cancelled(state: BookState) -> tuple[BookState, list[VenueEvent]]:
            after, events = amendments.cancel(state, client_order_id, state.matched_until)
            if first_order(events).symbol != symbol:
                raise OrderRejected(
                    -2011, f"Unknown order sent: {client_order_id} is not an order of {symbol}."
                )
            return after, events

        return first_order(await self._amend(cancelled))

    async def _amend(self, amendment: Change) -> list[VenueEvent]:
        """Change the book at the venue's instant; what the change itself brought about."""
        await self._catch_up()
        async with self.book.change() as change:
            after, events = amendment(change.state)
            change.record(after, events)
        return events

    async def _catch_up(self) -> None:
        """Everything up to `as_of` is matched and committed."""
        if not self._is_caught_up:
            await self._current()

    async def _current(self) -> BookState:
        """The committed book at `as_of`; takes the lock only when there is something to match.

        A long gap is committed stretch by stretch: a run that is broken off has not worked for nothing.
        """
        state = await self.book.read()
        while state.matched_until < self.as_of:
            state = await self._brought_on(state)
        self._is_caught_up = True
        return state

    async def _brought_on(self, state: BookState) -> BookState:
        """A stretch further, asked for without the lock; or as another run has meanwhile left it."""
        after, events = await catch_up(
            state,
            market=self.market,
            instruments=await self._by_symbol(),
            until=end_of_stretch(state, self.market, self.as_of),
        )
        async with self.book.change() as change:
            if change.state != state:
                return change.state
            change.record(after, events)
        return after

    async def _quote(self, symbol: str, state: BookState) -> Quote:
        return await self.market.quote(symbol, state.matched_until)

    async def _instrument(self, symbol: str) -> Instrument:
        known = await self._by_symbol()
        if symbol not in known:
            raise OrderRejected(
                -1121,
                f"Invalid symbol: market {self.market.name} of account {self.account_id} has no"
                f" {symbol}; it has {', '.join(sorted(known))}.",
            )
        return known[symbol]

    async def _by_symbol(self) -> dict[str, Instrument]:
        if self._instruments is None:
            self._instruments = {one.symbol: one for one in await self.market.instruments()}
        return self._instruments
