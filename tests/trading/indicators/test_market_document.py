"""The market document has the shape of seed 002 section 5.3 and never an invented figure."""

import json
from decimal import Decimal

import pytest
import talib

from trading.indicators.market_document import build_market_document
from trading.timeframes import Timeframe

INTRADAY = ["mid_prices", "ema20", "macd", "rsi7", "rsi14"]
LONG_TERM = [
    "ema20_4h",
    "ema50_4h",
    "atr3_4h",
    "atr14_4h",
    "volume_current",
    "volume_average",
    "macd_4h",
    "rsi14_4h",
]


def leaves(document) -> list:
    if isinstance(document, dict):
        return [leaf for value in document.values() for leaf in leaves(value)]
    if isinstance(document, list):
        return [leaf for value in document for leaf in leaves(value)]
    return [document]


def test_it_has_exactly_the_fields_of_the_seed(view, window, walk):
    document = build_market_document(
        view(
            window(Timeframe.M5, walk(200)),
            window(Timeframe.H4, walk(200)),
            funding_rate=Decimal("0.0000125"),
            open_interest=Decimal("25373.64"),
        ),
        open_interest_average=Decimal("25393.68"),
    )
    assert list(document) == [
        "asset",
        "timestamp",
        "open_interest",
        "funding_rate",
        "intraday_series",
        "long_term_context",
    ]
    assert document["asset"] == "BTC"
    assert document["timestamp"] == "2025-01-19T10:30:00Z"
    assert document["open_interest"] == {"latest": 25373.64, "average": 25393.68}
    assert document["funding_rate"] == 1.25e-05
    assert list(document["intraday_series"]) == INTRADAY
    assert list(document["long_term_context"]) == LONG_TERM
    assert all(len(document["intraday_series"][name]) == 10 for name in INTRADAY)
    assert None not in leaves(document)


def test_intraday_values_are_those_of_the_last_ten_5m_candles(view, window, walk):
    candles = window(Timeframe.M5, walk(150))
    series = build_market_document(view(candles))["intraday_series"]
    closes = candles.closes
    assert series["mid_prices"] == closes[-10:].tolist()
    assert series["ema20"] == pytest.approx(talib.EMA(closes, 20)[-10:].tolist(), abs=1e-8)
    assert series["macd"] == pytest.approx(
        talib.MACD(closes, 12, 26, 9)[0][-10:].tolist(), abs=1e-8
    )
    assert series["rsi7"] == pytest.approx(talib.RSI(closes, 7)[-10:].tolist(), abs=1e-8)
    assert series["rsi14"] == pytest.approx(talib.RSI(closes, 14)[-10:].tolist(), abs=1e-8)


def test_long_term_values_are_those_of_the_last_4h_candle(view, window, walk):
    candles = window(Timeframe.H4, walk(150))
    context = build_market_document(view(candles))["long_term_context"]
    columns = (candles.highs, candles.lows, candles.closes)
    assert context["ema20_4h"] == pytest.approx(talib.EMA(candles.closes, 20)[-1], abs=1e-8)
    assert context["ema50_4h"] == pytest.approx(talib.EMA(candles.closes, 50)[-1], abs=1e-8)
    assert context["atr3_4h"] == pytest.approx(talib.ATR(*columns, 3)[-1], abs=1e-8)
    assert context["atr14_4h"] == pytest.approx(talib.ATR(*columns, 14)[-1], abs=1e-8)
    assert context["volume_current"] == candles.volumes[-1]
    assert context["volume_average"] == pytest.approx(candles.volumes[-20:].mean(), abs=1e-8)
    assert context["macd_4h"][-1] == pytest.approx(talib.MACD(candles.closes)[0][-1], abs=1e-8)
    assert context["rsi14_4h"] == pytest.approx(
        talib.RSI(candles.closes, 14)[-10:].tolist(), abs=1e-8
    )


def test_what_still_warms_up_is_null_and_not_zero(view, window, walk):
    series = build_market_document(view(window(Timeframe.M5, walk(16))))["intraday_series"]
    assert None not in series["mid_prices"]
    assert series["rsi14"][:8] == [None] * 8
    assert None not in series["rsi14"][8:]
    assert series["ema20"] == [None] * 10
    assert series["macd"] == [None] * 10


@pytest.mark.parametrize("count", [0, 1, 5])
def test_a_timeframe_with_too_few_candles_is_null_throughout(count, view, window, walk):
    windows = [window(timeframe, walk(count)) for timeframe in (Timeframe.M5, Timeframe.H4)]
    document = build_market_document(view(*windows))
    known = [leaf for leaf in leaves(document["intraday_series"]) if leaf is not None]
    assert known == walk(count)[-10:]
    expected = document["long_term_context"]
    assert expected["ema20_4h"] is None
    assert expected["volume_average"] is None
    assert (expected["volume_current"] is None) == (count == 0)
    assert (expected["atr3_4h"] is None) == (count < 4)


def test_missing_windows_funding_and_open_interest_are_null(view):
    document = build_market_document(view())
    assert [leaf for leaf in leaves(document) if leaf is not None] == [
        "BTC",
        "2025-01-19T10:30:00Z",
    ]


def test_a_figure_that_is_no_number_is_null(view):
    assert build_market_document(view(open_interest=Decimal("NaN")))["open_interest"] == {
        "latest": None,
        "average": None,
    }


def test_no_volume_is_a_known_zero(view, window):
    candles = window(Timeframe.H4, [100.0] * 60, reach=0.0, volume=0.0)
    context = build_market_document(view(candles))["long_term_context"]
    assert context["volume_current"] == 0.0
    assert context["volume_average"] == 0.0


@pytest.mark.parametrize("count", [0, 1, 30, 60])
def test_it_is_strict_json_whatever_the_market_did(count, view, window):
    flat = [100.0] * count
    windows = [window(each, flat, reach=0.0, volume=0.0) for each in (Timeframe.M5, Timeframe.H4)]
    json.dumps(build_market_document(view(*windows)), allow_nan=False)
