"""What exits remember of one open position: the best price since it was entered, and nothing older.

State is keyed by the position (symbol, opening instant, direction), so a new position starts with
no peak. An increase measures again from the new mean entry: the larger position never had the
profit of the smaller one; the stop that was earned before it stays where it is. `look` is
idempotent and never goes back in time, so a repeated or replayed look changes nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from trading.candles import Candle, CandleWindow
from trading.exits.plan import PositionKey, key_of
from trading.exits.prices import is_price
from trading.performance.return_on_margin import compute_return_on_margin
from trading.positions import Direction, Position
from trading.timeframes import Timeframe


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitState:
    """Of one position, as of `looked_at`."""

    key: PositionKey
    entry_price: Decimal
    """Mean entry from which profit is measured, quote per base."""
    measured_from: datetime
    """When the position was opened or last increased; nothing before it counts."""
    best_price: Decimal
    """Highest (long) or lowest (short) price since then; the entry when none was better."""
    looked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is known of an open position at `at`."""

    position: Position
    at: datetime
    price: Decimal | None
    """Last price; None when it is not known."""
    windows: Mapping[Timeframe, CandleWindow]
    """Closed candles; those that opened before the position was entered are passed over."""
    increased_at: datetime | None = None
    """Last fill that increased the position; None when its fills are not ours."""


def look(state: ExitState | None, seen: Look) -> ExitState:
    """The state after a look; the given one when it is of a later instant already."""
    if state is None or state.key != key_of(seen.position):
        state = _fresh(seen.position, seen.increased_at)
    elif seen.at < state.looked_at:
        return state
    elif _was_increased(state, seen):
        state = replace(
            state,
            entry_price=seen.position.entry_price,
            best_price=seen.position.entry_price,
            # Without our own fill nobody knows when: then nothing before this look counts.
            measured_from=seen.increased_at or seen.at,
        )
    return replace(
        state,
        best_price=_best(seen.position.direction, [state.best_price, *_prices(state, seen)]),
        looked_at=max(seen.at, state.looked_at),
    )


def peak_profit(state: ExitState, leverage: int) -> Decimal:
    """Leverage-adjusted profit at the best price (ratio), never below zero."""
    return profit_at(state, state.best_price, leverage) or Decimal(0)


def profit_at(state: ExitState, price: Decimal | None, leverage: int) -> Decimal | None:
    """Leverage-adjusted profit at a price (ratio); None when the price is not known."""
    if not is_price(price):
        return None
    return compute_return_on_margin(
        state.key.direction, entry_price=state.entry_price, price=price, leverage=leverage
    )


def _fresh(position: Position, increased_at: datetime | None) -> ExitState:
    measured_from = max(position.opened_at, increased_at or position.opened_at)
    return ExitState(
        key=key_of(position),
        entry_price=position.entry_price,
        measured_from=measured_from,
        best_price=position.entry_price,
        looked_at=measured_from,
    )


def _was_increased(state: ExitState, seen: Look) -> bool:
    """A later fill says so, or the mean entry: a fill at the same instant has no later one."""
    is_later = seen.increased_at is not None and seen.increased_at > state.measured_from
    return is_later or seen.position.entry_price != state.entry_price


def _prices(state: ExitState, seen: Look) -> Iterable[Decimal]:
    """The best of every candle since the measure began, and the last price."""
    is_long = seen.position.direction is Direction.LONG
    for window in seen.windows.values():
        # One that was running then began before: its extreme may be older than the position.
        first = bisect_left(window.candles, state.measured_from, key=_open_time)
        for candle in window.candles[first:]:
            if candle.open_time + window.timeframe.length <= seen.at:
                yield candle.high if is_long else candle.low
    if is_price(seen.price) and seen.at >= state.measured_from:
        yield seen.price


def _open_time(candle: Candle) -> datetime:
    return candle.open_time


def _best(direction: Direction, prices: Iterable[Decimal]) -> Decimal:
    return max(prices) if direction is Direction.LONG else min(prices)
