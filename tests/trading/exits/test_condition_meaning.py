"""When a condition holds, does not, or is not known; and the same asked of a slow reference."""

import math
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import talib
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import build_quote
from tests.trading.exits.condition_trees import conditions, slow_verdict, windows_of
from trading.conditions import Condition, render
from trading.errors import InvalidCondition
from trading.exits.invalidation.evaluate import default_timeframe, evaluate
from trading.exits.invalidation.parse import parse_condition
from trading.timeframes import Timeframe

NOON = datetime(2025, 3, 3, 12, tzinfo=UTC)
CLOSES = [100 + 7 * math.sin(number / 3) + number / 10 for number in range(120)]
WINDOWS = windows_of(CLOSES, Timeframe.M5, Timeframe.H4)
QUOTE = build_quote("105", NOON, funding_rate=Decimal("0.0003"))


def verdict(text: str, windows=WINDOWS, quote=QUOTE) -> bool | None:
    return evaluate(parse_condition(text), windows, quote).holds


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("close", lambda w: w.closes[-1]),
        ("open", lambda w: w.opens[-1]),
        ("high", lambda w: w.highs[-1]),
        ("low", lambda w: w.lows[-1]),
        ("volume", lambda w: w.volumes[-1]),
        ("sma_10", lambda w: talib.SMA(w.closes, 10)[-1]),
        ("ema_10", lambda w: talib.EMA(w.closes, 10)[-1]),
        ("volume_sma_10", lambda w: talib.SMA(w.volumes, 10)[-1]),
        ("rsi_7", lambda w: talib.RSI(w.closes, 7)[-1]),
        ("adx_14", lambda w: talib.ADX(w.highs, w.lows, w.closes, 14)[-1]),
        ("atr_14", lambda w: talib.ATR(w.highs, w.lows, w.closes, 14)[-1]),
        ("macd", lambda w: talib.MACD(w.closes)[0][-1]),
        ("macd_signal", lambda w: talib.MACD(w.closes)[1][-1]),
        ("macd_histogram", lambda w: talib.MACD(w.closes)[2][-1]),
        ("bb_upper_20", lambda w: talib.BBANDS(w.closes, 20, 2, 2)[0][-1]),
        ("bb_middle_20", lambda w: talib.BBANDS(w.closes, 20, 2, 2)[1][-1]),
        ("bb_lower_20", lambda w: talib.BBANDS(w.closes, 20, 2, 2)[2][-1]),
        ("price", lambda _: 105),
        ("mark", lambda _: 105),
        ("funding_rate", lambda _: 0.0003),
    ],
)
def test_every_name_is_the_measure_that_talib_and_the_quote_give(name, value):
    expected = float(value(WINDOWS[Timeframe.M5]))
    assert verdict(f"{name} > {expected - 1e-6:.9f}") is True
    assert verdict(f"{name} < {expected - 1e-6:.9f}") is False
    assert verdict(f"{name} < {expected + 1e-6:.9f}") is True


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("price < 105", False),
        ("price <= 105", True),
        ("price > 105", False),
        ("price >= 105", True),
        ("price > 1 and price < 2", False),
        ("price > 1 or price < 2", True),
        ("price > 1 and ema_200 > 1", None),
        ("price < 1 and ema_200 > 1", False),
        ("price > 1 or ema_200 > 1", True),
        ("price < 1 or ema_200 > 1", None),
        ("ema_200 > 1 or ema_200 > 1", None),
        ("close < 1 on 1d", None),
    ],
)
def test_what_is_not_known_only_counts_where_the_rest_does_not_decide(text, holds):
    assert verdict(text) is holds


@pytest.mark.parametrize(
    ("closes", "above", "below"),
    [
        ([9, 11], True, False),
        ([11, 9], False, True),
        ([10, 11], True, False),
        ([10, 9], False, True),
        ([9, 10], False, False),
        ([11, 12], False, False),
        ([10, 10], False, False),
    ],
)
def test_a_crossing_is_a_change_of_side_at_the_last_candle(closes, above, below):
    windows = windows_of(closes, Timeframe.M5)
    assert verdict("close crosses above 10", windows) is above
    assert verdict("close crosses below 10", windows) is below
    assert verdict("10 crosses below close", windows) is above


def test_a_crossing_needs_two_candles():
    windows = windows_of([11], Timeframe.M5)
    assert verdict("close > 10", windows) is True
    found = evaluate(parse_condition("close crosses above 10"), windows, None)
    assert found.holds is None
    assert found.missing == ("close on 5m: 1 of 2 closed candles are there",)


def test_what_is_missing_is_named_once_with_its_reason():
    text = "ema_200 > 1 and ema_200 < 5 or close > 1 on 1d or price > 1 or funding_rate > 1"
    found = evaluate(parse_condition(text), WINDOWS, build_quote("NaN", NOON))
    assert found.holds is None
    assert found.missing == (
        "ema_200 on 5m: 120 of 200 closed candles are there",
        "close on 1d: no 1d candles were read",
        "price is not known",
        "funding_rate is not known",
    )
    assert found.values == ""


def test_without_a_quote_its_fields_are_not_known():
    assert verdict("mark > 1", quote=None) is None


def test_a_measure_without_a_value_is_not_known():
    beyond_float = windows_of([1e308] * 40, Timeframe.M5)
    found = evaluate(parse_condition("sma_20 > 1"), beyond_float, None)
    assert found.holds is None
    assert found.missing == ("sma_20 on 5m has no value",)


def test_the_values_that_were_read_are_told():
    found = evaluate(parse_condition("close > price or close < 1 on 4h"), WINDOWS, QUOTE)
    assert found.values == f"close on 5m {CLOSES[-1]:.6g}, price 105, close on 4h {CLOSES[-1]:.6g}"


@pytest.mark.parametrize(
    ("read", "default"),
    [
        ((Timeframe.H4, Timeframe.M5, Timeframe.M1), Timeframe.M5),
        ((Timeframe.H4, Timeframe.H1), Timeframe.H1),
        ((), Timeframe.M5),
    ],
)
def test_without_a_timeframe_five_minutes_are_meant_or_else_the_finest_candles(read, default):
    assert default_timeframe(dict.fromkeys(read)) is default


@given(conditions())
def test_reading_what_was_written_gives_the_same_condition(condition):
    assert parse_condition(render(condition)) == condition


WORDS = ["close", "ema_20", "adx", "and", "or", "on", "crosses", "above", "(", ")", "<", ">=", "5",
         "-3", "0.1", "4h", "price", "=", "x", "é", " ", "1.", "ema_0", "\x00", "٣"]  # fmt: skip


@given(st.text(max_size=320) | st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join))
def test_no_text_raises_anything_but_the_named_error(text):
    outcome = read_or_refusal(text)
    if isinstance(outcome, InvalidCondition):
        assert 1 <= outcome.column <= len(text) + 1
        assert str(outcome).count("\n") == 2
    else:
        assert parse_condition(render(outcome)) == outcome
        assert evaluate(outcome, WINDOWS, QUOTE).holds in (True, False, None)


def read_or_refusal(text: str) -> Condition | InvalidCondition:
    try:
        return parse_condition(text)
    except InvalidCondition as refused:
        return refused


@given(
    conditions(),
    st.lists(st.floats(50, 150), min_size=1, max_size=60),
    st.sets(st.sampled_from([Timeframe.M5, Timeframe.H1, Timeframe.H4])),
    st.booleans(),
)
def test_a_condition_means_what_the_slow_reference_says(condition, closes, read, has_quote):
    windows = windows_of(closes, *read)
    quote = QUOTE if has_quote else None
    found = evaluate(condition, windows, quote)
    assert found.holds is slow_verdict(condition, windows, quote)
    assert found.holds is not None or found.missing
