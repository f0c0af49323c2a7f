"""Recorded candles as a market: files of a folder, replayed on the arena's clock.

The finest contract-price file of each symbol is its source; the base timeframe of the market is
the coarsest of these, so that every symbol can be matched on the same candles. Nothing is filled
in: gaps stay gaps, unknown funding is None, and a defective row refuses the whole folder.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from adapters.market.candle_files import FileGaps, read_candles
from adapters.market.errors import RecordedDataError
from adapters.market.funding_files import read_funding
from adapters.market.recorded_files import (
    FileKind,
    RecordedFile,
    list_recorded_files,
    split_symbol,
)
from adapters.market.recorded_series import (
    RecordedSeries,
    closed_until,
    is_mark_series,
    opened_since,
)
from trading.candles import Candle
from trading.errors import BadMarketData, UnknownName
from trading.instruments import Instrument
from trading.market import FundingRate, Quote
from trading.timeframes import Timeframe, floor_instant

_LONGEST_WARM_UP = timedelta(days=10)
_WARM_UP_SHARE = 0.6
_HOUR = timedelta(hours=1)


class RecordedMarket:
    """`trading.ports.MarketSource` over a folder; build it with `open`."""

    def __init__(self, folder: Path, files: tuple[RecordedFile, ...]) -> None:
        self.folder = folder
        self.files = files
        self._series = _build_series(files)

    @classmethod
    def open(cls, folder: Path, *, validate: bool = True) -> RecordedMarket:
        """List the folder and, with `validate`, read every file of it once.

        Without `validate` files are read and checked when first asked for: for runs in a process
        of their own, after the folder was validated once.

        Raises
        ------
        RecordedDataError
            The folder or a file in it is missing, misnamed or defective; nothing is half-opened.
        """
        market = cls(folder, list_recorded_files(folder))
        if validate:
            market._read_all()
        return market

    @property
    def name(self) -> str:
        """Changes when a file is added, removed, renamed or edited."""
        listing = "".join(f"{file.path.name}\0{file.digest}\n" for file in self.files)
        return f"recorded-{sha256(listing.encode()).hexdigest()[:10]}"

    @property
    def base_timeframe(self) -> Timeframe:
        return next(iter(self._series.values())).base_timeframe

    @property
    def symbols(self) -> tuple[str, ...]:
        return tuple(self._series)

    @property
    def starts_at(self) -> datetime:
        """First instant at which all symbols are recorded."""
        return max(series.starts_at for series in self._series.values())

    @property
    def ends_at(self) -> datetime:
        """Last instant at which all symbols have a price: the close of the last common candle."""
        return min(series.ends_at for series in self._series.values())

    @property
    def suggested_start(self) -> datetime:
        """When trading may begin with enough candles before it, on a full hour."""
        span = self.ends_at - self.starts_at
        return max(
            self.starts_at,
            floor_instant(self.starts_at + min(_LONGEST_WARM_UP, span * _WARM_UP_SHARE), _HOUR),
        )

    @property
    def gaps(self) -> tuple[FileGaps, ...]:
        """Missing candles of the files that are traded on, one entry per file with any."""
        found = (series.gaps for series in self._series.values())
        return tuple(gaps for gaps in found if gaps is not None)

    @property
    def unused_files(self) -> tuple[str, ...]:
        """Files that are not traded on, each with the reason, as sentences for the operator."""
        return tuple(_unused(self.files, self._series))

    async def instruments(self) -> tuple[Instrument, ...]:
        return tuple(series.instrument for series in self._series.values())

    async def candles(
        self, symbol: str, timeframe: Timeframe, *, until: datetime, limit: int
    ) -> tuple[Candle, ...]:
        """Raises `UnknownName`, and `BadMarketData` for a timeframe finer than the recorded one."""
        closed = closed_until(self._require(symbol).candles(timeframe), timeframe, until)
        return closed[-limit:] if limit > 0 else ()

    async def candles_between(
        self, symbol: str, timeframe: Timeframe, *, since: datetime, until: datetime
    ) -> tuple[Candle, ...]:
        """Raises `UnknownName`, and `BadMarketData` for a timeframe finer than the recorded one."""
        closed = closed_until(self._require(symbol).candles(timeframe), timeframe, until)
        return opened_since(closed, since)

    async def quote(self, symbol: str, at: datetime) -> Quote:
        """The quote known at `at`. No book is recorded: bid and ask are the last price.

        Raises `UnknownName`, and `BadMarketData` inside a gap and outside the data.
        """
        series = self._require(symbol)
        last = series.last_price(at)
        interval = series.funding_interval
        return Quote(
            symbol=symbol,
            at=at,
            last=last,
            mark=series.mark_price(at) or last,
            bid=last,
            ask=last,
            funding_rate=series.rate_at(at),
            next_funding_at=(
                None if series.funding_file is None else floor_instant(at, interval) + interval
            ),
        )

    async def quotes(
        self, symbols: Sequence[str], at: datetime
    ) -> Mapping[str, Quote | BadMarketData]:
        """Raises `UnknownName`; an instrument in a gap has that as its answer."""
        answers: dict[str, Quote | BadMarketData] = {}
        for symbol in symbols:
            try:
                answers[symbol] = await self.quote(symbol, at)
            except BadMarketData as defect:
                answers[symbol] = defect
        return answers

    async def funding_between(
        self, symbol: str, *, after: datetime, until: datetime
    ) -> tuple[FundingRate, ...]:
        """Raises `UnknownName`. Periods without a recorded rate are absent."""
        return tuple(
            FundingRate(symbol=symbol, at=paid.at, rate=paid.rate, mark=mark)
            for paid, mark in self._require(symbol).rates_between(after, until)
        )

    def _require(self, symbol: str) -> RecordedSeries:
        series = self._series.get(symbol)
        if series is None:
            raise UnknownName("recorded symbol", symbol, self.symbols)
        return series

    def _read_all(self) -> None:
        for file in self.files:
            if file.kind is FileKind.FUNDING:
                read_funding(file)
            else:
                read_candles(file)
        if self.starts_at >= self.ends_at:
            raise RecordedDataError(
                self.folder,
                "the symbols have no time in common",
                next_step="keep files of the same period in one folder",
            )


def _build_series(files: tuple[RecordedFile, ...]) -> dict[str, RecordedSeries]:
    finest: dict[str, RecordedFile] = {}
    for file in _of_kind(files, FileKind.CANDLES):
        finest.setdefault(file.symbol, file)
        split_symbol(file)
    base = max((file.timeframe for file in finest.values()), key=lambda frame: frame.seconds)
    for file in finest.values():
        if base.seconds % file.timeframe.seconds:
            raise RecordedDataError(
                file.path,
                f"{base} candles, the finest that all symbols have, cannot be made from it",
                next_step="supply the same timeframe for all symbols",
                symbol=file.symbol,
            )
    return {
        symbol: RecordedSeries(
            symbol=symbol,
            base_timeframe=base,
            candle_file=file,
            mark_files=_of_kind(files, FileKind.MARK, symbol),
            funding_file=next(iter(_of_kind(files, FileKind.FUNDING, symbol)), None),
        )
        for symbol, file in sorted(finest.items())
    }


def _of_kind(
    files: tuple[RecordedFile, ...], kind: FileKind, symbol: str | None = None
) -> tuple[RecordedFile, ...]:
    """Files of a kind (and symbol), shortest candle length first."""
    chosen = (f for f in files if f.kind is kind and symbol in (None, f.symbol))
    return tuple(sorted(chosen, key=lambda file: file.length))


def _unused(files: tuple[RecordedFile, ...], series: dict[str, RecordedSeries]) -> Iterable[str]:
    for file in files:
        used = series.get(file.symbol)
        if used is None:
            yield f"{file.path.name}: there are no candles of {file.symbol}"
        elif file.kind is FileKind.CANDLES and file is not used.candle_file:
            yield f"{file.path.name}: {file.symbol} is read from {used.candle_file.path.name}"
        elif file.kind is FileKind.MARK and not is_mark_series(read_candles(file)):
            yield f"{file.path.name}: carries traded volume, so it holds no mark prices"
        elif file.kind is FileKind.FUNDING and file is not used.funding_file:
            yield f"{file.path.name}: {file.symbol} has funding of a shorter period"
