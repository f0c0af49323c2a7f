"""The form of an invalidation condition, and its one spelling.

Conditions compare measures of closed candles, fields of the quote and numbers. `render` is the
canonical text: reading it again gives the same condition. Columns are for errors only and take no
part in comparing two conditions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from types import UnionType

from trading.timeframes import Timeframe
from trading.units import plain


class Comparator(StrEnum):
    """How the left side has to stand to the right one."""

    BELOW = "<"
    AT_MOST = "<="
    ABOVE = ">"
    AT_LEAST = ">="
    CROSSES_ABOVE = "crosses above"
    CROSSES_BELOW = "crosses below"

    @property
    def is_crossing(self) -> bool:
        """Whether it looks at the candle before the last one too."""
        return self in (Comparator.CROSSES_ABOVE, Comparator.CROSSES_BELOW)


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A constant."""

    value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A name of `trading.exits.invalidation.names`, with its period in candles where it has one."""

    kind: str
    period: int | None
    column: int = field(default=1, compare=False, repr=False)
    """Where it stands in the text, counted from 1."""


Operand = Number | Measure


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One comparison, of the last closed candle of one timeframe."""

    left: Operand
    comparator: Comparator
    right: Operand
    timeframe: Timeframe | None
    """None: `default_timeframe`; always None where no side is made of candles."""
    column: int = field(default=1, compare=False, repr=False)
    """Where its timeframe stands, or else the comparison itself."""


@dataclass(frozen=True, slots=True)
class AllOf:
    """Two or more conditions joined by `and`."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Two or more conditions joined by `or`, which binds less than `and`."""

    parts: tuple[Condition, ...]


Condition = Comparison | AllOf | AnyOf


def render(condition: Condition) -> str:
    """The canonical text of a condition."""
    if isinstance(condition, Comparison):
        return _comparison(condition)
    if isinstance(condition, AllOf):
        return " and ".join(_inside(part, AllOf | AnyOf) for part in condition.parts)
    return " or ".join(_inside(part, AnyOf) for part in condition.parts)


def render_operand(operand: Operand) -> str:
    """A number or a name as it is written."""
    if isinstance(operand, Number):
        return plain(operand.value)
    return operand.kind if operand.period is None else f"{operand.kind}_{operand.period}"


def comparisons_of(condition: Condition) -> tuple[Comparison, ...]:
    """All comparisons of a condition, from left to right."""
    if isinstance(condition, Comparison):
        return (condition,)
    return tuple(each for part in condition.parts for each in comparisons_of(part))


def _comparison(comparison: Comparison) -> str:
    left, right = render_operand(comparison.left), render_operand(comparison.right)
    text = f"{left} {comparison.comparator} {right}"
    return text if comparison.timeframe is None else f"{text} on {comparison.timeframe}"


def _inside(part: Condition, needs_brackets: type | UnionType) -> str:
    return f"({render(part)})" if isinstance(part, needs_brackets) else render(part)
