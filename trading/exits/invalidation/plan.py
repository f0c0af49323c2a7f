"""Taking conditions into an exit plan: read, checked against what is looked at, made explicit.

The one rule: what is taken here can be evaluated later. Every comparison of candles carries its
timeframe afterwards, so that a stored condition means the same whatever is read next year.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from trading.conditions import (
    Comparison,
    Condition,
    comparisons_of,
    render,
    render_operand,
)
from trading.errors import InvalidCondition, InvalidRecord
from trading.exits.invalidation.evaluate import default_timeframe
from trading.exits.invalidation.measures import candles_needed, is_of_candles
from trading.exits.invalidation.parse import parse_condition
from trading.timeframes import Timeframe

MOST_CONDITIONS = 8
"""In one plan; any of them ends the position."""


def plan_conditions(texts: Sequence[str], read: Mapping[Timeframe, int]) -> tuple[Condition, ...]:
    """The conditions of a plan; `read` says how many closed candles of what are looked at.

    Raises
    ------
    InvalidCondition
        As `parse_condition`, and where a timeframe is not read or has too few candles.
    InvalidRecord
        More than `MOST_CONDITIONS`.
    """
    if len(texts) > MOST_CONDITIONS:
        raise InvalidRecord(
            f"the plan has {len(texts)} conditions, allowed are {MOST_CONDITIONS}; join some by or"
        )
    conditions: dict[Condition, None] = {}
    for text in texts:
        condition = _explicit(parse_condition(text), default_timeframe(read))
        for comparison in comparisons_of(condition):
            _require_read(text, comparison, read)
        conditions[condition] = None
    return tuple(conditions)


def render_conditions(conditions: Sequence[Condition]) -> tuple[str, ...]:
    """The canonical texts, for the store."""
    return tuple(render(condition) for condition in conditions)


def parse_conditions(texts: Sequence[str]) -> tuple[Condition, ...]:
    """Conditions as they were stored. Raises `InvalidCondition` for a text that is none."""
    return tuple(parse_condition(text) for text in texts)


def _explicit(condition: Condition, timeframe: Timeframe) -> Condition:
    if not isinstance(condition, Comparison):
        return replace(
            condition, parts=tuple(_explicit(part, timeframe) for part in condition.parts)
        )
    has_candles = is_of_candles(condition.left) or is_of_candles(condition.right)
    if condition.timeframe is not None or not has_candles:
        return condition
    return replace(condition, timeframe=timeframe)


def _require_read(text: str, comparison: Comparison, read: Mapping[Timeframe, int]) -> None:
    timeframe = comparison.timeframe
    if timeframe is None:
        return
    if timeframe not in read:
        known = ", ".join(each for each in Timeframe if each in read) or "none"
        raise InvalidCondition(
            text, comparison.column, f"no {timeframe} candles are read here; read are: {known}"
        )
    for operand in (comparison.left, comparison.right):
        if not is_of_candles(operand):
            continue
        needed = candles_needed(operand) + comparison.comparator.is_crossing
        if needed > read[timeframe]:
            raise InvalidCondition(
                text,
                operand.column,
                f"{render_operand(operand)} needs {needed} closed {timeframe} candles,"
                f" {read[timeframe]} are read",
            )
