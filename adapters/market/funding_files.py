"""Reading one file of funding rates; rates are ratios per funding period, positive: longs pay.

Venues report funding a few milliseconds after the instant; times are floored to the minute.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from adapters.market.csv_rows import parse_number, parse_time, read_rows, refuse
from adapters.market.recorded_files import RecordedFile
from trading.timeframes import Timeframe

_HEADER = ("funding_time", "funding_rate")
_LARGEST_RATE = Decimal("0.1")
"""Venues cap far below; a larger number is a percentage by mistake."""


@dataclass(frozen=True, slots=True)
class RecordedRate:
    """One payment of funding."""

    at: datetime
    rate: Decimal


@lru_cache(maxsize=32)
def read_funding(file: RecordedFile) -> tuple[RecordedRate, ...]:
    """All rates of a file, oldest first.

    Raises `RecordedDataError` for a row that is unparsable, too large, doubled or out of order.
    """
    rates: list[RecordedRate] = []
    for line, (time_text, rate_text) in read_rows(file, _HEADER):
        at = Timeframe.M1.floor(parse_time(file, line, _HEADER[0], time_text))
        rate = parse_number(file, line, _HEADER[1], rate_text)
        if abs(rate) > _LARGEST_RATE:
            raise refuse(
                file, line, f"funding_rate is {rate_text}, as a ratio more than {_LARGEST_RATE}"
            )
        if rates and at <= rates[-1].at:
            raise refuse(
                file, line, f"funding_time {time_text} is not after the row before ({at:%H:%MZ})"
            )
        rates.append(RecordedRate(at, rate))
    return tuple(rates)
