"""Which files a folder of recorded candles holds, and what their names say.

Names are SYMBOL-<length>.csv or .csv.gz for contract prices, with -mark for mark prices and
-funding for funding rates. A CSV file with another name is refused, never silently left out;
files that are not CSV (a README, a manifest) are nobody's business.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

from adapters.market.errors import RecordedDataError
from trading.instrument_defaults import MIN_NOTIONAL_BY_QUOTE
from trading.timeframes import Timeframe

_NAME = re.compile(
    r"(?P<symbol>[A-Z0-9]+)-(?P<count>[1-9][0-9]?)(?P<unit>[mhd])(?:-(?P<kind>mark|funding))?\.csv(?:\.gz)?"
)
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_PERPETUAL_SUFFIX = "PERP"
_PERPETUAL_QUOTE = "USD"


class FileKind(StrEnum):
    """What the rows of a file are."""

    CANDLES = "candles"
    MARK = "mark"
    FUNDING = "funding"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedFile:
    """One file; `digest` changes with its contents, so a record of one reading stays true."""

    path: Path
    symbol: str
    kind: FileKind
    length: timedelta
    """Of a candle, or of a funding period."""
    digest: str

    @property
    def timeframe(self) -> Timeframe:
        """Raises `RecordedDataError` when nothing in the arena can use candles of that length."""
        known = {timeframe.length: timeframe for timeframe in Timeframe}
        if self.length not in known:
            raise RecordedDataError(
                self.path,
                f"candles of {self.length} are not one of {', '.join(Timeframe)}",
                next_step="resample the file or move it out of the folder",
                symbol=self.symbol,
            )
        return known[self.length]


def list_recorded_files(folder: Path) -> tuple[RecordedFile, ...]:
    """All data files of a folder by name. Raises `RecordedDataError` for a folder without any."""
    if not folder.is_dir():
        raise RecordedDataError(
            folder,
            f"{folder} is not a folder" if folder.exists() else f"folder {folder} does not exist",
            next_step="give the folder that holds files such as BTCUSDT-5m.csv.gz",
        )
    paths = sorted(p for p in folder.iterdir() if p.name.endswith((".csv", ".csv.gz")))
    files = tuple(_described(path) for path in paths)
    if not any(file.kind is FileKind.CANDLES for file in files):
        raise RecordedDataError(
            folder,
            f"no candle file is in {folder}",
            next_step="put files such as BTCUSDT-5m.csv.gz into it",
        )
    _require_one_file_each(files)
    return files


def split_symbol(file: RecordedFile) -> tuple[str, str]:
    """Base and quote of the file's symbol; BTCPERP is quoted in USD.

    Raises `RecordedDataError` when the name ends with no known quote.
    """
    quotes = sorted(MIN_NOTIONAL_BY_QUOTE, key=len, reverse=True)
    for suffix, quote in ((_PERPETUAL_SUFFIX, _PERPETUAL_QUOTE), *((q, q) for q in quotes)):
        base = file.symbol.removesuffix(suffix)
        if base and base != file.symbol:
            return base, quote
    raise RecordedDataError(
        file.path,
        f"symbol {file.symbol} ends with no known quote ({', '.join(quotes)})",
        next_step="rename the file after the instrument, e.g. BTCUSDT-5m.csv.gz",
        symbol=file.symbol,
    )


def _described(path: Path) -> RecordedFile:
    match = _NAME.fullmatch(path.name)
    if match is None:
        raise RecordedDataError(
            path,
            "the name is not SYMBOL-<timeframe>.csv[.gz], -mark or -funding",
            next_step="rename the file, e.g. BTCUSDT-5m.csv.gz, or move it out of the folder",
        )
    return RecordedFile(
        path=path,
        symbol=match["symbol"],
        kind=FileKind(match["kind"] or FileKind.CANDLES),
        length=timedelta(**{_UNITS[match["unit"]]: int(match["count"])}),
        digest=_digest(path),
    )


def _digest(path: Path) -> str:
    try:
        return sha256(path.read_bytes()).hexdigest()
    except OSError as cause:
        raise RecordedDataError(
            path,
            f"cannot be read ({cause.strerror})",
            next_step="make it a readable file or move it out of the folder",
        ) from cause


def _require_one_file_each(files: tuple[RecordedFile, ...]) -> None:
    seen: dict[tuple[str, FileKind, timedelta], RecordedFile] = {}
    for file in files:
        key = (file.symbol, file.kind, file.length)
        if key in seen:
            raise RecordedDataError(
                file.path,
                f"holds the same series as {seen[key].path.name}",
                next_step="keep one of the two files",
                symbol=file.symbol,
            )
        seen[key] = file
