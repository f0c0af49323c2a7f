"""Does a condition hold now? Yes, no, or not known: three-valued, and only a yes may act.

Read on the last closed candle of each timeframe (a crossing on the last two) and on the quote.
Whatever is not there is unknown: a timeframe that was not read, a warm-up that is not over, NaN.
`and` is false when one part is false, `or` is true when one part is true, whatever the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite, nan

from trading.candles import CandleWindow
from trading.conditions import (
    AllOf,
    Comparator,
    Comparison,
    Condition,
    Measure,
    Number,
    Operand,
    comparisons_of,
    render_operand,
)
from trading.exits.invalidation.measures import candles_needed, is_of_candles
from trading.exits.invalidation.names import CANDLE_NAMES, QUOTE_NAMES
from trading.market import Quote
from trading.timeframes import Timeframe
from trading.units import to_float

Windows = Mapping[Timeframe, CandleWindow]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """A condition and how it stands."""

    condition: Condition
    holds: bool | None
    """None: not known."""
    values: str
    """The measures that were read, for a sentence: `adx_14 on 1h 21.3, close on 4h 100`."""
    missing: tuple[str, ...]
    """What is not known, and why; may be there although the rest decides."""


@dataclass(frozen=True, slots=True)
class _Value:
    """One operand; NaN where it is not known."""

    name: str
    last: float
    before: float = nan
    """At the candle before the last; only a crossing asks for it."""
    lack: str | None = None
    """Why the last value is not known."""


def default_timeframe(read: Mapping[Timeframe, object]) -> Timeframe:
    """What a comparison without `on` is read on: 5m, else the finest candles that are read."""
    if Timeframe.M5 in read or not read:
        return Timeframe.M5
    return min(read, key=lambda timeframe: timeframe.length)


def evaluate(condition: Condition, windows: Windows, quote: Quote | None) -> Evaluation:
    """How a condition stands on the windows read and the quote (None: not known)."""
    read = [
        value
        for comparison in comparisons_of(condition)
        for operand in (comparison.left, comparison.right)
        if isinstance(operand, Measure)
        for value in [_value(operand, comparison, windows, quote)]
    ]
    known = (f"{value.name} {value.last:.6g}" for value in read if value.lack is None)
    return Evaluation(
        condition=condition,
        holds=_holds(condition, windows, quote),
        values=", ".join(dict.fromkeys(known)),
        missing=tuple(dict.fromkeys(value.lack for value in read if value.lack is not None)),
    )


def _holds(condition: Condition, windows: Windows, quote: Quote | None) -> bool | None:
    if isinstance(condition, Comparison):
        return _compare(
            _value(condition.left, condition, windows, quote),
            condition.comparator,
            _value(condition.right, condition, windows, quote),
        )
    parts = [_holds(part, windows, quote) for part in condition.parts]
    deciding = not isinstance(condition, AllOf)
    if deciding in parts:
        return deciding
    return None if None in parts else not deciding


def _compare(left: _Value, comparator: Comparator, right: _Value) -> bool | None:
    pairs = [(left.last, right.last)]
    if comparator.is_crossing:
        pairs.append((left.before, right.before))
    if not all(isfinite(value) for pair in pairs for value in pair):
        return None
    (now, then), *earlier = pairs
    match comparator:
        case Comparator.BELOW:
            return now < then
        case Comparator.AT_MOST:
            return now <= then
        case Comparator.ABOVE:
            return now > then
        case Comparator.AT_LEAST:
            return now >= then
        case Comparator.CROSSES_ABOVE:
            return now > then and earlier[0][0] <= earlier[0][1]
        case Comparator.CROSSES_BELOW:
            return now < then and earlier[0][0] >= earlier[0][1]


def _value(
    operand: Operand, comparison: Comparison, windows: Windows, quote: Quote | None
) -> _Value:
    if isinstance(operand, Number):
        number = to_float(operand.value)
        return _Value(render_operand(operand), number, number)
    if is_of_candles(operand):
        timeframe = comparison.timeframe or default_timeframe(windows)
        needs_two = comparison.comparator.is_crossing
        return _of_candles(operand, timeframe, windows.get(timeframe), needs_two=needs_two)
    value = None if quote is None else QUOTE_NAMES[operand.kind].value(quote)
    if value is None or not value.is_finite():
        return _Value(operand.kind, nan, lack=f"{operand.kind} is not known")
    return _Value(operand.kind, to_float(value))


def _of_candles(
    measure: Measure, timeframe: Timeframe, window: CandleWindow | None, *, needs_two: bool
) -> _Value:
    name = f"{render_operand(measure)} on {timeframe}"
    if window is None:
        return _Value(name, nan, lack=f"{name}: no {timeframe} candles were read")
    needed = candles_needed(measure) + needs_two
    if len(window) < needed:
        return _Value(name, nan, lack=f"{name}: {len(window)} of {needed} closed candles are there")
    series = CANDLE_NAMES[measure.kind].series(window, measure.period or 0)
    last, before = float(series[-1]), float(series[-2]) if needs_two else nan
    return _Value(name, last, before, None if isfinite(last) else f"{name} has no value")
