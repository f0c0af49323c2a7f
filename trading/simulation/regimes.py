"""How the simulated market behaves for hours to days: trending, sideways or volatile.

Volatility is e to a sum of smooth noises with periods from 90 minutes to 16 days, scaled so that
its mean square is one; a factor other than the market's follows the market in part, so that all
assets become wild together. All are smooth functions of time in whole minutes since the epoch.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from trading.simulation.noise import (
    VALUE_NOISE_VARIANCE,
    FloatArray,
    IntArray,
    exponential,
    smooth_step,
    stream_key,
    value_noise,
)

MARKET = "market"
"""Name of the factor that all assets share."""

_VOLATILITY_OCTAVES = ((90, 0.20), (360, 0.27), (1_440, 0.30), (5_760, 0.28), (23_040, 0.24))
_FOLLOWS_MARKET = 0.7
_OWN_SHARE = 0.5
_REGIME_PERIOD = 1_080
_CALM_IN_SIDEWAYS = 0.35
_VOLATILE_FROM = 1.2
_BLOCK = 8
"""Minutes over which volatility is held, because evaluating each minute costs four times as much."""


class Regime(StrEnum):
    """What the market is doing."""

    TRENDING = "trending"
    SIDEWAYS = "sideways"
    VOLATILE = "volatile"


def volatility(seed: int, name: str, minutes: IntArray, *, span: int = 1) -> FloatArray:
    """Multiplier of the factor's usual volatility, positive, made of periods of at least `span`."""
    if span >= _BLOCK:
        return _volatility_at(seed, name, minutes, span)
    block = minutes // _BLOCK
    first = int(block.min())
    centres = np.arange(first, int(block.max()) + 1, dtype=np.int64) * _BLOCK + _BLOCK // 2
    return _volatility_at(seed, name, centres, span)[block - first]


def _volatility_at(seed: int, name: str, minutes: IntArray, span: int) -> FloatArray:
    octaves = tuple(octave for octave in _VOLATILITY_OCTAVES if octave[0] >= span)
    if not octaves:
        return np.ones(minutes.shape, dtype=np.float64)
    weights = (
        ((MARKET, 1.0),) if name == MARKET else ((MARKET, _FOLLOWS_MARKET), (name, _OWN_SHARE))
    )
    log_level = np.zeros(minutes.shape, dtype=np.float64)
    variance = 0.0
    for stream, weight in weights:
        for period, amplitude in octaves:
            key = stream_key(seed, stream, f"volatility-{period}")
            share = weight * amplitude
            log_level += share * value_noise(key, minutes, period)
            variance += share * share * VALUE_NOISE_VARIANCE
    level = exponential(log_level - variance)
    if span > _REGIME_PERIOD:
        return level
    return level * (1.0 - _CALM_IN_SIDEWAYS * sideways_weight(seed, name, minutes))


def trend_weight(seed: int, name: str, minutes: IntArray) -> FloatArray:
    """How much the factor trends, 0 to 1."""
    return smooth_step(_score(seed, name, minutes) / 0.8 + 0.25)


def sideways_weight(seed: int, name: str, minutes: IntArray) -> FloatArray:
    """How much the factor swings around a level, 0 to 1."""
    return smooth_step(0.25 - _score(seed, name, minutes) / 0.8)


def regime(seed: int, minute: int) -> Regime:
    """What the market as a whole is doing at a minute since the epoch."""
    minutes = np.array([minute], dtype=np.int64)
    if float(volatility(seed, MARKET, minutes)[0]) > _VOLATILE_FROM:
        return Regime.VOLATILE
    trending = float(_score(seed, MARKET, minutes)[0]) > 0.0
    return Regime.TRENDING if trending else Regime.SIDEWAYS


def _score(seed: int, name: str, minutes: IntArray) -> FloatArray:
    """Above zero: trending, below: sideways; changes sign every day or so."""
    return value_noise(stream_key(seed, name, "regime"), minutes, _REGIME_PERIOD)
