"""Funding, mark basis and open interest of the simulated market.

The premium follows the trend of the last 8 and 24 hours, so the crowded side pays. The rate is
premium + clamp(interest - premium), as perpetual venues compute it: 0.01 % per 8 hours in calm
times, of either sign in strong trends. Everything at an instant uses prices up to it only.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import numpy as np

from trading.market import FundingRate
from trading.simulation.blocks import log_path
from trading.simulation.candles import MINUTE, minute_of
from trading.simulation.instruments import SimulatedAsset
from trading.simulation.minutes import price_ticks
from trading.simulation.noise import FloatArray, IntArray, stream_key, value_noise
from trading.timeframes import EPOCH, floor_instant

_EIGHT_HOURS = 480
_DAY = 1_440
PREMIUM_HISTORY = _DAY
"""Minutes of path that the premium looks back on."""
_PREMIUM_PER_8H_RETURN = 0.010
_PREMIUM_PER_DAY_RETURN = 0.008
_PREMIUM_NOISE = 0.00025
_PREMIUM_NOISE_PERIOD = 720
_INTEREST = 0.0001
"""Per 8 hours."""
_DEAD_BAND = 0.0005
_CAP = 0.0075
"""Largest rate per 8 hours."""
_BASIS_SHARE = 0.4
_LARGEST_BASIS = 0.0005
_RATE_DIGITS = 8


def funding_rates(asset: SimulatedAsset, premium: FloatArray) -> tuple[Decimal, ...]:
    """Rates (ratio per funding period) that belong to premiums, one each."""
    pull = np.minimum(np.maximum(_INTEREST - premium, -_DEAD_BAND), _DEAD_BAND)
    per_8h = np.minimum(np.maximum(premium + pull, -_CAP), _CAP)
    share = float(asset.instrument.funding_interval // MINUTE) / float(_EIGHT_HOURS)
    units = np.rint(per_8h * share * 10.0**_RATE_DIGITS).astype(np.int64).tolist()
    return tuple(Decimal(unit).scaleb(-_RATE_DIGITS) for unit in units)


def next_funding_at(asset: SimulatedAsset, at: datetime) -> datetime:
    """The first funding instant after `at`."""
    interval = asset.instrument.funding_interval
    return floor_instant(at, interval) + interval


def funding_between(
    seed: int, asset: SimulatedAsset, *, after: datetime, until: datetime
) -> tuple[FundingRate, ...]:
    """What was paid at the funding instants with `after < at <= until`, oldest first."""
    interval = asset.instrument.funding_interval
    first = next_funding_at(asset, after)
    count = (floor_instant(until, interval) - first) // interval + 1
    if count <= 0:
        return ()
    stride = interval // MINUTE
    minute, length = minute_of(first), (count - 1) * stride + 1
    path = log_path(seed, asset, minute - PREMIUM_HISTORY, length + PREMIUM_HISTORY)
    premium = premiums(seed, asset, minute, path)[::stride]
    last = price_ticks(asset, path)[PREMIUM_HISTORY::stride]
    marks = mark_ticks(last, premium).tolist()
    return tuple(
        FundingRate(
            symbol=asset.symbol,
            at=EPOCH + (minute + number * stride) * MINUTE,
            rate=rate,
            mark=marks[number] * asset.instrument.tick_size,
        )
        for number, rate in enumerate(funding_rates(asset, premium))
    )


def mark_ticks(last: IntArray, premium: FloatArray) -> IntArray:
    """Mark prices in ticks: the last price moved by at most 0.02 % towards the premium."""
    held = np.minimum(np.maximum(premium, -_LARGEST_BASIS), _LARGEST_BASIS)
    basis = np.rint(last.astype(np.float64) * (_BASIS_SHARE * held)).astype(np.int64)
    return np.maximum(last + basis, 1)


def premiums(seed: int, asset: SimulatedAsset, first: int, path: FloatArray) -> FloatArray:
    """Premium of the contract over its index at minute `first` and each one after, a ratio.

    `path` is the log-price from `PREMIUM_HISTORY` minutes before `first` on, so the result is
    that much shorter.
    """
    now = path[_DAY:]
    minutes = np.arange(first, first + now.size, dtype=np.int64)
    key = stream_key(seed, asset.symbol, "premium")
    return (
        _PREMIUM_PER_8H_RETURN * (now - path[_DAY - _EIGHT_HOURS : path.size - _EIGHT_HOURS])
        + _PREMIUM_PER_DAY_RETURN * (now - path[: path.size - _DAY])
        + _PREMIUM_NOISE * value_noise(key, minutes, _PREMIUM_NOISE_PERIOD)
    )


def open_interest_at(seed: int, asset: SimulatedAsset, at: datetime) -> Decimal:
    """Base quantity outstanding at `at`, in whole steps."""
    minutes = np.array([minute_of(at)], dtype=np.int64)
    fast = value_noise(stream_key(seed, asset.symbol, "interest-day"), minutes, _DAY)
    slow = value_noise(stream_key(seed, asset.symbol, "interest-week"), minutes, 7 * _DAY)
    usual = Decimal(round(asset.open_interest)) / asset.instrument.step_size
    share = 1.0 + 0.08 * float(fast[0]) + 0.15 * float(slow[0])
    return int(usual * Decimal(share)) * asset.instrument.step_size
