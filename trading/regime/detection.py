"""Trending, sideways or volatile: what the candles of one instrument say of it.

Volatile while the volatility of the last 12 candles is far above its own median of 216; else
trending while ADX and efficiency ratio are both high; else sideways; unknown before the warm-up.
Each condition is left at a lower level than it was entered at, so that a regime does not flicker
around a threshold. The value at a candle depends on nothing after it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trading.blend_plan import Regime, RegimeRule
from trading.candles import CandleWindow
from trading.indicators.series import FloatArray
from trading.indicators.trend import adx, adx_warm_up
from trading.regime.measures import efficiency_ratio, realised_volatility, relative_volatility

ADX_PERIOD = 14
EFFICIENCY_PERIOD = 36
VOLATILITY_PERIOD = 12
VOLATILITY_HISTORY = 216
"""Nine days of hours: a recorded market begins ten days in and so knows its regime at once."""
KEPT_SHARE = 0.8
"""A trend ends below this share of its ADX, a wild time below this share of its ratio."""
KEPT_EFFICIENCY = 0.5
"""The efficiency ratio jumps as old candles leave it, hence the wider band."""
REGIME_CANDLES = 400
"""Candles that a regime is read from: the warm-up and room to find out where the bands stand."""
_ORDER = (Regime.UNKNOWN, Regime.SIDEWAYS, Regime.TRENDING, Regime.VOLATILE)

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegimeColumns:
    """One value per candle, oldest first."""

    codes: npt.NDArray[np.int8]
    """0 unknown, 1 sideways, 2 trending, 3 volatile."""
    adx: FloatArray
    efficiency: FloatArray
    volatility: FloatArray
    """Over its own median."""

    def regime(self, row: int) -> Regime:
        """The regime at one candle; -1 is the newest."""
        return _ORDER[int(self.codes[row])]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegimeReading:
    """The regime now, with its measures; None before they exist."""

    regime: Regime
    adx: float | None = None
    efficiency: float | None = None
    volatility: float | None = None
    candles: int = 0
    """How many there were to look at."""

    @property
    def words(self) -> str:
        """For people: the regime with what it was read from."""
        if self.adx is None or self.efficiency is None or self.volatility is None:
            return f"{self.regime} ({self.candles} of {regime_warm_up()} candles are there)"
        return (
            f"{self.regime} (ADX {self.adx:.1f}, efficiency {self.efficiency:.2f},"
            f" volatility {self.volatility:.2f} of its usual)"
        )


def regime_warm_up() -> int:
    """Candles needed before the first regime."""
    return max(
        adx_warm_up(ADX_PERIOD), EFFICIENCY_PERIOD + 1, VOLATILITY_PERIOD + VOLATILITY_HISTORY
    )


def regime_columns(
    highs: FloatArray, lows: FloatArray, closes: FloatArray, rule: RegimeRule
) -> RegimeColumns:
    """The regime at every candle of a run; arrays of one length, oldest first."""
    if not closes.size:
        nothing = np.empty(0)
        return RegimeColumns(
            codes=np.empty(0, np.int8), adx=nothing, efficiency=nothing, volatility=nothing
        )
    strength = adx(highs, lows, closes, ADX_PERIOD)
    efficiency = efficiency_ratio(closes, EFFICIENCY_PERIOD)
    volatility = relative_volatility(
        realised_volatility(closes, VOLATILITY_PERIOD), VOLATILITY_HISTORY
    )
    is_wild = _banded(volatility, rule.volatile_ratio, rule.volatile_ratio * KEPT_SHARE)
    is_strong = _banded(strength, rule.trend_adx, rule.trend_adx * KEPT_SHARE)
    is_straight = _banded(
        efficiency, rule.trend_efficiency, rule.trend_efficiency * KEPT_EFFICIENCY
    )
    codes = np.where(is_wild, 3, np.where(is_strong & is_straight, 2, 1)).astype(np.int8)
    codes[np.isnan(strength) | np.isnan(efficiency) | np.isnan(volatility)] = 0
    return RegimeColumns(codes=codes, adx=strength, efficiency=efficiency, volatility=volatility)


def detect_regime(window: CandleWindow | None, rule: RegimeRule) -> RegimeReading:
    """The regime at the newest candle, from the last `REGIME_CANDLES` of the window."""
    if window is None or not len(window):
        return RegimeReading(regime=Regime.UNKNOWN)
    columns = regime_columns(
        window.highs[-REGIME_CANDLES:],
        window.lows[-REGIME_CANDLES:],
        window.closes[-REGIME_CANDLES:],
        rule,
    )
    count = columns.codes.size
    if columns.regime(-1) is Regime.UNKNOWN:
        return RegimeReading(regime=Regime.UNKNOWN, candles=count)
    return RegimeReading(
        regime=columns.regime(-1),
        adx=float(columns.adx[-1]),
        efficiency=float(columns.efficiency[-1]),
        volatility=float(columns.volatility[-1]),
        candles=count,
    )


def _banded(measure: FloatArray, enter: float, leave: float) -> BoolArray:
    """True from `enter` on until below `leave`; between the two as it was, at first False."""
    settled = np.where(measure >= enter, 1, np.where(measure < leave, 0, -1))
    settled[np.isnan(measure)] = 0
    rows = np.where(settled >= 0, np.arange(settled.size), 0)
    return settled[np.maximum.accumulate(rows)] == 1
