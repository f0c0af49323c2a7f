"""From the words of a condition to its form, by recursive descent.

    condition  := conjunction ("or" conjunction)*
    conjunction := part ("and" part)*
    part       := comparison | "(" condition ")" ["on" timeframe]
    comparison := operand comparator operand ["on" timeframe]
    comparator := "<" | "<=" | ">" | ">=" | "crosses" ("above" | "below")

A timeframe after brackets is meant for every comparison in them that names none. Length, nesting
and number of comparisons are bounded, and whatever is wrong is an `InvalidCondition`.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from trading.conditions import (
    AllOf,
    AnyOf,
    Comparator,
    Comparison,
    Condition,
    Number,
    Operand,
    comparisons_of,
)
from trading.errors import InvalidCondition
from trading.exits.invalidation.measures import is_of_candles, is_of_quote, read_measure
from trading.exits.invalidation.tokens import Kind, Token, tokenize
from trading.timeframes import Timeframe

DEEPEST = 8
"""Brackets inside brackets."""
MOST_COMPARISONS = 16
KEYWORDS = frozenset({"and", "or", "on", "crosses", "above", "below"})


def parse_condition(text: str) -> Condition:
    """The condition that a text spells.

    Raises
    ------
    InvalidCondition
        With the column and the reason: an unknown name (with the known ones), an impossible
        period, an unknown timeframe, a missing or surplus word, too long, too deep, too many.
    """
    reader = _Reader(text)
    condition = _condition(reader, depth=0)
    reader.require_end()
    return condition


class _Reader:
    """The words of a text and how far they have been read."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokenize(text)
        self._next = 0
        self._comparisons = 0

    @property
    def token(self) -> Token:
        return self._tokens[self._next]

    def take(self) -> Token:
        token = self.token
        self._next += token.kind is not Kind.END
        return token

    def take_word(self, *words: str) -> Token | None:
        """The next token if it is one of the words."""
        is_one = self.token.kind is Kind.WORD and self.token.text in words
        return self.take() if is_one else None

    def take_kind(self, kind: Kind) -> Token | None:
        """The next token if it is of the kind."""
        return self.take() if self.token.kind is kind else None

    def count_comparison(self) -> None:
        self._comparisons += 1
        if self._comparisons > MOST_COMPARISONS:
            raise self.refusal(f"a condition has at most {MOST_COMPARISONS} comparisons")

    def require_end(self) -> None:
        if self.token.kind is Kind.CLOSING:
            raise self.refusal("this bracket was never opened")
        if self.token.kind is not Kind.END:
            raise self.refusal(f"{self.token.text!r} where the condition should go on with and, or")

    def refusal(self, reason: str, column: int | None = None) -> InvalidCondition:
        """At the next word, or at the column given."""
        return InvalidCondition(self._text, column or self.token.column, reason)


def _condition(reader: _Reader, *, depth: int) -> Condition:
    parts = [_conjunction(reader, depth=depth)]
    while reader.take_word("or"):
        parts.append(_conjunction(reader, depth=depth))
    return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))


def _conjunction(reader: _Reader, *, depth: int) -> Condition:
    parts = [_part(reader, depth=depth)]
    while reader.take_word("and"):
        parts.append(_part(reader, depth=depth))
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _part(reader: _Reader, *, depth: int) -> Condition:
    if reader.token.kind is not Kind.OPENING:
        return _comparison(reader)
    if depth == DEEPEST:
        raise reader.refusal(f"brackets are nested more than {DEEPEST} deep")
    opening = reader.take()
    inside = _condition(reader, depth=depth + 1)
    if reader.take_kind(Kind.CLOSING) is None:
        raise reader.refusal("the bracket is never closed", opening.column)
    timeframe, column = _timeframe(reader)
    if timeframe is None:
        return inside
    if not any(_has_candles(each) for each in comparisons_of(inside)):
        raise reader.refusal("nothing in these brackets is made of candles", column)
    return _with_timeframe(inside, timeframe, column)


def _comparison(reader: _Reader) -> Comparison:
    reader.count_comparison()
    column = reader.token.column
    left = _operand(reader)
    at = reader.token.column
    comparator = _comparator(reader)
    right = _operand(reader)
    if isinstance(left, Number) and isinstance(right, Number):
        raise reader.refusal("two numbers are compared; one side must be a measure", column)
    if comparator.is_crossing and (is_of_quote(left) or is_of_quote(right)):
        reason = "a field of the quote has no candle before it and cannot cross; use close"
        raise reader.refusal(reason, at)
    timeframe, on_column = _timeframe(reader)
    comparison = Comparison(
        left=left,
        comparator=comparator,
        right=right,
        timeframe=timeframe,
        column=column if timeframe is None else on_column,
    )
    if timeframe is not None and not _has_candles(comparison):
        raise reader.refusal("neither side is made of candles, so no timeframe fits", on_column)
    return comparison


def _operand(reader: _Reader) -> Operand:
    token = reader.token
    if token.kind is Kind.NUMBER:
        return Number(value=Decimal(reader.take().text))
    if token.kind is not Kind.WORD or token.text in KEYWORDS:
        found = "the text ends" if token.kind is Kind.END else f"{token.text!r} stands"
        raise reader.refusal(f"{found} where a name or a number is needed")
    measure = read_measure(token.text, token.column)
    if isinstance(measure, str):
        raise reader.refusal(measure)
    reader.take()
    return measure


def _comparator(reader: _Reader) -> Comparator:
    if reader.token.kind is Kind.COMPARATOR:
        return Comparator(reader.take().text)
    if reader.take_word("crosses"):
        way = reader.take_word("above", "below")
        if way is None:
            raise reader.refusal("crosses goes on with above or below")
        return Comparator(f"crosses {way.text}")
    raise reader.refusal("a comparator is needed here: <, <=, >, >=, crosses above, crosses below")


def _timeframe(reader: _Reader) -> tuple[Timeframe | None, int]:
    """What stands behind `on`, and its column; None where nothing does."""
    column = reader.token.column
    if not reader.take_word("on"):
        return None, column
    token = reader.token
    if token.kind is not Kind.WORD or token.text not in list(Timeframe):
        known = ", ".join(Timeframe)
        found = repr(token.text) if token.text else "the end of the text"
        raise reader.refusal(f"{found} is no timeframe; known: {known}")
    return Timeframe(reader.take().text), token.column


def _has_candles(comparison: Comparison) -> bool:
    return is_of_candles(comparison.left) or is_of_candles(comparison.right)


def _with_timeframe(condition: Condition, timeframe: Timeframe, column: int) -> Condition:
    if isinstance(condition, Comparison):
        if condition.timeframe is not None or not _has_candles(condition):
            return condition
        return replace(condition, timeframe=timeframe, column=column)
    return replace(
        condition, parts=tuple(_with_timeframe(p, timeframe, column) for p in condition.parts)
    )
