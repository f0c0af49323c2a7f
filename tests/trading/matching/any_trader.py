"""A random trader on a random market, with books of its own, for the tests of the ledger.

It sends every kind of order and group on two symbols, cancels, changes leverage and margin mode,
moves money and restarts while candles, marks and funding pass; `the_books` of the subclass say how a
restart is done. Its own books are kept from the events alone, as reconcile keeps them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.trading.matching.own_books import OwnBooks
from tests.trading.matching.paper_builders import BTC, ETH, MINUTE, T0, funding, quote
from tests.trading.matching.trader_wishes import Wish, sides, steps, wishes
from trading.candles import Candle
from trading.errors import InvalidRecord, OrderRejected
from trading.market import BookLevel, OrderBook, Quote
from trading.matching import amendments, groups, submission
from trading.matching.advance import advance
from trading.matching.submission import Counter
from trading.order_groups import OrderGroup
from trading.orders import OrderRequest, OrderType, Side
from trading.paper_book import BookState, VenueEvent
from trading.paper_terms import PaperExecution, PaperFees, SlippagePolicy
from trading.positions import MarginMode
from trading.timeframes import Timeframe

START = Decimal(2_000)
FEES = PaperFees()
TICK = Decimal("0.1")
INSTRUMENTS = {
    "BTCUSDT": replace(BTC, multiplier_up=Decimal("1.2"), multiplier_down=Decimal("0.8")),
    "ETHUSDT": replace(ETH, max_price=Decimal(400)),
}
FUNDING_MINUTES = {"BTCUSDT": 8, "ETHUSDT": 3}
"""Every instrument has an interval of its own."""

symbols = st.sampled_from(sorted(INSTRUMENTS))


class AnyTrader(RuleBasedStateMachine):
    steps_taken: ClassVar[int] = 0
    """Of all traders of this process."""

    def __init__(self) -> None:
        super().__init__()
        self.state = BookState(wallet=START, matched_until=T0, fees=FEES)
        self.last = dict.fromkeys(INSTRUMENTS, Decimal(100))
        self.mark = dict(self.last)
        self.own = OwnBooks(start=START)
        self.sent = 0

    def restarted(self, state: BookState) -> BookState:
        """The state as another process reads it from the store."""
        raise NotImplementedError

    @initialize(
        slippage=st.sampled_from(SlippagePolicy),
        share=st.none() | st.sampled_from([Decimal("0.1"), Decimal(1)]),
        mode=st.sampled_from(MarginMode),
        leverage=st.integers(1, 50),
    )
    def opens_the_account(
        self, slippage: SlippagePolicy, share: Decimal | None, mode: MarginMode, leverage: int
    ) -> None:
        execution = PaperExecution(slippage=slippage, volume_share=share)
        self.state = replace(
            self.state,
            execution=execution,
            margin_modes=dict.fromkeys(INSTRUMENTS, mode),
            leverage=dict.fromkeys(INSTRUMENTS, leverage),
        )

    @rule(symbol=symbols, side=sides, wish=wishes)
    def opens_adds_or_flips(self, symbol: str, side: Side, wish: Wish) -> None:
        self.sends(self._request(symbol, side, replace(wish, closes=False, reduces=False)))

    @precondition(lambda self: self.state.positions)
    @rule(data=st.data(), wish=wishes)
    def protects_or_reduces(self, data: st.DataObject, wish: Wish) -> None:
        held = data.draw(st.sampled_from(list(self.state.positions.values())))
        self.sends(self._request(held.symbol, held.exit_side, replace(wish, reduces=True)))

    @rule(symbol=symbols, side=sides, entry=wishes, exits=st.lists(wishes, min_size=1, max_size=2))
    def sends_entry_with_exits(
        self, symbol: str, side: Side, entry: Wish, exits: list[Wish]
    ) -> None:
        asked = self._request(symbol, side, replace(entry, closes=False, reduces=False))
        legs = [replace(wish, quantity=entry.quantity, reduces=True) for wish in exits]
        self._sends_group(asked, [self._request(symbol, side.opposite, leg) for leg in legs])

    @precondition(lambda self: self.state.positions)
    @rule(data=st.data(), exits=st.tuples(wishes, wishes))
    def sends_two_exits(self, data: st.DataObject, exits: tuple[Wish, Wish]) -> None:
        held = data.draw(st.sampled_from(list(self.state.positions.values())))
        legs = [replace(wish, reduces=True) for wish in exits]
        self._sends_group(None, [self._request(held.symbol, held.exit_side, leg) for leg in legs])

    @precondition(lambda self: self.state.orders or self.state.waiting)
    @rule(data=st.data())
    def cancels(self, data: st.DataObject) -> None:
        open_orders = [*self.state.orders.values(), *self.state.waiting.values()]
        name = data.draw(st.sampled_from(open_orders)).request.client_order_id
        at = self.state.matched_until
        self.does(lambda state: amendments.cancel(state, name, at))

    @rule(symbol=symbols, leverage=st.integers(1, 55))
    def sets_leverage(self, symbol: str, leverage: int) -> None:
        instrument = INSTRUMENTS[symbol]
        self.does(lambda state: (amendments.set_leverage(state, symbol, leverage, instrument), []))
        self.own.learn_leverage(self.state)

    @rule(symbol=symbols, mode=st.sampled_from(MarginMode))
    def sets_margin_mode(self, symbol: str, mode: MarginMode) -> None:
        self.does(lambda state: (amendments.set_margin_mode(state, symbol, mode), []))

    @rule(amount=st.integers(-1_500, 1_500).map(Decimal))
    def moves_funds(self, amount: Decimal) -> None:
        at = self.state.matched_until
        self.does(lambda state: amendments.move_funds(state, amount, at))

    @rule()
    def restarts(self) -> None:
        again = self.restarted(self.state)
        assert again == self.state
        assert list(again.orders) == list(self.state.orders)
        self.state = again

    @rule(
        minutes=st.lists(
            st.fixed_dictionaries({name: st.tuples(*[steps] * 5) for name in INSTRUMENTS}),
            min_size=1,
            max_size=4,
        ),
        rate=st.integers(-30, 30),
        volume=st.integers(0, 60),
        has_marks=st.booleans(),
    )
    def time_passes(
        self,
        minutes: list[dict[str, tuple[int, int, int, int, int]]],
        rate: int,
        volume: int,
        has_marks: bool,
    ) -> None:
        for moves in minutes:
            self._a_minute_passes(moves, rate, Decimal(volume), has_marks=has_marks)

    def sends(self, asked: OrderRequest | None) -> None:
        if asked is not None:
            at_counter = self._counter(asked.symbol)
            self.does(lambda state: submission.hand_over(state, asked, at_counter))

    def _sends_group(self, entry: OrderRequest | None, exits: list[OrderRequest | None]) -> None:
        legs = tuple(leg for leg in exits if leg is not None)
        try:
            group = OrderGroup(group_id=f"g{self.sent}", entry=entry, exits=legs)
        except InvalidRecord:
            return
        at_counter = self._counter(legs[0].symbol)
        self.does(lambda state: groups.submit_group(state, group, at_counter))

    def does(self, change: Callable[[BookState], tuple[BookState, list[VenueEvent]]]) -> None:
        try:
            after, events = change(self.state)
        except OrderRejected:
            return
        before, self.state = self.state, after
        self.own.book(events, before, {})

    def _request(self, symbol: str, side: Side, wish: Wish) -> OrderRequest | None:
        """None where the drawn pieces make no order."""
        self.sent += 1
        kind = wish.order_type
        above = (side is Side.BUY) == kind.is_stop
        level = max(self.last[symbol] + wish.distance * (1 if above else -1), TICK)
        is_trailing = kind is OrderType.TRAILING_STOP_MARKET
        follows = wish.closes and is_trailing
        terms: dict[str, Any] = {}
        if kind.has_limit:
            is_plain = kind is OrderType.LIMIT
            terms["price"] = level if is_plain else max(level + wish.beyond, TICK)
            terms["time_in_force"] = wish.force
        if kind.is_conditional:
            terms["trigger_by"] = wish.trigger_by
            terms["stop_price"] = None if is_trailing else level
        if is_trailing:
            terms["callback_ratio"] = wish.callback
            away = abs(wish.distance) * (-1 if side is Side.BUY else 1)
            terms["activation_price"] = self.last[symbol] + away if follows else None
        closes = wish.closes and kind in (OrderType.STOP_MARKET, OrderType.TAKE_PROFIT_MARKET)
        return OrderRequest(
            symbol=symbol,
            side=side,
            order_type=kind,
            client_order_id=f"o{self.sent}",
            quantity=Decimal(0) if closes else wish.quantity,
            reduce_only=wish.reduces and not closes,
            close_position=closes,
            **terms,
        )

    def _counter(self, symbol: str) -> Counter:
        last = self.last[symbol]
        asks = [BookLevel(last + TICK * n, Decimal(2 * n)) for n in (1, 3, 8)]
        bids = [BookLevel(max(last - TICK * n, TICK), Decimal(2 * n)) for n in (1, 3, 8)]
        at = self.state.matched_until
        return Counter(
            instrument=INSTRUMENTS[symbol],
            quote=self._quote(symbol),
            at=at,
            book=OrderBook(symbol=symbol, at=at, bids=tuple(bids), asks=tuple(asks)),
        )

    def _quote(self, symbol: str) -> Quote:
        return replace(quote(str(self.last[symbol]), symbol=symbol), mark=self.mark[symbol])

    def _a_minute_passes(
        self,
        moves: dict[str, tuple[int, int, int, int, int]],
        rate: int,
        volume: Decimal,
        *,
        has_marks: bool,
    ) -> None:
        opens = self.state.matched_until
        candles = {name: self._candle(name, move, volume) for name, move in moves.items()}
        marks = {
            name: [_shifted(one, Decimal(moves[name][4]) / 20)] for name, one in candles.items()
        }
        number = (opens - T0) // MINUTE + 1
        paid = [
            funding(str(Decimal(rate) / 10_000), at=number, mark=str(self.last[name]), symbol=name)
            for name, interval in FUNDING_MINUTES.items()
            if number % interval == 0
        ]
        before = self.state
        self.state, events = advance(
            self.state,
            candles_by_symbol={name: [one] for name, one in candles.items()},
            fundings_by_symbol={one.symbol: [one] for one in paid},
            marks_by_symbol=marks if has_marks else None,
            timeframe=Timeframe.M1,
            until=opens + MINUTE,
            instruments=INSTRUMENTS,
        )
        for name in INSTRUMENTS:
            self.mark[name] = marks[name][0].close if has_marks else self.last[name]
        self.own.book(events, before, candles)
        self.own.agree_with(self.state)

    def _candle(
        self, symbol: str, moves: tuple[int, int, int, int, int], volume: Decimal
    ) -> Candle:
        gap, up, down, close = (Decimal(step) / 10 for step in moves[:4])
        first = max(self.last[symbol] + gap, Decimal(20))
        last = max(first + close, Decimal(20))
        high = max(first, last) + abs(up)
        low = max(min(first, last) - abs(down), Decimal(10))
        self.last[symbol] = last
        return Candle(self.state.matched_until, first, high, low, last, volume)


def _shifted(candle: Candle, by: Decimal) -> Candle:
    return Candle(
        candle.open_time, candle.open + by, candle.high + by, candle.low + by, candle.close + by,
        Decimal(0),
    )  # fmt: skip
