"""Funding arbitrage: take the side that is paid, while what it is paid exceeds what a trade costs.

Reads 1h candles and the rates that were paid beside them. Rates are ratios of notional; positive
means that longs pay, so the short side receives. What is NOT hedged: a perpetuals account cannot
hold the coin, so this is a carry with a stop, not a riskless arbitrage. One hour's move is often
more than a day's receipts; the volatility guard and the stop limit that, they do not remove it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from trading.candles import FloatArray
from trading.indicators.volatility import atr, atr_warm_up
from trading.market import MarketView
from trading.positions import Direction
from trading.signals import Signal
from trading.strategies.columns import OpinionColumns, levels_around, opine, silent_before
from trading.strategies.confidence import AT_THRESHOLD, compute_confidence
from trading.strategies.opinions import speak, wait_for_candles
from trading.strategies.parameters import ranged, require_ranges
from trading.strategies.recent_candles import RecentCandles, recent_candles
from trading.timeframes import Timeframe

TIMEFRAMES = {Timeframe.H1: 200}
"""Candles read: more than the longest lookback; ATR smooths over the whole run."""
CERTAIN_EDGE = 0.005
"""Net receipts above `min_edge_ratio` that count as certain: half a per cent of notional."""
DAY_HOURS = 24.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingArbitrageParameters:
    """Receipts, costs and edges are ratios of notional. Periods are in 1h candles."""

    lookback_hours: int = ranged(24, low=8, high=96)
    """All rates in force during this time must pay the same side."""
    steadiness: float = ranged(0.5, low=0.0, high=1.0)
    """Smallest rate of the lookback over its mean; 0 asks only for one sign."""
    holding_hours: int = ranged(36, low=8, high=168)
    """Time over which receipts are expected; not above the account's `max_holding_hours`."""
    cost_ratio: float = ranged(0.0022, low=0.0, high=0.02)
    """Of a round trip; the default is two taker fills at 0.0006 with 0.0005 slippage each."""
    min_edge_ratio: float = ranged(0.0003, low=0.0, high=0.02)
    """Smallest expected receipts after `cost_ratio`."""
    exit_share: float = ranged(0.3, low=0.0, high=1.0)
    """Receipts below this share of what an entry needs no longer pay; the costs are spent then."""
    atr_period: int = ranged(24, low=2, high=100)
    calm_atr_ratio: float = ranged(0.005, low=0.0005, high=0.05)
    """ATR over price up to which the size is not cut; beyond, in proportion."""
    max_atr_ratio: float = ranged(0.02, low=0.001, high=0.1)
    """ATR over price above which nothing is opened."""
    stop_atr: float = ranged(4.0, low=0.5, high=30.0)
    target_atr: float = ranged(8.0, low=0.5, high=60.0)

    def __post_init__(self) -> None:
        require_ranges(self)

    @property
    def needed_per_day(self) -> float:
        """Receipts per day that cover costs and edge in the holding time."""
        return (self.cost_ratio + self.min_edge_ratio) * DAY_HOURS / self.holding_hours


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measures:
    rate: FloatArray
    """The newest rate; its sign says who pays."""
    per_day: FloatArray
    """What a short received per day of the lookback; negative: a long did."""
    weakest_short: FloatArray
    """Smallest rate of the lookback minus the steady part of its mean; above 0 pays a short."""
    weakest_long: FloatArray
    reach: FloatArray


def warm_up(parameters: FundingArbitrageParameters) -> int:
    """1h candles needed before the first opinion; the rates beside them must be known too."""
    return max(parameters.lookback_hours, atr_warm_up(parameters.atr_period))


def opinions(candles: RecentCandles, parameters: FundingArbitrageParameters) -> OpinionColumns:
    """The side that is paid at every candle; a rate that turned or faded ends a position."""
    return silent_before(
        _opine(candles, _measure(candles, parameters), parameters), warm_up(parameters)
    )


def signal(view: MarketView, parameters: FundingArbitrageParameters, held: Direction) -> Signal:
    """The side that is paid, flat when it no longer is, else no opinion.

    The venue's estimate of the coming rate stands in for the newest one where it is known: that is
    the payment which a position of now would get.
    """
    candles = recent_candles(view, Timeframe.H1, TIMEFRAMES[Timeframe.H1])
    if len(candles) < warm_up(parameters):
        return wait_for_candles(len(candles), warm_up(parameters), Timeframe.H1)

    measures = _measure(candles, parameters)
    now = _opine(candles, measures, parameters).row(-1)
    words = (
        f"{_paid(measures, parameters)}, close {candles.closes[-1]:.6g}, "
        f"ATR {measures.reach[-1]:.6g}"
    )
    return speak(
        view,
        now,
        held,
        enters=f"{'longs' if now.side is Direction.LONG else 'shorts'} are paid: {words}",
        leaves=f"funding no longer pays the position: {words}",
        waits=f"no steady funding that pays its costs: {words}",
    )


def _paid(measures: _Measures, parameters: FundingArbitrageParameters) -> str:
    rate, per_day = float(measures.rate[-1]), float(measures.per_day[-1])
    newest = "rate unknown" if np.isnan(rate) else f"rate {rate:+.6f}"
    if np.isnan(per_day):
        return f"{newest}, funding of the last {parameters.lookback_hours} h is not known"
    payer = "longs" if per_day > 0.0 else "shorts"
    return (
        f"{newest}, {abs(per_day):.6f} a day paid by {payer} "
        f"(an entry needs {parameters.needed_per_day:.6f})"
    )


def _measure(candles: RecentCandles, parameters: FundingArbitrageParameters) -> _Measures:
    hours, estimate = parameters.lookback_hours, candles.funding_estimate
    rate = np.where(np.isnan(estimate), candles.funding_rate, estimate)
    rates = _lookback(candles.funding_rate, hours).copy()
    rates[:, -1] = rate  # only the newest rate of each lookback is an estimate
    steady = parameters.steadiness * rates.mean(axis=1)
    return _Measures(
        rate=rate,
        per_day=_lookback(candles.funding_paid, hours).sum(axis=1) * (DAY_HOURS / hours),
        weakest_short=rates.min(axis=1) - np.maximum(steady, 0.0),
        weakest_long=np.minimum(steady, 0.0) - rates.max(axis=1),
        reach=atr(candles.highs, candles.lows, candles.closes, parameters.atr_period),
    )


def _lookback(values: FloatArray, count: int) -> FloatArray:
    """One row per candle with its last `count` values; NaN before there are as many."""
    padded = np.concatenate((np.full(count, np.nan), values))
    return sliding_window_view(padded, count)[1:]


def _opine(
    candles: RecentCandles, now: _Measures, parameters: FundingArbitrageParameters
) -> OpinionColumns:
    needed, closes = parameters.needed_per_day, candles.closes
    moves = now.reach / closes
    is_quiet = moves <= parameters.max_atr_ratio
    is_short = (now.weakest_short >= 0.0) & (now.rate > 0.0) & (now.per_day >= needed)
    is_long = (now.weakest_long >= 0.0) & (now.rate < 0.0) & (-now.per_day >= needed)
    stop, target = levels_around(
        closes,
        is_long,
        stop=parameters.stop_atr * now.reach,
        target=parameters.target_atr * now.reach,
    )
    kept = parameters.exit_share * needed
    return opine(
        enter_long=is_long & is_quiet,
        enter_short=is_short & is_quiet,
        leave_long=(now.rate >= 0.0) | (-now.per_day < kept),
        leave_short=(now.rate <= 0.0) | (now.per_day < kept),
        stop=stop,
        target=target,
        confidence=_confidence(np.abs(now.per_day), moves, parameters),
    )


def _confidence(
    per_day: FloatArray, moves: FloatArray, parameters: FundingArbitrageParameters
) -> FloatArray:
    """From the receipts after costs, and cut towards the threshold where prices move much."""
    net = per_day * parameters.holding_hours / DAY_HOURS - parameters.cost_ratio
    paid = compute_confidence(
        net,
        threshold=parameters.min_edge_ratio,
        certain=parameters.min_edge_ratio + CERTAIN_EDGE,
    )
    calm = np.ones(moves.size)
    np.divide(parameters.calm_atr_ratio, moves, out=calm, where=moves > parameters.calm_atr_ratio)
    return AT_THRESHOLD + (paid - AT_THRESHOLD) * calm
