"""Random conditions, windows for them, and a slow way to say whether a condition holds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

import talib
from hypothesis import strategies as st

from trading.candles import Candle, CandleWindow
from trading.conditions import (
    AllOf,
    AnyOf,
    Comparator,
    Comparison,
    Condition,
    Measure,
    Number,
    Operand,
)
from trading.exits.invalidation.names import CANDLE_NAMES
from trading.market import Quote
from trading.timeframes import Timeframe

NOON = datetime(2025, 3, 3, 12, tzinfo=UTC)
PLAIN = [Comparator.BELOW, Comparator.AT_MOST, Comparator.ABOVE, Comparator.AT_LEAST]
QUOTES = [Measure(kind=kind, period=None) for kind in ("price", "mark", "funding_rate")]
SERIES = [
    Measure(kind="close", period=None),
    Measure(kind="high", period=None),
    Measure(kind="sma", period=3),
    Measure(kind="ema", period=20),
    Measure(kind="rsi", period=14),
    Measure(kind="macd_signal", period=None),
    Measure(kind="bb_lower", period=20),
]
numbers = st.decimals(
    Decimal(-200), Decimal(200), places=4, allow_nan=False, allow_infinity=False
).map(lambda value: Number(value=value))
timeframes = st.none() | st.sampled_from([Timeframe.M5, Timeframe.H1, Timeframe.H4])


@st.composite
def _comparisons(draw: st.DrawFn) -> Comparison:
    measure = draw(st.sampled_from(SERIES + QUOTES))
    is_series = measure in SERIES
    other = draw(numbers | st.sampled_from(SERIES if is_series else QUOTES))
    sides = draw(st.permutations([measure, other]))
    return Comparison(
        left=sides[0],
        comparator=draw(st.sampled_from(list(Comparator) if is_series else PLAIN)),
        right=sides[1],
        timeframe=draw(timeframes) if is_series else None,
    )


def conditions() -> st.SearchStrategy[Condition]:
    """Conditions within the bounds of the language."""
    return st.recursive(
        _comparisons(),
        lambda inner: st.builds(
            lambda kind, parts: kind(tuple(parts)),
            st.sampled_from([AllOf, AnyOf]),
            st.lists(inner, min_size=2, max_size=3),
        ),
        max_leaves=6,
    )


def windows_of(closes: Sequence[float], *timeframes: Timeframe) -> dict[Timeframe, CandleWindow]:
    """The same closes as candles of each timeframe, with highs and lows around them."""
    return {
        timeframe: CandleWindow(
            "BTCUSDT",
            timeframe,
            tuple(
                Candle(
                    open_time=timeframe.floor(NOON) + number * timeframe.length,
                    open=Decimal(repr(float(close))),
                    high=Decimal(repr(float(close))) * Decimal("1.01"),
                    low=Decimal(repr(float(close))) * Decimal("0.99"),
                    close=Decimal(repr(float(close))),
                    volume=Decimal(10 + number % 3),
                )
                for number, close in enumerate(closes)
            ),
        )
        for timeframe in timeframes
    }


def slow_verdict(
    condition: Condition, windows: dict[Timeframe, CandleWindow], quote: Quote | None
) -> bool | None:
    """By the truth table of three values, from whole arrays; no shortcut, nothing shared."""
    if isinstance(condition, Comparison):
        return _slow_comparison(condition, windows, quote)
    truth = {True: 1.0, None: 0.5, False: 0.0}
    values = [truth[slow_verdict(part, windows, quote)] for part in condition.parts]
    total = min(values) if isinstance(condition, AllOf) else max(values)
    return {1.0: True, 0.5: None, 0.0: False}[total]


def _slow_comparison(
    comparison: Comparison, windows: dict[Timeframe, CandleWindow], quote: Quote | None
) -> bool | None:
    read = (
        Timeframe.M5
        if Timeframe.M5 in windows or not windows
        else min(windows, key=lambda each: each.seconds)
    )
    window = windows.get(comparison.timeframe or read)
    left = _slow_operand(comparison.left, window, quote)
    right = _slow_operand(comparison.right, window, quote)
    now = (left[-1], right[-1])
    word = comparison.comparator.value
    if word.startswith("crosses"):
        then = (left[-2], right[-2])
        if any(map(math.isnan, (*now, *then))):
            return None
        sign = 1 if word.endswith("above") else -1
        return (now[0] - now[1]) * sign > 0 and (then[0] - then[1]) * sign <= 0
    if any(map(math.isnan, now)):
        return None
    return {
        "<": now[0] < now[1], "<=": now[0] <= now[1], ">": now[0] > now[1], ">=": now[0] >= now[1],
    }[word]  # fmt: skip


def _slow_operand(
    operand: Operand, window: CandleWindow | None, quote: Quote | None
) -> list[float]:
    unknown = [math.nan, math.nan]
    if isinstance(operand, Number):
        return [float(operand.value)] * 2
    if operand.kind not in CANDLE_NAMES:
        if quote is None:
            return unknown
        field = {"price": quote.last, "mark": quote.mark, "funding_rate": quote.funding_rate}
        value = field[operand.kind]
        return unknown if value is None else [math.nan, float(value)]
    if window is None:
        return unknown
    return unknown + [float(value) for value in _whole(operand, window)]


def _whole(measure: Measure, window: CandleWindow) -> Sequence[float]:
    closes, period = window.closes, measure.period or 0
    match measure.kind:
        case "close":
            return closes
        case "high":
            return window.highs
        case "sma":
            means = [sum(closes[n - period + 1 : n + 1]) / period for n in range(len(closes))]
            return [math.nan if n < period - 1 else mean for n, mean in enumerate(means)]
        case "ema":
            return talib.EMA(closes, period)
        case "rsi":
            return talib.RSI(closes, period)
        case "macd_signal":
            return talib.MACD(closes)[1]
        case _:
            return talib.BBANDS(closes, period, 2, 2)[2]
