"""One name of a condition: which measure it is, and how many candles it takes.

`ema_50` is the measure `ema` over 50 candles; a usual period may be left out (`adx` is `adx_14`),
and is always written in the canonical text.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TypeGuard

from trading.conditions import Measure, Operand
from trading.exits.invalidation.names import (
    CANDLE_NAMES,
    LONGEST_PERIOD,
    QUOTE_NAMES,
    CandleName,
    known_names,
)


def read_measure(word: str, column: int) -> Measure | str:
    """The measure that a word (lower case) names, or the reason why it is none."""
    if word in QUOTE_NAMES:
        return Measure(kind=word, period=None, column=column)
    if word in CANDLE_NAMES:
        entry = CANDLE_NAMES[word]
        if entry.shortest is not None and entry.usual is None:
            return f"{word} needs a period in candles, such as {word}_50"
        return Measure(kind=word, period=entry.usual, column=column)
    stem, _, digits = word.rpartition("_")
    if stem in QUOTE_NAMES and digits.isdigit():
        return f"{stem} has no period"
    if stem not in CANDLE_NAMES or not digits.isdigit():
        return _unknown(word)
    return _with_period(CANDLE_NAMES[stem], digits, column)


def is_of_candles(operand: Operand) -> TypeGuard[Measure]:
    """Whether it has one value per candle."""
    return isinstance(operand, Measure) and operand.kind in CANDLE_NAMES


def is_of_quote(operand: Operand) -> TypeGuard[Measure]:
    """Whether it is a field of the quote."""
    return isinstance(operand, Measure) and operand.kind in QUOTE_NAMES


def candles_needed(measure: Measure) -> int:
    """Closed candles for the first value of a measure of candles."""
    return CANDLE_NAMES[measure.kind].warm_up(measure.period or 0)


def _with_period(entry: CandleName, digits: str, column: int) -> Measure | str:
    if entry.shortest is None:
        return f"{entry.name} has no period"
    # Digits beyond the longest period are not worth converting, however many there are.
    period = int(digits) if len(digits) <= len(str(LONGEST_PERIOD)) else LONGEST_PERIOD + 1
    if not entry.shortest <= period <= LONGEST_PERIOD or digits.startswith("0"):
        return (
            f"{entry.name} has no period {digits}; allowed is {entry.shortest} to {LONGEST_PERIOD}"
        )
    return Measure(kind=entry.name, period=period, column=column)


def _unknown(word: str) -> str:
    known = known_names()
    near = get_close_matches(word, known, n=1, cutoff=0.6)
    meant = f" did you mean {near[0]}?" if near else ""
    return f"{word!r} is no known name;{meant} known: {', '.join(known)}"
