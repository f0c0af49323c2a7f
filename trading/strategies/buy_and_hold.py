"""Buy and hold: the benchmark. Long from the first cycle on, whatever happens, without a stop.

Reads one closed 5m candle, only to know that the market trades. Everybody else is measured
against it; it is the one strategy that may be configured to take no stop.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trading.market import MarketView
from trading.positions import Direction
from trading.signals import Signal
from trading.strategies.columns import OpinionColumns, never
from trading.strategies.opinions import wait_for_candles
from trading.strategies.parameters import require_ranges
from trading.strategies.recent_candles import RecentCandles, recent_candles
from trading.timeframes import Timeframe

TIMEFRAMES = {Timeframe.M5: 1}
"""Candles read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyAndHoldParameters:
    """There is nothing to set: the size is the account's `max_position_ratio`."""

    def __post_init__(self) -> None:
        require_ranges(self)


def warm_up(_parameters: BuyAndHoldParameters) -> int:
    """5m candles needed before the first opinion."""
    return 1


def opinions(candles: RecentCandles, _parameters: BuyAndHoldParameters) -> OpinionColumns:
    """Long with full confidence at every candle, without levels."""
    closes = candles.closes
    is_market = np.isfinite(closes)
    nothing = np.full(len(candles), np.nan)
    return OpinionColumns(
        side=is_market.astype(np.int8),
        leave_long=never(len(candles)),
        leave_short=is_market,
        stop=nothing,
        target=nothing,
        confidence=np.where(is_market, 1.0, np.nan),
    )


def signal(view: MarketView, parameters: BuyAndHoldParameters, _held: Direction) -> Signal:
    """Long with full confidence."""
    candles = recent_candles(view, Timeframe.M5, TIMEFRAMES[Timeframe.M5])
    if len(candles) < warm_up(parameters):
        return wait_for_candles(len(candles), warm_up(parameters), Timeframe.M5)

    now = opinions(candles, parameters).row(-1)
    return Signal(
        direction=now.side,
        confidence=now.confidence,
        reason=f"benchmark holds, close {candles.closes[-1]:.6g}",
    )
