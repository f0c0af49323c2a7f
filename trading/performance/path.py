"""An equity path: many readings as arrays, which is what the figures of a year are computed on.

Instants are microseconds since 1970 (UTC), money is float64 quote. Money crosses the border here
and only for ratios: an amount that is shown comes from an `EquityReading`, never from a path.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from trading.candles import FloatArray
from trading.errors import InvalidRecord
from trading.performance.records import EquityReading, require_order
from trading.timeframes import EPOCH
from trading.units import to_float

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

MICROSECOND = timedelta(microseconds=1)
SECOND_US = 1_000_000
DAY_US = 86_400 * SECOND_US


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EquityPath:
    """Readings in time order; four arrays of one length, possibly empty."""

    at: IntArray
    """Strictly ascending."""
    equity: FloatArray
    before_flow: FloatArray
    """Equity without the deposit or withdrawal that came just before the reading; else `equity`."""
    gross_exposure: FloatArray
    """Sum of notionals held at the instant; NaN where it was not read."""

    def __post_init__(self) -> None:
        columns = (self.equity, self.before_flow, self.gross_exposure)
        if any(len(column) != len(self.at) for column in columns):
            raise InvalidRecord("the arrays of an equity path have different lengths")
        if not (np.isfinite(self.equity).all() and np.isfinite(self.before_flow).all()):
            raise InvalidRecord("an equity path holds NaN or infinity; leave a failed reading out")
        if bool((np.diff(self.at) <= 0).any()):
            raise InvalidRecord("an equity path is not in order; sort it by time, one per instant")

    def __len__(self) -> int:
        return len(self.at)

    def part(self, start: int, stop: int) -> EquityPath:
        """Readings `start` up to but without `stop`."""
        chosen = slice(start, stop)
        return EquityPath(
            at=self.at[chosen],
            equity=self.equity[chosen],
            before_flow=self.before_flow[chosen],
            gross_exposure=self.gross_exposure[chosen],
        )


def path_of(readings: Sequence[EquityReading]) -> EquityPath:
    """The readings as arrays; flows are taken off in Decimal, before the border.

    Raises
    ------
    InvalidRecord
        The readings are not in strictly ascending order.
    """
    require_order(readings)
    flows = [
        Decimal(0),
        *(after.transfers - before.transfers for before, after in pairwise(readings)),
    ]
    return EquityPath(
        at=np.array([to_microseconds(reading.at) for reading in readings], dtype=np.int64),
        equity=np.array([to_float(reading.equity) for reading in readings], dtype=np.float64),
        before_flow=np.array(
            [to_float(r.equity - flow) for r, flow in zip(readings, flows, strict=False)],
            dtype=np.float64,
        ),
        gross_exposure=np.array(
            [np.nan if r.gross_exposure is None else to_float(r.gross_exposure) for r in readings],
            dtype=np.float64,
        ),
    )


def to_microseconds(at: datetime) -> int:
    """An aware instant as whole microseconds since 1970."""
    return (at - EPOCH) // MICROSECOND


def to_instant(microseconds: int) -> datetime:
    """The aware UTC instant of whole microseconds since 1970."""
    return EPOCH + timedelta(microseconds=microseconds)
