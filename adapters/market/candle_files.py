"""Reading one file of candles: every row is a sound candle in ascending order, or none is used.

A defective row refuses the file by line and value. Missing rows do not: gaps are counted and stay
visible, and a window across one is refused where it is built.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise

from adapters.market.csv_rows import parse_number, parse_time, read_rows, refuse
from adapters.market.errors import RecordedDataError
from adapters.market.recorded_files import RecordedFile
from trading.candles import Candle, candle_defect
from trading.timeframes import floor_instant

_HEADER = ("open_time", "open", "high", "low", "close", "volume")
_SAME_SPACING_RUN = 12
"""So many equal spacings in a row (or all of a short file) that are not the timeframe are another
timeframe; fewer happen by chance where a quiet market leaves out candles without trades."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileGaps:
    """Missing candles of one file."""

    file_name: str
    count: int
    """Stretches without candles."""
    missing: int
    """Candles missing in all of them together."""
    longest: int
    """Candles missing in the longest of them."""


@lru_cache(maxsize=32)
def read_candles(file: RecordedFile) -> tuple[Candle, ...]:
    """All candles of a file, oldest first.

    The digest in `file` is part of the key of the cache, so a changed file is read again.

    Raises
    ------
    RecordedDataError
        A row is unparsable, not finite, not positive, crossed, doubled, out of order or not
        aligned, or the rows have another timeframe than the name says.
    """
    candles: list[Candle] = []
    lines: list[int] = []
    before: datetime | None = None
    for line, cells in read_rows(file, _HEADER):
        candle = _parsed(file, line, cells)
        _check_order(file, line, cells[0], before, candle.open_time)
        before = candle.open_time
        candles.append(candle)
        lines.append(line)
    _check_spacing(file, candles, lines)
    return tuple(candles)


def count_gaps(file: RecordedFile, candles: tuple[Candle, ...]) -> FileGaps | None:
    """The gaps of a file, or None without any."""
    missing = [
        (after.open_time - before.open_time) // file.length - 1
        for before, after in pairwise(candles)
        if after.open_time - before.open_time != file.length
    ]
    if not missing:
        return None
    return FileGaps(
        file_name=file.path.name, count=len(missing), missing=sum(missing), longest=max(missing)
    )


def _parsed(file: RecordedFile, line: int, cells: list[str]) -> Candle:
    numbers = [
        parse_number(file, line, column, text)
        for column, text in zip(_HEADER[1:], cells[1:], strict=True)
    ]
    candle = Candle(parse_time(file, line, _HEADER[0], cells[0]), *numbers)
    defect = candle_defect(candle)
    if defect is not None:
        values = ", ".join(
            f"{name} {text}" for name, text in zip(_HEADER[1:], cells[1:], strict=True)
        )
        raise refuse(file, line, f"the candle {defect}: {values}")
    return candle


def _check_order(
    file: RecordedFile, line: int, text: str, before: datetime | None, opened: datetime
) -> None:
    if floor_instant(opened, file.length) != opened:
        raise refuse(
            file,
            line,
            f"open_time {text} ({opened:%Y-%m-%dT%H:%M:%SZ}) is not on a boundary of"
            f" {_length_text(file.length)}, the timeframe in the name of the file",
        )
    if before is None or opened > before:
        return
    if opened == before:
        raise refuse(file, line, f"open_time {text} ({opened:%Y-%m-%dT%H:%MZ}) occurs twice")
    raise refuse(
        file,
        line,
        f"open_time {text} ({opened:%Y-%m-%dT%H:%MZ}) comes after {before:%Y-%m-%dT%H:%MZ}:"
        " the rows are not in ascending order",
    )


def _check_spacing(file: RecordedFile, candles: list[Candle], lines: list[int]) -> None:
    """Refuse a stretch of another timeframe, which would else pass for a row of gaps."""
    if len(candles) < 4:
        return
    longest_run = min(_SAME_SPACING_RUN, len(candles) - 1)
    run, spacing = 0, file.length
    for number, (before, after) in enumerate(pairwise(candles), start=1):
        step = after.open_time - before.open_time
        run = run + 1 if step == spacing else 1
        spacing = step
        if step != file.length and run == longest_run:
            raise RecordedDataError(
                file.path,
                f"the rows are {_length_text(step)} apart, not {_length_text(file.length)} as the"
                " name of the file says",
                next_step="keep one timeframe per file and name it in the file name",
                symbol=file.symbol,
                line=lines[number - run],
            )


def _length_text(length: timedelta) -> str:
    minutes, seconds = divmod(int(length.total_seconds()), 60)
    for unit, size in (("d", 1_440), ("h", 60)):
        if seconds == 0 and minutes % size == 0:
            return f"{minutes // size}{unit}"
    return f"{minutes}m" if seconds == 0 else f"{int(length.total_seconds())}s"
