"""The order book of a simulated instrument at any instant: the quote's bid and ask, and the resting
orders behind them.

A pure function of (seed, instrument, time), like the quote. Which side is heavier leans with the
move of the last minutes and swings by itself; it is made from the past only, so it knows nothing
of the next candle, and nobody's order changes it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from trading.market import BookLevel, OrderBook
from trading.simulation.blocks import log_path
from trading.simulation.candles import minute_of
from trading.simulation.instruments import SimulatedAsset
from trading.simulation.minutes import activity, usual_minute_volatility
from trading.simulation.noise import FloatArray, exponential, normals, stream_key, value_noise
from trading.simulation.quotes import quote_at
from trading.timeframes import EPOCH
from trading.units import to_float

LEVELS = 10
"""Price levels on each side."""
_REFRESH_SECONDS = 2
"""How long a resting order stays as it is."""
_DEPTH_SHARE = 0.04
"""Usual quantity at the best price over the volume of a usual minute; further levels hold more."""
_DEPTH_GROWTH = 0.35
_LEAN_MINUTES = 5
_LEAN_PER_DEVIATION = 0.18
_LEAN_NOISE = 0.22
_LEAN_NOISE_PERIOD = 240
"""Seconds."""
_LARGEST_LEAN = 0.8


def book_at(seed: int, asset: SimulatedAsset, at: datetime) -> OrderBook:
    """`LEVELS` bids and asks, fewer where prices would not be positive."""
    quote, tick = quote_at(seed, asset, at), asset.instrument.tick_size
    bid, ask = int(quote.bid / tick), int(quote.ask / tick)
    gap = max(1, (ask - bid) // 2)
    second = (at - EPOCH) // timedelta(seconds=1)
    lean = _lean(seed, asset, at, second)
    usual = _usual_quantities(seed, asset, at)
    return OrderBook(
        symbol=asset.symbol,
        at=at,
        bids=_side(seed, asset, second, [bid - gap * each for each in range(LEVELS)], "bid",
                   usual * (1.0 + lean)),
        asks=_side(seed, asset, second, [ask + gap * each for each in range(LEVELS)], "ask",
                   usual * (1.0 - lean)),
    )  # fmt: skip


def _side(
    seed: int, asset: SimulatedAsset, second: int, ticks: list[int], name: str, usual: FloatArray
) -> tuple[BookLevel, ...]:
    """Levels of one side; each has its own draw, at least one step."""
    index = second // _REFRESH_SECONDS * LEVELS + np.arange(LEVELS, dtype=np.int64)
    draws = normals(stream_key(seed, asset.symbol, f"book-{name}"), index)
    steps = np.maximum(np.rint(usual * exponential(0.4 * draws)), 1.0).astype(np.int64).tolist()
    tick, step = asset.instrument.tick_size, asset.instrument.step_size
    return tuple(
        BookLevel(price * tick, count * step)
        for price, count in zip(ticks, steps, strict=True)
        if price > 0
    )


def _usual_quantities(seed: int, asset: SimulatedAsset, at: datetime) -> FloatArray:
    """Steps at each level from the best on; thinner in restless minutes."""
    active = activity(seed, asset, np.array([minute_of(at)], dtype=np.int64))
    per_minute = asset.daily_volume / 1_440.0 / to_float(asset.instrument.step_size)
    growth = 1.0 + _DEPTH_GROWTH * np.arange(LEVELS, dtype=np.float64)
    return _DEPTH_SHARE * per_minute * growth / np.sqrt(active)


def _lean(seed: int, asset: SimulatedAsset, at: datetime, second: int) -> float:
    """Share by which bids outweigh asks, -0.8..0.8."""
    path = log_path(seed, asset, minute_of(at) - _LEAN_MINUTES, _LEAN_MINUTES + 1)
    usual = usual_minute_volatility(asset) * np.sqrt(float(_LEAN_MINUTES))
    noise = value_noise(
        stream_key(seed, asset.symbol, "book-lean"),
        np.array([second], dtype=np.int64),
        _LEAN_NOISE_PERIOD,
    )
    lean = _LEAN_PER_DEVIATION * float((path[-1] - path[0]) / usual) + _LEAN_NOISE * float(noise[0])
    return min(max(lean, -_LARGEST_LEAN), _LARGEST_LEAN)
