"""Rows of a recorded CSV file: opened, counted, and turned into times and Decimals or refused.

Times are epoch milliseconds UTC. Numbers keep 15 significant digits: what a file shows beyond
them is the print of a binary float, and would give every price its own tick.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal, InvalidOperation
from pathlib import Path
from typing import TextIO

from adapters.market.errors import RecordedDataError
from adapters.market.recorded_files import RecordedFile
from trading.timeframes import EPOCH

REPAIR = "repair or remove the row, then open the folder again"

_FLOAT_DIGITS = Context(prec=15)
_LONGEST_EXACT = 15
_MILLISECOND = timedelta(milliseconds=1)
_EARLIEST = datetime(2009, 1, 1, tzinfo=UTC)
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)


def read_rows(file: RecordedFile, header: tuple[str, ...]) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of each row after the header; all rows have as many cells as it.

    Raises `RecordedDataError` for an empty or unreadable file and for a wrong header or width.
    """
    try:
        yield from _rows(file, header)
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as cause:
        raise RecordedDataError(
            file.path,
            f"cannot be read ({type(cause).__name__}: {cause})",
            next_step="replace it by an intact CSV or gzip CSV file",
            symbol=file.symbol,
        ) from cause


def refuse(file: RecordedFile, line: int, problem: str) -> RecordedDataError:
    """The error for one row."""
    return RecordedDataError(file.path, problem, next_step=REPAIR, symbol=file.symbol, line=line)


def parse_time(file: RecordedFile, line: int, column: str, text: str) -> datetime:
    """Epoch milliseconds to an aware instant."""
    if not (text.isascii() and text.isdecimal() and len(text) <= _LONGEST_EXACT):
        raise refuse(file, line, f"{column} is {text!r}, not a whole number of epoch milliseconds")
    at = EPOCH + int(text) * _MILLISECOND if len(text) <= len("4102444800000") else _LATEST
    if not _EARLIEST <= at < _LATEST:
        raise refuse(
            file, line, f"{column} is {text}, which as epoch milliseconds is not 2009-2099"
        )
    return at


def parse_number(file: RecordedFile, line: int, column: str, text: str) -> Decimal:
    """A finite number of at most 15 significant digits."""
    try:
        number = _FLOAT_DIGITS.create_decimal(text)
    except InvalidOperation:
        raise refuse(file, line, f"{column} is {text!r}, not a number") from None
    if not number.is_finite():
        raise refuse(file, line, f"{column} is {text!r}, not a finite number")
    if not text.isascii():
        raise refuse(file, line, f"{column} is {text!r}, not a plain number")
    return number.normalize() if len(text) > _LONGEST_EXACT else number


def _rows(file: RecordedFile, header: tuple[str, ...]) -> Iterator[tuple[int, list[str]]]:
    with _opened(file.path) as text:
        reader = csv.reader(text, strict=True)
        found = next(reader, None)
        if found is None:
            raise _faulty(file, "is empty", header)
        if tuple(found) != header:
            raise _faulty(file, f"has the header {','.join(found)!r}", header)
        line = 1
        for cells in reader:
            line = reader.line_num
            if len(cells) != len(header):
                raise refuse(file, line, f"has {len(cells)} cells instead of {len(header)}")
            yield line, cells
        if line == 1:
            raise _faulty(file, "has a header but no rows", header)


def _opened(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open("rt", encoding="utf-8", newline="")


def _faulty(file: RecordedFile, problem: str, header: tuple[str, ...]) -> RecordedDataError:
    return RecordedDataError(
        file.path,
        problem,
        next_step=f"write it with the header {','.join(header)!r} and at least one row",
        symbol=file.symbol,
    )
