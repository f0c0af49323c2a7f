"""What every indicator array has in common: its length, its warm-up and its way to JSON.

Arrays are float64, aligned with the candles they came from (one value per candle, oldest first);
values before the warm-up are NaN. At the JSON border a value that is not finite becomes None:
a reader must never take a missing measure for zero.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from trading.errors import InvalidRecord

FloatArray = npt.NDArray[np.float64]


def require_period(indicator: str, period: int, minimum: int) -> None:
    """Raise `InvalidRecord` when a period (candles) is below what the indicator is defined for."""
    if period < minimum:
        raise InvalidRecord(f"{indicator} period is {period}, allowed is {minimum} or more")


def require_multiple(indicator: str, multiple: float) -> None:
    """Raise `InvalidRecord` unless a distance in ranges or deviations is a positive number."""
    if not (math.isfinite(multiple) and multiple > 0.0):
        raise InvalidRecord(f"{indicator} multiple is {multiple:g}, allowed is above 0")


def to_json_value(value: float) -> float | None:
    """A measure as JSON takes it: None instead of NaN and infinity."""
    return value if math.isfinite(value) else None


def last_value(series: FloatArray) -> float | None:
    """The newest value, None when there is none or it lies in the warm-up."""
    return to_json_value(float(series[-1])) if series.size else None


def last_values(series: FloatArray, count: int) -> list[float | None]:
    """The newest `count` values, oldest first; always `count` long, with None where unknown."""
    known = [to_json_value(value) for value in series[-count:].tolist()]
    return [None] * (count - len(known)) + known
