"""Reading a condition: what is understood, and what is refused at which column."""

from decimal import Decimal

import pytest

from trading.conditions import (
    AllOf,
    AnyOf,
    Comparator,
    Comparison,
    Measure,
    Number,
    render,
)
from trading.errors import InvalidCondition, InvalidRecord
from trading.exits.invalidation.names import CANDLE_NAMES, QUOTE_NAMES, known_names, render_names
from trading.exits.invalidation.parse import DEEPEST, MOST_COMPARISONS, parse_condition
from trading.exits.invalidation.plan import (
    MOST_CONDITIONS,
    parse_conditions,
    plan_conditions,
    render_conditions,
)
from trading.exits.invalidation.tokens import LONGEST_TEXT
from trading.timeframes import Timeframe

READ = {Timeframe.M5: 200, Timeframe.H1: 50, Timeframe.H4: 200}


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("adx_14 < 25", "adx_14 < 25"),
        ("ADX < 25", "adx_14 < 25"),
        ("close < ema_50 on 4h", "close < ema_50 on 4h"),
        ("rsi_14 > 70 and close < bb_lower_20", "rsi_14 > 70 and close < bb_lower_20"),
        ("a".replace("a", "macd") + " CROSSES Below macd_signal", "macd crosses below macd_signal"),
        ("close crosses above sma_20 on 1h", "close crosses above sma_20 on 1h"),
        ("price<=40000.50", "price <= 40000.5"),
        ("funding_rate >= -0.0001", "funding_rate >= -0.0001"),
        ("((close > 1))", "close > 1"),
        ("rsi > 70 or adx < 20 and close < 5", "rsi_14 > 70 or adx_14 < 20 and close < 5"),
        ("(rsi > 70 or adx < 20) and close < 5", "(rsi_14 > 70 or adx_14 < 20) and close < 5"),
        ("(rsi > 70 or close < 5 on 5m) on 4h", "rsi_14 > 70 on 4h or close < 5 on 5m"),
        ("(price > 3 and close > 3) on 1d", "price > 3 and close > 3 on 1d"),
        ("\tvolume  >\nvolume_sma ", "volume > volume_sma_20"),
        ("25 > adx", "25 > adx_14"),
        ("macd_histogram < -5", "macd_histogram < -5"),
        ("mark < atr_1", "mark < atr_1"),
        ("ema_500 > bb_upper_2", "ema_500 > bb_upper_2"),
    ],
)
def test_a_condition_is_read_and_has_one_spelling(text, canonical):
    condition = parse_condition(text)
    assert render(condition) == canonical
    assert parse_condition(canonical) == condition


def test_and_binds_before_or_and_brackets_before_both():
    low, high = (
        Comparison(
            left=Measure(kind="close", period=None),
            comparator=comparator,
            right=Number(value=Decimal(1)),
            timeframe=None,
        )
        for comparator in (Comparator.BELOW, Comparator.ABOVE)
    )
    assert parse_condition("close<1 or close>1 and close<1") == AnyOf((low, AllOf((high, low))))
    assert parse_condition("(close<1 or close>1) and close<1") == AllOf((AnyOf((low, high)), low))
    assert parse_condition("close<1 or (close>1 or close<1)") == AnyOf((low, AnyOf((high, low))))


REFUSED = [
    ("", 1, "the text ends where a name or a number is needed"),
    ("   ", 4, "the text ends where a name"),
    ("adz_14 < 25", 1, "'adz_14' is no known name; did you mean adx_14? known: open, high"),
    ("close < qqqqqqqq", 9, "'qqqqqqqq' is no known name; known: open"),
    ("close < ema", 9, "ema needs a period in candles, such as ema_50"),
    ("close < ema_1", 9, "ema has no period 1; allowed is 2 to 500"),
    ("close < ema_501", 9, "ema has no period 501"),
    ("close < ema_020", 9, "ema has no period 020"),
    ("close < sma_" + "9" * 99, 9, "sma has no period 9999"),
    ("close_5 < 3", 1, "close has no period"),
    ("macd_12 < 3", 1, "macd has no period"),
    ("price_5 < 3", 1, "price has no period"),
    ("close", 6, "a comparator is needed here: <, <=, >, >=, crosses above, crosses below"),
    ("close 5", 7, "a comparator is needed here"),
    ("close == 5", 7, "equality is not asked of measures; use <, <=, > or >="),
    ("close != 5", 7, "equality is not asked of measures"),
    ("close < 5 + 3", 11, "'+' is no part of the language: it compares and does not compute"),
    ("close < 5%", 10, "'%' is no part of the language"),
    ("close - 5 < 3", 7, "'-' is no part of the language"),
    ("close < €", 9, r"'\u20ac' is no part of the language"),
    ("close < ٣", 9, r"'\u0663' is no part of the language"),
    ("close < 5.", 11, "a digit is missing after the decimal point"),
    ("close < 1.2.3", 12, "a number ends here; numbers are 25, -3 or 0.0001"),
    ("close < 1.5x", 12, "a number ends here"),
    ("close < -5x", 11, "a number ends here"),
    ("close < " + "1" * 21, 9, "a number has at most 20 digits"),
    ("close < 4h", 9, "'4h' is no known name"),
    ("1 < 2", 1, "two numbers are compared; one side must be a measure"),
    ("close < and", 9, "'and' stands where a name or a number is needed"),
    ("close <", 8, "the text ends where a name or a number is needed"),
    ("close < 5 or", 13, "the text ends where"),
    ("close < 5 5", 11, "'5' where the condition should go on with and, or"),
    ("close < 5 <", 11, "'<' where the condition should go on"),
    ("close < 5)", 10, "this bracket was never opened"),
    ("(close < 5", 1, "the bracket is never closed"),
    ("close < 5 and (close > 3 or", 28, "the text ends where"),
    ("close crosses 5", 15, "crosses goes on with above or below"),
    ("price crosses above ema_20", 7, "a field of the quote has no candle before it"),
    ("close crosses below mark", 7, "a field of the quote has no candle before it"),
    ("close < 5 on", 13, "the end of the text is no timeframe; known: 1m, 3m, 5m"),
    ("close < 5 on 7h", 14, "'7h' is no timeframe"),
    ("close < 5 on ema", 14, "'ema' is no timeframe"),
    ("close < 5 on 4", 14, "'4' is no timeframe"),
    ("price < 5 on 4h", 14, "neither side is made of candles, so no timeframe fits"),
    ("(price < 5) on 4h", 16, "nothing in these brackets is made of candles"),
    ("4h close above EMA50", 1, "'4h' is no known name"),
    ("close if candle < 5", 7, "a comparator is needed here"),
    ("(" * (DEEPEST + 1) + "close < 5", DEEPEST + 1, "brackets are nested more than 8 deep"),
    ("x" * (LONGEST_TEXT + 1), LONGEST_TEXT + 1, "the condition has 301 characters, allowed are 300"),
    (
        " or ".join(["close<1"] * (MOST_COMPARISONS + 1)),
        MOST_COMPARISONS * 11 + 1,
        "a condition has at most 16 comparisons",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "column", "reason"), REFUSED, ids=[r[0][:20] for r in REFUSED])
def test_what_is_no_condition_is_refused_at_its_column(text, column, reason):
    with pytest.raises(InvalidCondition) as refused:
        parse_condition(text)
    assert refused.value.reason.startswith(reason)
    assert (refused.value.text, refused.value.column) == (text, column)
    assert isinstance(refused.value, InvalidRecord)


def test_a_refusal_shows_the_text_with_a_caret_under_the_column():
    with pytest.raises(InvalidCondition) as refused:
        parse_condition("close < €ma_50")
    assert str(refused.value) == (
        r"'\u20ac' is no part of the language (column 9)" "\n  close < ?ma_50\n          ^"
    )


def test_a_long_text_is_shown_around_the_column():
    with pytest.raises(InvalidCondition) as refused:
        parse_condition(" or ".join(["close < 1"] * 8) + " or close ! 1 or " + "close < 1 or " * 9)
    _, shown, caret = str(refused.value).split("\n")
    assert shown.startswith("  …")
    assert shown.endswith("…")
    assert shown[caret.index("^")] == "!"
    assert len(shown) < 130


def test_the_longest_text_and_the_deepest_brackets_are_still_read():
    deep = "(" * DEEPEST + "close < 5" + ")" * DEEPEST
    assert render(parse_condition(deep)) == "close < 5"
    assert parse_condition("close < 5" + " " * (LONGEST_TEXT - 9))
    assert parse_condition(" or ".join(["close<1"] * MOST_COMPARISONS))


def test_a_plan_makes_timeframes_explicit_and_drops_what_is_said_twice():
    planned = plan_conditions(["ADX < 25", "adx_14 < 25 on 5m", "price < 3"], READ)
    assert render_conditions(planned) == ("adx_14 < 25 on 5m", "price < 3")
    assert parse_conditions(render_conditions(planned)) == planned
    hourly = plan_conditions(["adx < 25 and price < 3 or close < 1"], {Timeframe.H1: 50})
    assert render_conditions(hourly) == ("adx_14 < 25 on 1h and price < 3 or close < 1 on 1h",)


@pytest.mark.parametrize(
    ("text", "column", "reason"),
    [
        ("close < 3 on 15m", 14, "no 15m candles are read here; read are: 5m, 1h, 4h"),
        ("(close < 3) on 15m", 16, "no 15m candles are read here"),
        ("ema_51 < close on 1h", 1, "ema_51 needs 51 closed 1h candles, 50 are read"),
        ("close > 1 or close crosses above ema_50 on 1h", 34, "ema_50 needs 51 closed 1h candles"),
        ("price < ema_51 on 1h", 9, "ema_51 needs 51 closed 1h candles, 50 are read"),
        ("3 < ema_201", 5, "ema_201 needs 201 closed 5m candles, 200 are read"),
    ],
)
def test_a_plan_refuses_what_could_never_be_looked_at(text, column, reason):
    with pytest.raises(InvalidCondition) as refused:
        plan_conditions(["close > 1", text], READ)
    assert refused.value.reason.startswith(reason)
    assert (refused.value.text, refused.value.column) == (text, column)


def test_without_any_candles_only_the_quote_can_be_asked():
    assert plan_conditions(["price < 3"], {})
    with pytest.raises(InvalidCondition, match="no 5m candles are read here; read are: none"):
        plan_conditions(["close < 3"], {})


def test_the_number_of_conditions_is_bounded():
    many = [f"close < {number}" for number in range(1, MOST_CONDITIONS + 2)]
    assert len(plan_conditions(many[1:], READ)) == MOST_CONDITIONS
    with pytest.raises(InvalidRecord, match="the plan has 9 conditions, allowed are 8"):
        plan_conditions(many, READ)


def test_every_name_is_listed_as_it_is_written():
    for example in known_names():
        assert render(parse_condition(f"{example} > 1")) == f"{example} > 1"
    table = render_names()
    assert all(f"| `{example}` |" in table for example in known_names())
    assert len(known_names()) == len(CANDLE_NAMES) + len(QUOTE_NAMES)
