"""Books that a test keeps from a venue's events alone, and everything that must be true of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from tests.trading.matching.paper_builders import BTC
from trading.candles import Candle
from trading.matching.ledger import ledger_of
from trading.matching.margin import isolated_margin
from trading.orders import (
    Fill,
    FillCause,
    GroupRole,
    Order,
    OrderStatus,
    OrderType,
    PriceKind,
    Side,
)
from trading.paper_book import (
    BookState,
    FundingPaid,
    FundsMoved,
    OrderChanged,
    OrderFilled,
    VenueEvent,
)
from trading.ports import Income
from trading.positions import MarginMode, Position, apply_fill

PRECISION = Decimal("1e-8")
ZERO = Decimal(0)


@dataclass(slots=True)
class OwnBooks:
    start: Decimal
    orders: dict[str, Order] = field(default_factory=dict)
    positions: dict[str, Position] = field(default_factory=dict)
    fills: list[Fill] = field(default_factory=list)
    income: list[Income] = field(default_factory=list)

    def book(
        self, events: Sequence[VenueEvent], before: BookState, candles: Mapping[str, Candle]
    ) -> None:
        for event in events:
            if isinstance(event, OrderChanged):
                self._book_order(event.order)
            elif isinstance(event, OrderFilled):
                self._book_fill(event.fill, before, candles)
            else:
                self._book_income(event)

    def learn_leverage(self, state: BookState) -> None:
        """A setting that changes an open position: nobody sends an event of it."""
        for symbol, held in state.positions.items():
            if held.leverage != self.positions[symbol].leverage:
                assert held.margin_mode is MarginMode.CROSS
                own = self.positions[symbol]
                margin = abs(own.quantity) * own.entry_price / held.leverage
                self.positions[symbol] = replace(
                    own, leverage=held.leverage, isolated_margin=margin
                )

    def agree_with(self, state: BookState) -> None:
        """Every invariant of a paper book."""
        self._ledger_adds_up(state)
        assert self.positions == dict(state.positions)
        assert set(state.marks) == {
            held.symbol for held in self.positions.values() if held.margin_mode is MarginMode.CROSS
        }
        for held in self.positions.values():
            assert held.quantity != 0
            expected = abs(held.quantity) * held.entry_price / held.leverage
            assert abs(held.isolated_margin - expected) <= PRECISION
        self._orders_are_as_told(state)
        self._no_orphans(state)
        self._no_more_than_the_book_holds(state)

    def agrees_in_any_order(self, fills: Sequence[Fill]) -> None:
        """`fills` are ours, shuffled and repeated."""
        ledger = ledger_of(self.start, fills, [*self.income, *reversed(self.income)])
        again = ledger_of(self.start, self.fills, self.income)
        assert ledger == again
        assert {name: held.quantity for name, held in ledger.held.items()} == {
            name: held.quantity for name, held in self.positions.items()
        }

    def _ledger_adds_up(self, state: BookState) -> None:
        ledger = ledger_of(self.start, self.fills, self.income)
        assert abs(state.wallet - ledger.wallet) <= PRECISION
        assert {name: (held.quantity, held.entry_price) for name, held in ledger.held.items()} == {
            name: (held.quantity, held.entry_price) for name, held in self.positions.items()
        }

    def _book_order(self, order: Order) -> None:
        known = self.orders.get(order.venue_order_id)
        assert known is None or known.status.is_open or known.status is OrderStatus.PENDING
        assert known is None or order.filled_quantity >= known.filled_quantity
        if order.status is OrderStatus.FILLED:
            assert order.filled_quantity == order.request.quantity
        self.orders[order.venue_order_id] = order

    def _book_fill(self, fill: Fill, before: BookState, candles: Mapping[str, Candle]) -> None:
        order = self.orders[fill.venue_order_id]
        held = self.positions.get(fill.symbol)
        effect = apply_fill(
            held,
            symbol=fill.symbol,
            side=fill.side,
            quantity=fill.quantity,
            price=fill.price,
            leverage=before.leverage.get(fill.symbol, 1),
            margin_mode=before.margin_modes.get(fill.symbol, MarginMode.ISOLATED),
            at=fill.filled_at,
        )
        assert abs(fill.realized_pnl - effect.realized_pnl) <= PRECISION
        assert fill.quantity > 0
        assert int(fill.trade_id) == len(self.fills) + 1
        assert order.request.side is fill.side
        if order.request.only_reduces:
            assert held is not None
            assert abs(effect.position.quantity if effect.position else ZERO) < abs(held.quantity)
            assert effect.position is None or effect.position.direction is held.direction
        if fill.cause is FillCause.LIQUIDATION:
            assert held is not None
            assert effect.position is None
            assert fill.fee >= -PRECISION
            if held.margin_mode is MarginMode.ISOLATED:
                assert abs(fill.fee - fill.realized_pnl - held.isolated_margin) <= PRECISION
        elif candles:
            _is_no_better_than(candles[fill.symbol], order, fill, before)
        self.fills.append(fill)
        self.positions.pop(fill.symbol, None)
        if effect.position is not None:
            self.positions[fill.symbol] = effect.position
        if fill.cause is FillCause.LIQUIDATION:
            self._cross_account_is_empty(fill, held)
        ours = [f for f in self.fills if f.venue_order_id == fill.venue_order_id]
        assert sum((f.quantity for f in ours), ZERO) == order.filled_quantity
        spent = sum((f.quantity * f.price for f in ours), ZERO)
        assert abs(spent / order.filled_quantity - (order.average_price or ZERO)) <= PRECISION

    def _cross_account_is_empty(self, fill: Fill, held: Position | None) -> None:
        """Of a liquidated cross account the last fill leaves what isolated positions set aside."""
        crossed = [p for p in self.positions.values() if p.margin_mode is MarginMode.CROSS]
        if held is None or held.margin_mode is MarginMode.ISOLATED or crossed:
            return
        wallet = ledger_of(self.start, self.fills, self.income).wallet
        set_aside = isolated_margin(
            BookState(wallet=wallet, matched_until=fill.filled_at, positions=self.positions)
        )
        assert abs(wallet - set_aside) <= PRECISION

    def _book_income(self, event: FundingPaid | FundsMoved) -> None:
        is_funding = isinstance(event, FundingPaid)
        self.income.append(
            Income(
                tran_id=event.tran_id,
                kind="funding" if is_funding else "transfer",
                symbol=event.symbol if is_funding else None,
                amount=event.amount,
                at=event.at,
            )
        )
        assert int(event.tran_id) == len(self.income)

    def _orders_are_as_told(self, state: BookState) -> None:
        """A trailing stop moves without a word; nothing else does."""
        told = {key: order for key, order in self.orders.items() if order.status.is_open}
        pending = {
            key: order for key, order in self.orders.items() if order.status is OrderStatus.PENDING
        }
        assert {key: _without_extreme(order) for key, order in told.items()} == {
            key: _without_extreme(order) for key, order in state.orders.items()
        }
        assert pending == dict(state.waiting)

    def _no_orphans(self, state: BookState) -> None:
        for order in state.orders.values():
            if order.request.only_reduces:
                assert self.positions[order.symbol].exit_side is order.request.side
            assert order.remaining > 0 or order.request.close_position
        for leg in state.waiting.values():
            entries = [o for o in state.orders.values() if _is_entry_of(o, leg)]
            assert [entry.filled_quantity for entry in entries] == [0]
        for done in self.orders.values():
            if done.group_role is GroupRole.EXIT and done.status is OrderStatus.FILLED:
                assert not any(o.group_id == done.group_id for o in state.orders.values())
        for entry in self.orders.values():
            if entry.group_role is GroupRole.ENTRY:
                self._exits_cover_no_more_than_was_filled(entry, state)

    def _exits_cover_no_more_than_was_filled(self, entry: Order, state: BookState) -> None:
        exits = [
            o
            for o in self.orders.values()
            if o.group_id == entry.group_id and o.group_role is GroupRole.EXIT
        ]
        taken = sum((leg.filled_quantity for leg in exits), ZERO)
        for leg in exits:
            if leg.venue_order_id in state.orders and not leg.request.close_position:
                assert leg.remaining <= entry.filled_quantity - taken

    def _no_more_than_the_book_holds(self, state: BookState) -> None:
        for symbol in {order.symbol for order in state.orders.values()}:
            mine = [o for o in (*state.orders.values(), *state.waiting.values())
                    if o.symbol == symbol]  # fmt: skip
            assert len(mine) <= BTC.max_open_orders
            assert sum(o.is_conditional for o in mine) <= BTC.max_conditional_orders


def _is_entry_of(order: Order, leg: Order) -> bool:
    return order.group_id == leg.group_id and order.group_role is GroupRole.ENTRY


def _without_extreme(order: Order) -> Order:
    return replace(order, extreme_price=None)


def _is_no_better_than(candle: Candle, order: Order, fill: Fill, before: BookState) -> None:
    """No fill beats the candle's best price, its own limit, or its own trigger with slippage."""
    request, sign = order.request, order.request.side.sign
    best = candle.low if request.side is Side.BUY else candle.high
    assert (fill.price - best) * sign >= 0
    if request.price is not None:
        assert (request.price - fill.price) * sign >= 0
        assert not fill.is_maker or fill.price == request.price
    elif request.stop_price is not None and request.trigger_by is PriceKind.LAST:
        given_up = (fill.price - request.stop_price * (1 + sign * before.fees.slippage)) * sign
        is_stop = request.order_type is OrderType.STOP_MARKET
        assert given_up >= 0 or not is_stop
        assert is_stop or given_up >= 0
