"""What a taker gives up against the last price, by the policy of the book. Never in its favour.

Prices are quote per base and are rounded to the tick against the trader. `fixed`: the last price
worsened by a ratio. `spread`: the best price of the other side. `depth`: the levels of the order
book one after the other; what the book does not hold is priced at its last level worsened by the
ratio. No policy gives a price better than the last one. Inside a candle nobody knows spread or
book: there the ratio applies, and under `depth` it grows with the share of the candle's volume.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from trading.candles import Candle
from trading.instruments import Instrument
from trading.market import BookLevel, OrderBook, Quote
from trading.orders import Side
from trading.paper_book import BookState
from trading.paper_terms import SlippagePolicy
from trading.units import ONE, ZERO, ceil_to, floor_to, round_down

MAX_VOLUMES = Decimal(10)
"""An order of more than so many times the candle's volume is taken as one of just that many."""


@dataclass(frozen=True, slots=True)
class TakerFill:
    """How much is filled at once (base), and at which mean price."""

    quantity: Decimal
    price: Decimal


def taker_fill(
    state: BookState,
    side: Side,
    quantity: Decimal,
    *,
    quote: Quote,
    book: OrderBook | None,
    instrument: Instrument,
    limit: Decimal | None = None,
) -> TakerFill:
    """What a market order, or one that may pay up to `limit`, gets at the instant of the quote.

    Only the `depth` policy can leave something unfilled, and only under a limit. Without a book
    (the market has none, or one side is empty) `depth` falls back to `fixed`.
    """
    tick = instrument.tick_size
    policy = state.execution.slippage
    levels = _levels(book, side) if policy is SlippagePolicy.DEPTH else ()
    if levels:
        got = _walked(levels, side, quantity, ratio=state.fees.slippage, limit=limit)
        price = got.price
    elif policy is SlippagePolicy.SPREAD:
        got, price = TakerFill(quantity, ZERO), quote.ask if side is Side.BUY else quote.bid
    else:
        got, price = TakerFill(quantity, ZERO), quote.last * (ONE + state.fees.slippage * side.sign)
    price = on_tick(_worse(price, quote.last, side), side, tick)
    whole = (
        got.quantity if got.quantity == quantity else round_down(got.quantity, instrument.step_size)
    )
    return TakerFill(whole, price if limit is None else _better(price, limit, side))


def candle_price(
    state: BookState,
    side: Side,
    quantity: Decimal,
    *,
    price: Decimal,
    candle: Candle,
    tick: Decimal,
) -> Decimal:
    """Price of a taker fill inside a candle, where the market stands at `price`."""
    ratio = state.fees.slippage
    if state.execution.slippage is SlippagePolicy.DEPTH:
        volumes = quantity / candle.volume if candle.volume > ZERO else MAX_VOLUMES
        ratio *= ONE + min(volumes, MAX_VOLUMES)
    return on_tick(price * (ONE + ratio * side.sign), side, tick)


def on_tick(price: Decimal, side: Side, tick: Decimal) -> Decimal:
    """`price` on the tick against the trader; never below one tick."""
    return ceil_to(price, tick) if side is Side.BUY else max(tick, floor_to(price, tick))


def _levels(book: OrderBook | None, side: Side) -> Sequence[BookLevel]:
    if book is None:
        return ()
    levels = book.asks if side is Side.BUY else book.bids
    return tuple(level for level in levels if level.quantity > ZERO)


def _walked(
    levels: Sequence[BookLevel],
    side: Side,
    quantity: Decimal,
    *,
    ratio: Decimal,
    limit: Decimal | None,
) -> TakerFill:
    """Level by level up to `limit`; the rest, without a limit, beyond the last one."""
    left, spent = quantity, ZERO
    for level in levels:
        if limit is not None and (level.price - limit) * side.sign > ZERO:
            break
        taken = min(left, level.quantity)
        left -= taken
        spent += taken * level.price
    if left > ZERO and limit is None:
        spent += left * levels[-1].price * (ONE + ratio * side.sign)
        left = ZERO
    filled = quantity - left
    return TakerFill(filled, spent / filled if filled > ZERO else levels[0].price)


def _worse(one: Decimal, other: Decimal, side: Side) -> Decimal:
    return max(one, other) if side is Side.BUY else min(one, other)


def _better(one: Decimal, other: Decimal, side: Side) -> Decimal:
    return min(one, other) if side is Side.BUY else max(one, other)
