"""One-minute bars of the simulated market, in whole ticks and steps, and the path inside a minute.

Open and close lie on the asset's path, so a bar opens exactly where the one before closed. Inside
a minute the price runs open, first extreme, second extreme, close in straight lines: no instant
lies outside its bar. Integers only from here on; minutes count from the Unix epoch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trading.simulation.factors import factor_path
from trading.simulation.instruments import MARKET_FACTOR, SimulatedAsset
from trading.simulation.noise import (
    FloatArray,
    IntArray,
    exponential,
    normals,
    stream_key,
    uniforms,
)
from trading.simulation.regimes import MARKET, volatility
from trading.units import to_float

MINUTE_MICROSECONDS = 60_000_000

# Share of a day's volume by UTC hour, times 24: quiet in the Asian night, busy in the US session.
_HOUR_WEIGHTS = np.array(
    [
        *(0.95, 0.90, 0.85, 0.80, 0.75, 0.72, 0.75, 0.85),
        *(0.95, 1.00, 1.00, 1.00, 1.05, 1.25, 1.45, 1.45),
        *(1.35, 1.25, 1.15, 1.10, 1.05, 1.00, 0.95, 0.90),
    ]
)


@dataclass(frozen=True, slots=True)
class Bars:
    """Consecutive bars; all arrays int64 of the same length. Prices in ticks, volume in steps."""

    first: int
    """Minute at which the first bar opens."""
    length: int
    """Minutes per bar."""
    opens: IntArray
    highs: IntArray
    lows: IntArray
    closes: IntArray
    volumes: IntArray


def log_path(seed: int, asset: SimulatedAsset, first: int, count: int) -> FloatArray:
    """Log-price at `count` consecutive minutes, over the asset's base price, shape (count,)."""
    common = factor_path(seed, MARKET_FACTOR, first, count)
    return asset.beta * common + factor_path(seed, asset.own, first, count)


def price_ticks(asset: SimulatedAsset, log_prices: FloatArray) -> IntArray:
    """Prices in whole ticks, at least one."""
    scale = to_float(asset.base_price / asset.instrument.tick_size)
    return np.maximum(np.rint(exponential(log_prices) * scale), 1.0).astype(np.int64)


def minute_bars(seed: int, asset: SimulatedAsset, first: int, count: int) -> Bars:
    """The `count` one-minute bars that open at `first` and after."""
    return bars_on_path(seed, asset, first, log_path(seed, asset, first, count + 1))


def bars_on_path(seed: int, asset: SimulatedAsset, first: int, path: FloatArray) -> Bars:
    """One-minute bars between the points of `path`, whose first point is at minute `first`."""
    minutes = np.arange(first, first + path.size - 1, dtype=np.int64)
    ticks = price_ticks(asset, path)
    opens, closes = ticks[:-1], ticks[1:]
    active = activity(seed, asset, minutes)
    reach = opens.astype(np.float64) * active * usual_minute_volatility(asset)
    highs = np.maximum(opens, closes) + _wick(seed, asset, "up", minutes, reach)
    lows = np.minimum(opens, closes) - _wick(seed, asset, "down", minutes, reach)
    moved = np.abs(path[1:] - path[:-1]) / usual_minute_volatility(asset)
    return Bars(
        first=first,
        length=1,
        opens=opens,
        highs=highs,
        lows=np.maximum(lows, 1),
        closes=closes,
        volumes=_volumes(seed, asset, minutes, active, moved),
    )


def coarser(bars: Bars, length: int) -> Bars:
    """Bars of `length` minutes; the number of bars must be a multiple of it."""
    shape = (-1, length)
    return Bars(
        first=bars.first,
        length=length,
        opens=bars.opens.reshape(shape)[:, 0],
        highs=bars.highs.reshape(shape).max(axis=1),
        lows=bars.lows.reshape(shape).min(axis=1),
        closes=bars.closes.reshape(shape)[:, -1],
        volumes=bars.volumes.reshape(shape).sum(axis=1),
    )


def ticks_inside(seed: int, asset: SimulatedAsset, bar: Bars, microseconds: int) -> int:
    """Price in ticks `microseconds` after the open of the single minute in `bar`."""
    opened, closed = int(bar.opens[0]), int(bar.closes[0])
    low, high = int(bar.lows[0]), int(bar.highs[0])
    turns = uniforms(
        stream_key(seed, asset.symbol, "turns"),
        np.array([2 * bar.first, 2 * bar.first + 1], dtype=np.int64),
    )
    first_turn = int((0.10 + 0.35 * float(turns[0])) * MINUTE_MICROSECONDS)
    second_turn = int((0.55 + 0.35 * float(turns[1])) * MINUTE_MICROSECONDS)
    extremes = (high, low) if closed < opened else (low, high)
    at = (0, first_turn, second_turn, MINUTE_MICROSECONDS)
    price = (opened, *extremes, closed)
    leg = 0 if microseconds < first_turn else 1 if microseconds < second_turn else 2
    return price[leg] + (price[leg + 1] - price[leg]) * (microseconds - at[leg]) // (
        at[leg + 1] - at[leg]
    )


def usual_minute_volatility(asset: SimulatedAsset) -> float:
    """Standard deviation of the log-price over one usual minute."""
    common = asset.beta * MARKET_FACTOR.minute_volatility
    own = asset.own.minute_volatility
    return float(np.sqrt(common * common + own * own))


def activity(seed: int, asset: SimulatedAsset, minutes: IntArray) -> FloatArray:
    """Volatility of each minute over the asset's usual one."""
    common = asset.beta * MARKET_FACTOR.minute_volatility * volatility(seed, MARKET, minutes)
    own = asset.own.minute_volatility * volatility(seed, asset.own.name, minutes)
    return np.sqrt(common * common + own * own) / usual_minute_volatility(asset)


def _wick(
    seed: int, asset: SimulatedAsset, side: str, minutes: IntArray, reach: FloatArray
) -> IntArray:
    """How far a bar reaches beyond its body, in ticks: usually under half of `reach`."""
    draw = uniforms(stream_key(seed, asset.symbol, f"wick-{side}"), minutes)
    square = draw * draw
    length = draw * (0.3 + 0.9 * square) + 1.5 * square * square * square * square * square
    return np.floor(reach * length).astype(np.int64)


def _volumes(
    seed: int, asset: SimulatedAsset, minutes: IntArray, active: FloatArray, moved: FloatArray
) -> IntArray:
    """Base volume in steps: grows with volatility, with the move of the minute, and by the hour."""
    hour = (minutes // 60) % 24
    share = (minutes % 60).astype(np.float64) / 60.0
    season = _HOUR_WEIGHTS[hour] * (1.0 - share) + _HOUR_WEIGHTS[(hour + 1) % 24] * share
    draws = normals(stream_key(seed, asset.symbol, "volume"), minutes)
    usual = asset.daily_volume / 1_440.0 / to_float(asset.instrument.step_size)
    mean = usual * season * active * (0.4 + 0.6 * moved)
    return np.rint(mean * exponential(0.5 * draws - 0.125)).astype(np.int64)
