"""The forces behind prices: one factor of the whole market and one of each asset.

A factor is a random walk, a trend in trending regimes, swings in sideways ones, and rare jumps.
A jump is given back evenly over the slot it lies in, so that jumps never add up over the years.
Values are log-price; times are whole minutes since the Unix epoch.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from trading.simulation.bridge import bridge
from trading.simulation.noise import FloatArray, IntArray, stream_key, uniforms, value_noise
from trading.simulation.regimes import sideways_weight, trend_weight, volatility

_DAY_MINUTES = 1_440
_TREND_PERIOD = 2_880
_SWING_PERIOD = 50
_JUMP_SLOT = 2**13
"""Minutes, 5.7 days: at most one jump of a factor in each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """Parameters of one factor."""

    name: str
    daily_volatility: float
    """Deviation of the walk over a day, a ratio."""
    anchor_deviation: float
    """Deviation of the long-term level, log-price."""
    trend: float = 1.1
    """Deviation of a two-day trend, in daily volatilities."""
    swing: float = 0.08
    """Deviation of a sideways swing of about an hour, in daily volatilities."""
    jump_chance: float = 0.25
    """Of a jump in a slot of 5.7 days."""
    jump_size: float = 0.8
    """Size of the smallest jump, in daily volatilities; the largest is four times that."""

    @property
    def minute_volatility(self) -> float:
        return self.daily_volatility / float(np.sqrt(float(_DAY_MINUTES)))


@lru_cache(maxsize=8)  # the market factor of one range serves all assets
def factor_path(seed: int, factor: Factor, first: int, count: int) -> FloatArray:
    """Log-price part of a factor at `count` consecutive minutes; read-only, shape (count,)."""
    minutes = np.arange(first, first + count, dtype=np.int64)
    path = bridge(
        seed,
        factor.name,
        first=first,
        count=count,
        anchor_deviation=factor.anchor_deviation,
        scale=lambda at, span: (
            factor.minute_volatility * volatility(seed, factor.name, at, span=span)
        ),
    )
    path = path + _trend(seed, factor, minutes) + _swing(seed, factor, minutes)
    path = path + _jumps(seed, factor, minutes)
    path.setflags(write=False)
    return path


def _trend(seed: int, factor: Factor, minutes: IntArray) -> FloatArray:
    drift = value_noise(stream_key(seed, factor.name, "trend"), minutes, _TREND_PERIOD)
    weight = trend_weight(seed, factor.name, minutes)
    return (factor.trend * factor.daily_volatility) * weight * drift


def _swing(seed: int, factor: Factor, minutes: IntArray) -> FloatArray:
    wave = value_noise(stream_key(seed, factor.name, "swing"), minutes, _SWING_PERIOD)
    weight = sideways_weight(seed, factor.name, minutes)
    return (factor.swing * factor.daily_volatility) * weight * wave


def _jumps(seed: int, factor: Factor, minutes: IntArray) -> FloatArray:
    """The ramp of the slot's jump (3 to 15 minutes long) minus its even return over the slot."""
    slots = minutes // _JUMP_SLOT
    first = int(slots[0])
    known = np.arange(first, int(slots[-1]) + 1, dtype=np.int64)
    drawn = {
        word: uniforms(stream_key(seed, factor.name, f"jump-{word}"), known)
        for word in ("chance", "size", "side", "start", "ramp")
    }
    rises = np.where(drawn["chance"] < factor.jump_chance, 1.0, 0.0)
    tail = drawn["size"] * drawn["size"] * drawn["size"]
    size = rises * (factor.jump_size * factor.daily_volatility) * (1.0 + 3.0 * tail)
    size = size * np.where(drawn["side"] < 0.5, -1.0, 1.0)
    ramp = 3.0 + np.floor(drawn["ramp"] * 13.0)
    start = np.floor(drawn["start"] * (float(_JUMP_SLOT) - 16.0))
    position = slots - first
    inside = (minutes - slots * _JUMP_SLOT).astype(np.float64)
    done = np.minimum(np.maximum((inside - start[position]) / ramp[position], 0.0), 1.0)
    return size[position] * (done - inside / float(_JUMP_SLOT))
