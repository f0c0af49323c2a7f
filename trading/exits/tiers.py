"""Where the tiers put the stop, and when the profit has fallen too far from its peak.

Profits are leverage-adjusted ratios. A stop that a tier has earned lies on the instrument's tick,
rounded towards the price; together with `tighter_stop` it can only ever come nearer.
"""

from __future__ import annotations

from decimal import Decimal

from trading.exit_settings import ExitSettings, Tier
from trading.exits.state import ExitState, peak_profit, profit_at
from trading.positions import Direction
from trading.units import ONE, ceil_to, floor_to


def reached_tier(state: ExitState, leverage: int, settings: ExitSettings) -> Tier | None:
    """The highest tier that the peak profit has reached; None before the first."""
    profit = peak_profit(state, leverage)
    reached = [tier for tier in settings.tiers if tier.profit <= profit]
    return reached[-1] if reached else None


def earned_stop(
    state: ExitState, leverage: int, settings: ExitSettings, *, tick: Decimal
) -> Decimal | None:
    """Stop of the reached tier: entry x (1 + stop / leverage), less for shorts; None before it."""
    tier = reached_tier(state, leverage, settings)
    if tier is None:
        return None
    direction = state.key.direction
    level = state.entry_price * (ONE + direction.sign * tier.stop / leverage)
    return ceil_to(level, tick) if direction is Direction.LONG else floor_to(level, tick)


def fell_back(
    state: ExitState, leverage: int, settings: ExitSettings, price: Decimal | None
) -> Decimal | None:
    """The profit at the price when too much of the peak was given back; None when it was not.

    Too much: profit <= peak x (1 - pullback), once the first tier was reached.
    """
    profit = profit_at(state, price, leverage)
    if profit is None or settings.pullback is None:
        return None
    if reached_tier(state, leverage, settings) is None:
        return None
    limit = peak_profit(state, leverage) * (ONE - settings.pullback)
    return profit if profit <= limit else None
