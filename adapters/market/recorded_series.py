"""All that is recorded of one symbol: candles on the market's base timeframe, marks, funding.

Coarser candles are resampled from the finest contract-price file, complete bins only; files of
different timeframes are never mixed. A mark is known only at the open of a mark candle.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property

from adapters.market.candle_files import FileGaps, count_gaps, read_candles
from adapters.market.errors import RecordedDataError
from adapters.market.funding_files import RecordedRate, read_funding
from adapters.market.recorded_files import RecordedFile, split_symbol
from trading.candles import Candle, resample
from trading.errors import BadMarketData
from trading.instrument_defaults import KNOWN_INSTRUMENTS, derive_instrument
from trading.instruments import Instrument
from trading.timeframes import Timeframe
from trading.units import ONE, ZERO


@dataclass(frozen=True, kw_only=True)
class RecordedSeries:
    """The files of one symbol, read when first asked for."""

    symbol: str
    base_timeframe: Timeframe
    """Of the whole market; never finer than `candle_file`."""
    candle_file: RecordedFile
    """The finest contract-price file."""
    mark_files: tuple[RecordedFile, ...]
    """Finest first."""
    funding_file: RecordedFile | None

    @cached_property
    def base(self) -> tuple[Candle, ...]:
        """Candles of the base timeframe, oldest first, at least one."""
        source = self.candle_file.timeframe
        candles = read_candles(self.candle_file)
        if source is not self.base_timeframe:
            candles = resample(candles, source, self.base_timeframe)
        if not candles:
            raise RecordedDataError(
                self.candle_file.path,
                f"holds no complete {self.base_timeframe} candle",
                next_step="supply a longer file",
                symbol=self.symbol,
            )
        return candles

    @property
    def starts_at(self) -> datetime:
        return self.base[0].open_time

    @property
    def ends_at(self) -> datetime:
        """Close of the last base candle."""
        return self.base[-1].open_time + self.base_timeframe.length

    @property
    def gaps(self) -> FileGaps | None:
        return count_gaps(self.candle_file, read_candles(self.candle_file))

    def candles(self, timeframe: Timeframe) -> tuple[Candle, ...]:
        """All candles of a timeframe. Raises `BadMarketData` if the base cannot make it."""
        if timeframe is self.base_timeframe:
            return self.base
        if timeframe.seconds % self.base_timeframe.seconds:
            raise BadMarketData(
                self.symbol,
                f"{timeframe} candles cannot be made from the recorded {self.base_timeframe} ones;"
                f" ask for a multiple of {self.base_timeframe} or record finer candles",
            )
        if timeframe not in self._resampled:
            self._resampled[timeframe] = resample(self.base, self.base_timeframe, timeframe)
        return self._resampled[timeframe]

    def last_price(self, at: datetime) -> Decimal:
        """Open of the base candle that contains `at`; at the very end of the data the last close.

        Raises `BadMarketData` inside a gap, before the first candle and after the last one.
        """
        number = bisect_right(self.base, at, key=_open_time) - 1
        if number >= 0 and at < self.base[number].open_time + self.base_timeframe.length:
            return self.base[number].open
        if at == self.ends_at:
            return self.base[-1].close
        raise BadMarketData(
            self.symbol,
            f"no {self.base_timeframe} candle is recorded for {at:%Y-%m-%dT%H:%M:%SZ}"
            f" (recorded are {self.starts_at:%Y-%m-%dT%H:%MZ} to {self.ends_at:%Y-%m-%dT%H:%MZ},"
            " gaps aside); choose another time or supply the missing candles",
        )

    def mark_price(self, at: datetime) -> Decimal | None:
        """Open of the mark candle that opens exactly at `at`, if one is recorded."""
        return self._marks.get(at)

    def rate_at(self, at: datetime) -> Decimal | None:
        """The rate last paid at `at`, at most one funding period ago; None when not recorded."""
        number = bisect_right(self._rates, at, key=_paid_at) - 1
        if number < 0 or at - self._rates[number].at >= self.funding_interval:
            return None
        return self._rates[number].rate

    def rates_between(
        self, after: datetime, until: datetime
    ) -> tuple[tuple[RecordedRate, Decimal], ...]:
        """Rates with `after < at <= until` while the symbol was recorded, with their marks.

        Without a mark candle the mark is the last price known then, also across a gap: funding
        was paid whether or not the candle is recorded.
        """
        first = bisect_right(self._rates, after, key=_paid_at)
        end = bisect_right(self._rates, until, key=_paid_at)
        return tuple(
            (paid, self._known_mark(paid.at))
            for paid in self._rates[first:end]
            if self.starts_at <= paid.at <= self.ends_at
        )

    @property
    def funding_interval(self) -> timedelta:
        return timedelta(hours=8) if self.funding_file is None else self.funding_file.length

    @cached_property
    def instrument(self) -> Instrument:
        """Known filters, or filters derived from the file; the tick always fits all its prices."""
        tick = _finest_tick(self.base)
        known = KNOWN_INSTRUMENTS.get(self.symbol)
        if known is None:
            base, quote = split_symbol(self.candle_file)
            price = self.base[-1].close
            known = derive_instrument(
                self.symbol, base=base, quote=quote, tick_size=tick, price=price
            )
        return replace(
            known, tick_size=min(tick, known.tick_size), funding_interval=self.funding_interval
        )

    @cached_property
    def _resampled(self) -> dict[Timeframe, tuple[Candle, ...]]:
        return {}

    @cached_property
    def _marks(self) -> dict[datetime, Decimal]:
        marks: dict[datetime, Decimal] = {}
        for file in self.mark_files:
            candles = read_candles(file)
            if is_mark_series(candles):
                marks = {candle.open_time: candle.open for candle in candles} | marks
        return marks

    @cached_property
    def _rates(self) -> tuple[RecordedRate, ...]:
        return () if self.funding_file is None else read_funding(self.funding_file)

    def _known_mark(self, at: datetime) -> Decimal:
        marked = self.mark_price(at)
        if marked is not None:
            return marked
        number = bisect_right(self.base, at, key=_open_time) - 1
        candle = self.base[number]
        inside = at < candle.open_time + self.base_timeframe.length
        return candle.open if inside else candle.close


def is_mark_series(candles: tuple[Candle, ...]) -> bool:
    """False when the rows carry traded volume: then they are contract prices under a wrong name."""
    return all(candle.volume == ZERO for candle in candles)


def closed_until(
    candles: tuple[Candle, ...], timeframe: Timeframe, until: datetime
) -> tuple[Candle, ...]:
    """The candles that are closed at `until`."""
    return candles[: bisect_right(candles, until - timeframe.length, key=_open_time)]


def opened_since(candles: tuple[Candle, ...], since: datetime) -> tuple[Candle, ...]:
    """The candles with `open_time >= since`."""
    return candles[bisect_left(candles, since, key=_open_time) :]


def _open_time(candle: Candle) -> datetime:
    return candle.open_time


def _paid_at(paid: RecordedRate) -> datetime:
    return paid.at


def _finest_tick(candles: tuple[Candle, ...]) -> Decimal:
    """The largest power of ten, at most one, of which all prices are multiples."""
    tick = ONE
    for candle in candles:
        for price in (candle.open, candle.high, candle.low, candle.close):
            while price % tick:
                tick = tick.scaleb(-1)
    return tick
