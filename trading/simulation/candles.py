"""Closed candles of the simulated market: bars in ticks become records in Decimal.

Coarser candles are exact aggregates of the one-minute ones. Only candles that are closed at
`until` are given, so no caller can look ahead.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from trading.candles import Candle
from trading.simulation.blocks import minute_bars
from trading.simulation.instruments import SimulatedAsset
from trading.simulation.minutes import Bars, coarser
from trading.timeframes import EPOCH, Timeframe

MINUTE = timedelta(minutes=1)


def minute_of(at: datetime) -> int:
    """Whole minutes from the Unix epoch to `at`, rounded down."""
    return (at - EPOCH) // MINUTE


def candles_until(
    seed: int, asset: SimulatedAsset, timeframe: Timeframe, *, until: datetime, limit: int
) -> tuple[Candle, ...]:
    """The last `limit` candles that are closed at `until`, oldest first."""
    return _candles(seed, asset, timeframe, end=timeframe.floor(until), count=limit)


def candles_between(
    seed: int, asset: SimulatedAsset, timeframe: Timeframe, *, since: datetime, until: datetime
) -> tuple[Candle, ...]:
    """All candles with `open_time >= since` that are closed at `until`, oldest first."""
    end = timeframe.floor(until)
    count = (end - since) // timeframe.length
    return _candles(seed, asset, timeframe, end=end, count=count)


def _candles(
    seed: int, asset: SimulatedAsset, timeframe: Timeframe, *, end: datetime, count: int
) -> tuple[Candle, ...]:
    if count <= 0:
        return ()
    length = timeframe.length // MINUTE
    bars = minute_bars(seed, asset, minute_of(end) - count * length, count * length)
    return _records(asset, coarser(bars, length))


def _records(asset: SimulatedAsset, bars: Bars) -> tuple[Candle, ...]:
    tick, step = asset.instrument.tick_size, asset.instrument.step_size
    opened, length = EPOCH + bars.first * MINUTE, bars.length * MINUTE
    rows = zip(
        bars.opens.tolist(),
        bars.highs.tolist(),
        bars.lows.tolist(),
        bars.closes.tolist(),
        bars.volumes.tolist(),
        strict=True,
    )
    return tuple(
        Candle(
            open_time=opened + number * length,
            open=row[0] * tick,
            high=row[1] * tick,
            low=row[2] * tick,
            close=row[3] * tick,
            volume=row[4] * step,
        )
        for number, row in enumerate(rows)
    )
