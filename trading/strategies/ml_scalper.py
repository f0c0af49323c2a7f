"""ML scalper: trade the next hour in the direction that an online logistic regression forecasts.

Reads 5m candles. The learner is trained walk-forward over the window of candles before each answer,
so nothing is kept between cycles and no label is used before it is known. It may trade only while
its own forecasts in the window were right at least `min_hit_ratio` of the time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trading.candles import FloatArray
from trading.indicators.volatility import atr
from trading.market import MarketView
from trading.positions import Direction
from trading.signals import Signal
from trading.strategies.columns import OpinionColumns, levels_around, opine, silent_before
from trading.strategies.confidence import compute_confidence
from trading.strategies.logistic import IntArray, walk_forward
from trading.strategies.opinions import speak, wait_for_candles
from trading.strategies.parameters import ranged, require_ranges
from trading.strategies.recent_candles import RecentCandles, recent_candles
from trading.strategies.scalper_features import PERIOD, compute_features, features_warm_up
from trading.timeframes import Timeframe

TIMEFRAMES = {Timeframe.M5: 500}
"""Candles read: about 40 hours to learn from."""
CERTAIN_EDGE = 0.25
"""Distance of the probability from 1/2 that counts as certain; more is overfitting, not insight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MlScalperParameters:
    """Periods are in 5m candles."""

    horizon: int = ranged(12, low=1, high=48)
    """Candles ahead that are forecast."""
    training_candles: int = ranged(200, low=50, high=400)
    """Samples with a known label before the first trade."""
    learning_rate: float = ranged(0.05, low=0.001, high=0.5)
    shrinkage: float = ranged(0.01, low=0.0, high=0.5)
    """Ridge penalty per step, a ratio of the weights."""
    entry_edge: float = ranged(0.1, low=0.0, high=0.4)
    """Distance of the probability from 1/2 at which a position is opened."""
    min_hit_ratio: float = ranged(0.5, low=0.0, high=0.9)
    stop_atr: float = ranged(6.0, low=0.5, high=30.0)
    target_atr: float = ranged(9.0, low=0.5, high=60.0)

    def __post_init__(self) -> None:
        require_ranges(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measures:
    edge: FloatArray
    """Forecast probability of a higher close minus 1/2."""
    hit_ratio: FloatArray
    scored: IntArray
    reach: FloatArray


def warm_up(parameters: MlScalperParameters) -> int:
    """5m candles needed before the first opinion."""
    return features_warm_up() + parameters.training_candles + parameters.horizon


def opinions(candles: RecentCandles, parameters: MlScalperParameters) -> OpinionColumns:
    """The forecast side at every candle, learned from the candles of the run before it."""
    return silent_before(
        _opine(candles, _measure(candles, parameters), parameters), warm_up(parameters)
    )


def signal(view: MarketView, parameters: MlScalperParameters, held: Direction) -> Signal:
    """The forecast side, flat when the forecast turned against `held`, else no opinion."""
    candles = recent_candles(view, Timeframe.M5, TIMEFRAMES[Timeframe.M5])
    if len(candles) < warm_up(parameters):
        return wait_for_candles(len(candles), warm_up(parameters), Timeframe.M5)

    measures = _measure(candles, parameters)
    now = _opine(candles, measures, parameters).row(-1)
    hit_ratio = measures.hit_ratio[-1]
    words = (
        f"close {candles.closes[-1]:.6g}, {0.5 + measures.edge[-1]:.3f} probability of a higher "
        f"one in {parameters.horizon} candles, {hit_ratio:.3f} of {measures.scored[-1]} "
        f"past forecasts right"
    )
    is_proven = hit_ratio >= parameters.min_hit_ratio
    return speak(
        view,
        now,
        held,
        enters=f"forecast {'up' if now.side is Direction.LONG else 'down'}: {words}",
        leaves=f"forecast turned against the position: {words}",
        waits=f"{'edge is too small' if is_proven else 'forecasts are unproven'}: {words}",
    )


def _measure(candles: RecentCandles, parameters: MlScalperParameters) -> _Measures:
    """Walk the learner over the part of the run in which all features are known."""
    first = min(features_warm_up() - 1, len(candles))
    forecasts = walk_forward(
        compute_features(candles)[first:],
        candles.closes[first:],
        horizon=parameters.horizon,
        learning_rate=parameters.learning_rate,
        shrinkage=parameters.shrinkage,
        window=TIMEFRAMES[Timeframe.M5] - features_warm_up() + 1,
    )
    unknown = np.full(first, np.nan)
    return _Measures(
        edge=np.concatenate((unknown, forecasts.probabilities - 0.5)),
        hit_ratio=np.concatenate((unknown, forecasts.hit_ratio)),
        scored=np.concatenate((np.zeros(first, dtype=np.int64), forecasts.scored)),
        reach=atr(candles.highs, candles.lows, candles.closes, PERIOD),
    )


def _opine(
    candles: RecentCandles, now: _Measures, parameters: MlScalperParameters
) -> OpinionColumns:
    up, down = now.edge > 0.0, now.edge < 0.0
    is_strong = np.abs(now.edge) >= parameters.entry_edge
    is_proven = now.hit_ratio >= parameters.min_hit_ratio
    stop, target = levels_around(
        candles.closes,
        up,
        stop=parameters.stop_atr * now.reach,
        target=parameters.target_atr * now.reach,
    )
    return opine(
        enter_long=up & is_strong & is_proven,
        enter_short=down & is_strong & is_proven,
        leave_long=down,
        leave_short=up,
        stop=stop,
        target=target,
        confidence=compute_confidence(
            np.abs(now.edge), threshold=parameters.entry_edge, certain=CERTAIN_EDGE
        ),
    )
