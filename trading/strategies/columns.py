"""What a strategy says of every candle of a run, as columns: one value per candle, oldest first.

The value at a candle depends on nothing after it. A strategy's answer for now is the last row of
the same columns (`trading.strategies.opinions.speak`), so that live and a run over years follow
one rule. Levels are measures (quote per base), not yet prices.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from trading.candles import FloatArray
from trading.positions import Direction

SideArray = npt.NDArray[np.int8]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """One row: what is said at one candle."""

    side: Direction
    """Where to be; flat means no entry here."""
    leave_long: bool
    leave_short: bool
    stop: float
    target: float
    confidence: float
    level: float | None
    leave_first: bool
    adds_in_profit_only: bool

    def leaves(self, held: Direction) -> bool:
        """Whether a position in that direction has lost its reason."""
        if held is Direction.FLAT:
            return False
        return self.leave_long if held is Direction.LONG else self.leave_short


@dataclass(frozen=True, slots=True, kw_only=True)
class OpinionColumns:
    """All arrays have the length of the candles."""

    side: SideArray
    """Where to be: 1 long, -1 short, 0 no entry here (also during the warm-up)."""
    leave_long: BoolArray
    """A long position has lost its reason. `side` counts before it, unless `leave_first`."""
    leave_short: BoolArray
    stop: FloatArray
    """Of an entry at this candle; NaN without one."""
    target: FloatArray
    confidence: FloatArray
    """Ratio 0..1 of an entry; NaN without one."""
    level: FloatArray | None = None
    """Share of the usual size, 0..1, of a strategy that scales in; None: it does not."""
    leave_first: bool = False
    """True: what lost its reason is given back before the other side is taken (grid)."""
    adds_in_profit_only: bool = False
    """True: what scales in grows only while the price is better than its entry (a pyramid)."""

    def __len__(self) -> int:
        return self.side.size

    def row(self, index: int) -> Opinion:
        """What is said at one candle; negative indices count from the newest."""
        return Opinion(
            side=_DIRECTIONS[int(self.side[index])],
            leave_long=bool(self.leave_long[index]),
            leave_short=bool(self.leave_short[index]),
            stop=float(self.stop[index]),
            target=float(self.target[index]),
            confidence=float(self.confidence[index]),
            level=None if self.level is None else float(self.level[index]),
            leave_first=self.leave_first,
            adds_in_profit_only=self.adds_in_profit_only,
        )


_DIRECTIONS = {1: Direction.LONG, -1: Direction.SHORT, 0: Direction.FLAT}


def opine(
    *,
    enter_long: BoolArray,
    enter_short: BoolArray,
    leave_long: BoolArray,
    leave_short: BoolArray,
    stop: FloatArray,
    target: FloatArray,
    confidence: FloatArray,
    level: FloatArray | None = None,
) -> OpinionColumns:
    """Columns from conditions; comparisons with NaN are false, so a warm-up says nothing.

    Both entries at one candle are none. Stop, target, confidence and level may be given for every
    candle: they are kept where there is an entry. An entry whose stop or target is NaN is none.
    """
    known = ~(np.isnan(stop) | np.isnan(target) | np.isnan(confidence))
    side = np.where(known, enter_long.astype(np.int8) - enter_short.astype(np.int8), 0)
    is_entry = side != 0
    return OpinionColumns(
        side=side.astype(np.int8),
        leave_long=leave_long,
        leave_short=leave_short,
        stop=np.where(is_entry, stop, np.nan),
        target=np.where(is_entry, target, np.nan),
        confidence=np.where(is_entry, confidence, np.nan),
        level=None if level is None else np.where(is_entry, level, np.nan),
    )


def silent_before(columns: OpinionColumns, warm_up: int) -> OpinionColumns:
    """The same columns, saying nothing at the candles before the warm-up is over.

    Some measures are there earlier than others; half of a rule is no rule.
    """
    count = min(max(warm_up - 1, 0), len(columns))
    unknown, nothing = np.full(count, np.nan), never(count)
    return replace(
        columns,
        side=np.concatenate((np.zeros(count, dtype=np.int8), columns.side[count:])),
        leave_long=np.concatenate((nothing, columns.leave_long[count:])),
        leave_short=np.concatenate((nothing, columns.leave_short[count:])),
        stop=np.concatenate((unknown, columns.stop[count:])),
        target=np.concatenate((unknown, columns.target[count:])),
        confidence=np.concatenate((unknown, columns.confidence[count:])),
        level=None if columns.level is None else np.concatenate((unknown, columns.level[count:])),
    )


def levels_around(
    closes: FloatArray, long: BoolArray, *, stop: FloatArray, target: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Stop and target at distances from the close: below and above it where `long`, else mirrored.

    Distances are in price units, per candle.
    """
    sign = np.where(long, 1.0, -1.0)
    return closes - sign * stop, closes + sign * target


def never(count: int) -> BoolArray:
    """A column that is false everywhere, for a rule that never says so."""
    return np.zeros(count, dtype=np.bool_)
