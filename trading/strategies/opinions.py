"""The three things a strategy can say besides nothing: wait for candles, enter, leave.

`speak` turns the last row of a strategy's columns into one of them, for the position held now.

`enter` is where measures become prices: stop and target are rounded to the tick and must lie on
their sides of the quote (long: stop below every current price, target above; short: the other way
round). Levels that do not fit (no volatility, a tick larger than the distance) mean no entry.
"""

from __future__ import annotations

from decimal import Decimal

from trading.errors import InvalidRecord
from trading.market import MarketView
from trading.positions import Direction
from trading.signals import Signal, hold
from trading.strategies.columns import Opinion
from trading.timeframes import Timeframe
from trading.units import to_price


def speak(
    view: MarketView,
    opinion: Opinion,
    held: Direction,
    *,
    enters: str,
    leaves: str,
    waits: str,
) -> Signal:
    """The signal of one row: leave if it says so of `held`, else enter its side, else no opinion.

    The three texts are the reasons of the three answers. An entry comes before leaving, unless the
    strategy leaves first.
    """
    has_entry = opinion.side is not Direction.FLAT
    if opinion.leaves(held) and (opinion.leave_first or not has_entry):
        return leave(leaves)
    if not has_entry:
        return hold(waits)
    return enter(
        view,
        opinion.side,
        stop=opinion.stop,
        target=opinion.target,
        confidence=opinion.confidence,
        reason=enters,
        level=opinion.level,
        adds_in_profit_only=opinion.adds_in_profit_only,
    )


def wait_for_candles(have: int, needed: int, timeframe: Timeframe) -> Signal:
    """No opinion before the warm-up is over."""
    return hold(f"{have} of {needed} closed {timeframe} candles are there")


def leave(reason: str) -> Signal:
    """Be flat: the reason for the position is gone."""
    return Signal(direction=Direction.FLAT, confidence=1.0, reason=reason)


def enter(
    view: MarketView,
    side: Direction,
    *,
    stop: float,
    target: float,
    confidence: float,
    reason: str,
    level: float | None = None,
    adds_in_profit_only: bool = False,
) -> Signal:
    """Be on `side` (long or short) with a stop and a target given as measures in price units.

    `level` is the share of the size that a grid asks for; such a signal scales in. Answers with
    a hold when the levels do not fit around the quote.
    """
    levels = _place(view, side, stop, target)
    if levels is None:
        return hold(f"stop {stop:.6g} and target {target:.6g} do not fit the quote; {reason}")
    stop_price, take_profit_price = levels
    return Signal(
        direction=side,
        confidence=confidence,
        reason=reason,
        stop_price=stop_price,
        take_profit_price=take_profit_price,
        weight=1.0 if level is None else level,
        scales_in=level is not None,
        adds_in_profit_only=adds_in_profit_only,
    )


def _place(
    view: MarketView, side: Direction, stop: float, target: float
) -> tuple[Decimal, Decimal] | None:
    """Stop and take-profit price, or None when one is no price or on the wrong side."""
    tick = view.instrument.tick_size
    try:
        stop_price, take_profit_price = to_price(stop, tick), to_price(target, tick)
    except InvalidRecord:  # not finite, or not positive after rounding
        return None
    low, high = stop_price, take_profit_price
    if side is Direction.SHORT:
        low, high = take_profit_price, stop_price
    quote = view.quote
    prices = (quote.bid, quote.ask, quote.last, quote.mark)
    return (stop_price, take_profit_price) if low < min(prices) and max(prices) < high else None
