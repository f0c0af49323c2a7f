"""A run of closed candles that grows at its end: checked once, handed out as windows many times.

`series.window(until, count)` equals `CandleWindow` over the same candles, its refusals included,
but costs a slice instead of a check and a conversion of every candle. The longest run that is sound
(no defect, no gap) is known from its end; only that run is handed out without another look.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from trading.candles import Candle, CandleWindow, FloatArray, candle_defect
from trading.timeframes import Timeframe

_COLUMNS = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True, slots=True)
class CandleSeries:
    """Closed candles of one instrument and timeframe, oldest first; immutable.

    Build it with `build_series`.
    """

    symbol: str
    timeframe: Timeframe
    candles: tuple[Candle, ...]
    sound: int
    """How many candles at the end are without a defect and without a gap."""
    columns: tuple[FloatArray, ...]
    """Open, high, low, close, volume of the sound ones."""

    @property
    def newest(self) -> datetime | None:
        """Open time of the last candle; None when there is none."""
        return self.candles[-1].open_time if self.candles else None

    @property
    def sound_candles(self) -> tuple[Candle, ...]:
        """The longest run at the end without a defect and without a gap."""
        return self.candles[len(self.candles) - self.sound :]

    def count_until(self, until: datetime) -> int:
        """How many of the candles are closed at `until`."""
        return bisect_right(self.candles, until - self.timeframe.length, key=_open_time)

    def window(self, until: datetime, count: int) -> CandleWindow:
        """The last `count` candles (or as many as there are) that are closed at `until`.

        Raises `BadMarketData` with the first defect among them, as `CandleWindow` does.
        """
        end = self.count_until(until)
        start = max(0, end - count)
        candles = self.candles[start:end]
        unsound = len(self.candles) - self.sound
        if start < unsound:
            return CandleWindow(self.symbol, self.timeframe, candles)
        opens, highs, lows, closes, volumes = (
            column[start - unsound : end - unsound] for column in self.columns
        )
        return CandleWindow.of_checked(
            self.symbol,
            self.timeframe,
            candles,
            opens=opens,
            highs=highs,
            lows=lows,
            closes=closes,
            volumes=volumes,
        )

    def extended(self, newer: Sequence[Candle], *, keep: int) -> CandleSeries:
        """With newer candles at the end, cut to the last `keep`; only the new ones are checked."""
        added = tuple(newer)
        if not added:
            return self
        joined = self.candles + added
        fresh = _sound_run(added, self.timeframe.length)
        seam = self.candles[-1:] + added[:1]
        is_one_run = fresh == len(added) and _sound_run(seam, self.timeframe.length) == len(seam)
        sound = (self.sound if is_one_run else 0) + fresh
        old = self.columns if is_one_run else tuple(column[:0] for column in self.columns)
        columns = _joined(old, _columns(added[len(added) - fresh :]))
        dropped = max(0, len(joined) - keep)
        sound = min(sound, len(joined) - dropped)
        return CandleSeries(
            symbol=self.symbol,
            timeframe=self.timeframe,
            candles=joined[dropped:],
            sound=sound,
            columns=tuple(_frozen(column[column.size - sound :]) for column in columns),
        )


def build_series(symbol: str, timeframe: Timeframe, candles: Sequence[Candle]) -> CandleSeries:
    """A series of candles as they were read; defects and gaps in them are kept and remembered."""
    run = tuple(candles)
    sound = _sound_run(run, timeframe.length)
    return CandleSeries(
        symbol=symbol,
        timeframe=timeframe,
        candles=run,
        sound=sound,
        columns=tuple(_frozen(column) for column in _columns(run[len(run) - sound :])),
    )


def _open_time(candle: Candle) -> datetime:
    return candle.open_time


def _sound_run(candles: tuple[Candle, ...], length: timedelta) -> int:
    """How many candles at the end follow each other without a defect."""
    count = 0
    for candle in reversed(candles):
        if candle_defect(candle) is not None:
            break
        if count and candles[len(candles) - count].open_time - candle.open_time != length:
            break
        count += 1
    return count


def _columns(candles: tuple[Candle, ...]) -> tuple[FloatArray, ...]:
    return tuple(
        np.array([float(getattr(candle, name)) for candle in candles], dtype=np.float64)
        for name in _COLUMNS
    )


def _joined(old: tuple[FloatArray, ...], new: tuple[FloatArray, ...]) -> tuple[FloatArray, ...]:
    return tuple(np.concatenate(pair) for pair in zip(old, new, strict=True))


def _frozen(column: FloatArray) -> FloatArray:
    """Many windows share an array, so nobody may write into it."""
    column.setflags(write=False)
    return column
