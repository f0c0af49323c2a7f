"""Candles: open, high, low, close, volume of a closed interval; strategies see closed ones only.

A `CandleWindow` is one contiguous run of closed candles. Gaps, disorder, duplicates, NaN and
crossed prices are refused by name when it is built (`BadMarketData`), so that no rule downstream
has to ask again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from trading.errors import BadMarketData
from trading.timeframes import Timeframe
from trading.units import ZERO

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Candle:
    """One closed interval. Prices are quote per base, volume is base quantity."""

    open_time: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal


def candle_defect(candle: Candle) -> str | None:
    """What is wrong with one candle, or None."""
    prices = (candle.open, candle.high, candle.low, candle.close)
    if not all(price.is_finite() for price in prices) or not candle.volume.is_finite():
        return "has a price or volume that is not a number"
    if min(prices) <= ZERO:
        return "has a price that is not positive"
    if candle.volume < ZERO:
        return "has a negative volume"
    if candle.high < max(prices) or candle.low > min(prices):
        return "is crossed (high below or low above another price)"
    return None


def check_candles(symbol: str, timeframe: Timeframe, candles: tuple[Candle, ...]) -> None:
    """Raise `BadMarketData` on the first defect of a run of candles."""
    for candle in candles:
        defect = candle_defect(candle)
        if defect is not None:
            raise BadMarketData(
                symbol, f"{timeframe} candle of {candle.open_time:%Y-%m-%dT%H:%MZ} {defect}"
            )
    for before, after in pairwise(candles):
        if after.open_time == before.open_time:
            raise BadMarketData(
                symbol, f"two {timeframe} candles open at {after.open_time:%Y-%m-%dT%H:%MZ}"
            )
        if after.open_time < before.open_time:
            raise BadMarketData(
                symbol, f"{timeframe} candles are not in order at {after.open_time:%Y-%m-%dT%H:%MZ}"
            )
        if after.open_time - before.open_time != timeframe.length:
            missing = (after.open_time - before.open_time) // timeframe.length - 1
            raise BadMarketData(
                symbol,
                f"{missing} {timeframe} candle(s) missing after {before.open_time:%Y-%m-%dT%H:%MZ}",
            )


@dataclass(frozen=True)
class CandleWindow:
    """A contiguous run of closed candles of one instrument and timeframe, oldest first.

    The float arrays are the one place where candle money becomes measure.
    """

    symbol: str
    timeframe: Timeframe
    candles: tuple[Candle, ...]

    def __post_init__(self) -> None:
        check_candles(self.symbol, self.timeframe, self.candles)

    @classmethod
    def of_checked(
        cls,
        symbol: str,
        timeframe: Timeframe,
        candles: tuple[Candle, ...],
        *,
        opens: FloatArray,
        highs: FloatArray,
        lows: FloatArray,
        closes: FloatArray,
        volumes: FloatArray,
    ) -> CandleWindow:
        """A window over candles that `CandleSeries` has checked, with their arrays."""
        window = object.__new__(cls)
        vars(window).update(
            symbol=symbol,
            timeframe=timeframe,
            candles=candles,
            opens=opens,
            highs=highs,
            lows=lows,
            closes=closes,
            volumes=volumes,
        )
        return window

    def __len__(self) -> int:
        return len(self.candles)

    @property
    def closed_at(self) -> datetime:
        """Close instant of the last candle. Raises `BadMarketData` on an empty window."""
        if not self.candles:
            raise BadMarketData(self.symbol, f"no closed {self.timeframe} candle")
        return self.candles[-1].open_time + self.timeframe.length

    @cached_property
    def opens(self) -> FloatArray:
        return np.array([float(c.open) for c in self.candles], dtype=np.float64)

    @cached_property
    def highs(self) -> FloatArray:
        return np.array([float(c.high) for c in self.candles], dtype=np.float64)

    @cached_property
    def lows(self) -> FloatArray:
        return np.array([float(c.low) for c in self.candles], dtype=np.float64)

    @cached_property
    def closes(self) -> FloatArray:
        return np.array([float(c.close) for c in self.candles], dtype=np.float64)

    @cached_property
    def volumes(self) -> FloatArray:
        return np.array([float(c.volume) for c in self.candles], dtype=np.float64)


def resample(
    candles: tuple[Candle, ...], source: Timeframe, target: Timeframe
) -> tuple[Candle, ...]:
    """Coarser candles from finer ones, UTC-aligned; incomplete bins are left out, never guessed."""
    per_bin = target.length // source.length
    bins: dict[datetime, list[Candle]] = {}
    for candle in candles:
        bins.setdefault(target.floor(candle.open_time), []).append(candle)
    return tuple(
        _merge(opened, parts) for opened, parts in sorted(bins.items()) if len(parts) == per_bin
    )


def _merge(opened: datetime, parts: list[Candle]) -> Candle:
    return Candle(
        open_time=opened,
        open=parts[0].open,
        high=max(part.high for part in parts),
        low=min(part.low for part in parts),
        close=parts[-1].close,
        volume=sum((part.volume for part in parts), ZERO),
    )
