"""Any account, any orders, any market: the ledger adds up and no order does what it must not.

A random trader submits, cancels and changes leverage on two symbols while random candles and
funding pass. After every step: wallet - start = realised - fees + funding, the fills add up to the
positions, reduce-only never grew or flipped one, no fill was better than its candle allowed.
"""

from __future__ import annotations

from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.trading.matching.paper_builders import (
    INSTRUMENTS,
    MINUTE,
    T0,
    funding,
    fundings_in,
    quote,
)
from trading.candles import Candle
from trading.errors import OrderRejected
from trading.matching.advance import advance
from trading.matching.amendments import cancel, set_leverage
from trading.matching.margin import position_margin
from trading.matching.submission import submit
from trading.orders import Fill, FillCause, Order, OrderRequest, OrderType, Side
from trading.paper_book import BookState, OrderChanged, OrderFilled, PaperFees, VenueEvent
from trading.positions import Position, apply_fill
from trading.timeframes import Timeframe

START = Decimal(2_000)
PRECISION = Decimal("1e-8")
FEES = PaperFees()

symbols = st.sampled_from(sorted(INSTRUMENTS))
quantities = st.integers(50, 30_000).map(lambda lots: Decimal(lots) / 1000)
distances = st.integers(0, 60).map(lambda tenths: Decimal(tenths) / 10)
steps = st.integers(-40, 40)


class PaperTrader(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.state = BookState(wallet=START, matched_until=T0, fees=FEES)
        self.last = dict.fromkeys(INSTRUMENTS, Decimal(100))
        self.orders: dict[str, Order] = {}
        self.positions: dict[str, Position] = {}
        self.realized = self.fees = self.funded = Decimal(0)
        self.sent = self.trade_id = 0

    @rule(
        symbol=symbols,
        side=st.sampled_from(Side),
        order_type=st.sampled_from(OrderType),
        quantity=quantities,
        distance=distances,
    )
    def opens_or_adds(
        self, symbol: str, side: Side, order_type: OrderType, quantity: Decimal, distance: Decimal
    ) -> None:
        self.sends(symbol, side, order_type, quantity, distance, reduce_only=False)

    @precondition(lambda self: self.state.positions)
    @rule(
        data=st.data(),
        order_type=st.sampled_from(OrderType),
        quantity=quantities,
        distance=distances,
    )
    def protects_or_closes(
        self, data: st.DataObject, order_type: OrderType, quantity: Decimal, distance: Decimal
    ) -> None:
        position = data.draw(st.sampled_from(list(self.state.positions.values())))
        self.sends(
            position.symbol, position.exit_side, order_type, quantity, distance, reduce_only=True
        )

    def sends(
        self,
        symbol: str,
        side: Side,
        order_type: OrderType,
        quantity: Decimal,
        distance: Decimal,
        *,
        reduce_only: bool,
    ) -> None:
        """One order, its level `distance` away from the last price on the side where it waits."""
        self.sent += 1
        above = (side is Side.BUY) == (order_type is OrderType.STOP_MARKET)
        price = max(self.last[symbol] + (distance if above else -distance), Decimal("0.1"))
        asked = OrderRequest(
            symbol=symbol,
            side=side,
            order_type=order_type,
            client_order_id=f"o{self.sent}",
            quantity=quantity,
            price=price if order_type is OrderType.LIMIT else None,
            stop_price=price if order_type.is_conditional else None,
            reduce_only=reduce_only,
        )
        try:
            self.state, events = submit(
                self.state,
                asked,
                instrument=INSTRUMENTS[symbol],
                quote=quote(str(self.last[symbol]), symbol=symbol),
                at=self.state.matched_until,
            )
        except OrderRejected:
            return
        self.book_events(events, {})

    @precondition(lambda self: self.state.orders)
    @rule(data=st.data())
    def cancels(self, data: st.DataObject) -> None:
        order = data.draw(st.sampled_from(list(self.state.orders.values())))
        self.state, events = cancel(
            self.state, order.request.client_order_id, self.state.matched_until
        )
        self.book_events(events, {})

    @rule(symbol=symbols, leverage=st.integers(1, 55))
    def sets_leverage(self, symbol: str, leverage: int) -> None:
        try:
            self.state = set_leverage(self.state, symbol, leverage, INSTRUMENTS[symbol])
        except OrderRejected:
            return

    @rule(
        minutes=st.lists(
            st.fixed_dictionaries({name: st.tuples(*[steps] * 4) for name in INSTRUMENTS}),
            min_size=1,
            max_size=5,
        ),
        rate=st.none() | st.integers(-30, 30),
    )
    def time_passes(
        self, minutes: list[dict[str, tuple[int, int, int, int]]], rate: int | None
    ) -> None:
        for moves in minutes:
            self._a_minute_passes(moves, rate)
            self.the_ledger_adds_up()

    def _a_minute_passes(
        self, moves: dict[str, tuple[int, int, int, int]], rate: int | None
    ) -> None:
        opens = self.state.matched_until
        candles = {name: self._candle(name, move) for name, move in moves.items()}
        number = (opens - T0) // MINUTE + 1
        paid = [
            funding(str(Decimal(rate) / 10_000), at=number, mark=str(self.last[name]), symbol=name)
            for name in INSTRUMENTS
            if rate is not None
        ]
        self.state, events = advance(
            self.state,
            candles_by_symbol={name: [one] for name, one in candles.items()},
            fundings_by_symbol={one.symbol: [one] for one in paid},
            timeframe=Timeframe.M1,
            until=opens + MINUTE,
            instruments=INSTRUMENTS,
        )
        self.book_events(events, candles)

    def _candle(self, symbol: str, moves: tuple[int, int, int, int]) -> Candle:
        gap, up, down, close = (Decimal(step) / 10 for step in moves)
        first = max(self.last[symbol] + gap, Decimal(20))
        last = max(first + close, Decimal(20))
        high = max(first, last) + abs(up)
        low = max(min(first, last) - abs(down), Decimal(10))
        self.last[symbol] = last
        return Candle(self.state.matched_until, first, high, low, last, Decimal(1))

    def book_events(self, events: list[VenueEvent], candles: dict[str, Candle]) -> None:
        """Our own books, kept from the events alone, as reconcile keeps them."""
        for event in events:
            if isinstance(event, OrderChanged):
                self.orders[event.order.venue_order_id] = event.order
            elif isinstance(event, OrderFilled):
                self.book_fill(event.fill, candles)
        self.funded += sum((paid.amount for paid in fundings_in(events)), Decimal(0))

    def book_fill(self, fill: Fill, candles: dict[str, Candle]) -> None:
        order = self.orders[fill.venue_order_id]
        before = self.positions.get(fill.symbol)
        effect = apply_fill(
            before,
            symbol=fill.symbol,
            side=fill.side,
            quantity=fill.quantity,
            price=fill.price,
            leverage=self.state.leverage.get(fill.symbol, 1),
            at=fill.filled_at,
        )
        after = effect.position
        assert abs(fill.realized_pnl - effect.realized_pnl) <= PRECISION
        assert fill.quantity > 0
        assert int(fill.trade_id) == self.trade_id + 1
        self.trade_id += 1
        assert order.filled_quantity == order.request.quantity == fill.quantity
        if order.request.reduce_only:
            self._only_reduced(before, after)
        if fill.cause is FillCause.LIQUIDATION:
            assert before is not None
            assert after is None
            assert fill.fee >= 0
            assert abs(fill.fee - fill.realized_pnl - before.isolated_margin) <= PRECISION
        elif candles:
            self._is_no_better_than(candles[fill.symbol], order, fill.price)
        self.positions.pop(fill.symbol, None)
        if after is not None:
            self.positions[fill.symbol] = after
        self.realized += fill.realized_pnl
        self.fees += fill.fee

    def _only_reduced(self, before: Position | None, after: Position | None) -> None:
        assert before is not None
        if after is not None:
            assert abs(after.quantity) < abs(before.quantity)
            assert after.direction is before.direction

    def _is_no_better_than(self, candle: Candle, order: Order, price: Decimal) -> None:
        request = order.request
        sign = request.side.sign
        best = candle.low if request.side is Side.BUY else candle.high
        assert (price - best) * sign >= 0
        if request.order_type is OrderType.LIMIT:
            assert price == request.price
        else:
            trigger = request.stop_price or Decimal(0)
            worst_market = candle.high if request.side is Side.BUY else candle.low
            is_stop = request.order_type is OrderType.STOP_MARKET
            reference = worst_market if is_stop else trigger
            limit = reference * (1 + sign * FEES.slippage) + sign * Decimal("0.1")
            assert (limit - price) * sign >= 0
            assert (price - trigger * (1 + sign * FEES.slippage)) * sign >= 0

    @invariant()
    def the_ledger_adds_up(self) -> None:
        booked = self.realized - self.fees + self.funded
        assert abs(self.state.wallet - START - booked) <= PRECISION

    @invariant()
    def fills_add_up_to_positions_and_none_is_empty(self) -> None:
        assert self.positions == dict(self.state.positions)
        assert all(held.quantity != 0 for held in self.positions.values())

    @invariant()
    def margin_is_initial_margin_of_the_entry_notional(self) -> None:
        for held in self.state.positions.values():
            expected = abs(held.quantity) * held.entry_price / held.leverage
            assert abs(held.isolated_margin - expected) <= PRECISION
        assert position_margin(self.state) >= 0

    @invariant()
    def every_open_order_is_as_told_and_every_reduce_only_one_has_its_position(self) -> None:
        told = {key: order for key, order in self.orders.items() if order.status.is_open}
        assert told == dict(self.state.orders)
        for order in told.values():
            if order.request.reduce_only:
                assert self.positions[order.symbol].exit_side is order.request.side


PaperTrader.TestCase.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
TestAnyTrader = PaperTrader.TestCase
