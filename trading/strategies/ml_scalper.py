"""ML scalper: trade the next hour in the direction that an online logistic regression forecasts.

Reads 5m candles. The learner is trained walk-forward inside the window at every call, so nothing
is kept between cycles and no label is used before it is known. It may trade only while its own
past forecasts in the window were right at least `min_hit_ratio` of the time.
"""

from __future__ import annotations

from dataclasses import dataclass

from trading.indicators.volatility import atr
from trading.market import MarketView
from trading.positions import Direction
from trading.signals import Signal, hold
from trading.strategies.confidence import compute_confidence
from trading.strategies.logistic import Forecasts, walk_forward
from trading.strategies.opinions import enter, leave, wait_for_candles
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


def warm_up(parameters: MlScalperParameters) -> int:
    """5m candles needed before the first opinion."""
    return features_warm_up() + parameters.training_candles + parameters.horizon


def signal(view: MarketView, parameters: MlScalperParameters, held: Direction) -> Signal:
    """The forecast side, flat when the forecast turned against `held`, else no opinion."""
    candles = recent_candles(view, Timeframe.M5, TIMEFRAMES[Timeframe.M5])
    if len(candles) < warm_up(parameters):
        return wait_for_candles(len(candles), warm_up(parameters), Timeframe.M5)

    price = float(candles.closes[-1])
    reach = float(atr(candles.highs, candles.lows, candles.closes, PERIOD)[-1])
    forecasts = _forecast(candles, parameters)
    edge = float(forecasts.probabilities[-1]) - 0.5
    words = (
        f"close {price:.6g}, {0.5 + edge:.3f} probability of a higher one in "
        f"{parameters.horizon} candles, {forecasts.hit_ratio:.3f} of {forecasts.scored} "
        f"past forecasts right"
    )

    is_proven = forecasts.hit_ratio >= parameters.min_hit_ratio
    if abs(edge) < parameters.entry_edge or edge == 0.0 or not is_proven:
        if edge * held.sign < 0.0:
            return leave(f"forecast turned against the position: {words}")
        return hold(f"{'edge is too small' if is_proven else 'forecasts are unproven'}: {words}")

    side = Direction.LONG if edge > 0.0 else Direction.SHORT
    return enter(
        view,
        side,
        stop=price - side.sign * parameters.stop_atr * reach,
        target=price + side.sign * parameters.target_atr * reach,
        confidence=compute_confidence(
            abs(edge), threshold=parameters.entry_edge, certain=CERTAIN_EDGE
        ),
        reason=f"forecast {'up' if side is Direction.LONG else 'down'}: {words}",
    )


def _forecast(candles: RecentCandles, parameters: MlScalperParameters) -> Forecasts:
    """Walk the learner over the part of the window in which all features are known."""
    first = features_warm_up() - 1
    return walk_forward(
        compute_features(candles)[first:],
        candles.closes[first:],
        horizon=parameters.horizon,
        learning_rate=parameters.learning_rate,
        shrinkage=parameters.shrinkage,
    )
