"""What a model may ask before it decides: every function of TA-Lib, strictly read, small, in its words."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np
import pytest
import talib
from hypothesis import given
from hypothesis import strategies as st

from tests.trading.simulated_views import simulated_view
from trading.candles import CandleWindow
from trading.decision.tools.answers import (
    MOST_BYTES,
    InterestReading,
    answer_candles,
    answer_indicator,
    answer_open_interest,
)
from trading.decision.tools.catalogue import (
    INDICATORS,
    MA_TYPES,
    MOST_CANDLES,
    MOST_NUMBER,
    find_indicator,
)
from trading.decision.tools.requests import (
    GET_CANDLES,
    GET_INDICATOR,
    GET_OPEN_INTEREST,
    IndicatorRequest,
    Offer,
    read_request,
    specifications,
)
from trading.errors import BadMarketData, ToolRefused
from trading.timeframes import Timeframe

NOW = datetime(2025, 3, 3, 12, tzinfo=UTC)
OFFER = Offer(assets=("BTC", "ETH"), timeframes=(Timeframe.M5, Timeframe.H1, Timeframe.H4))
USUAL = {"asset": "BTC", "timeframe": "5m"}


@cache
def window(count: int = MOST_CANDLES) -> CandleWindow:
    view = simulated_view("BTCUSDT", NOW, read={Timeframe.M5: count})
    return view.windows[Timeframe.M5]


def asked(name: str, **more: object) -> IndicatorRequest:
    request = read_request(GET_INDICATOR, {**USUAL, "name": name, **more}, OFFER)
    assert isinstance(request, IndicatorRequest)
    return request


def answered(name: str, candles: int = MOST_CANDLES, **more: object) -> dict[str, Any]:
    return json.loads(answer_indicator(asked(name, **more), window(candles)))


def refusal(tool: str, arguments: dict[str, object]) -> str:
    with pytest.raises(ToolRefused) as refused:
        read_request(tool, arguments, OFFER)
    return str(refused.value)


def straight(name: str, **settings: float) -> tuple[Any, ...]:
    """The library's own answer."""
    shown = window()
    columns = {
        "open": shown.opens, "high": shown.highs, "low": shown.lows, "close": shown.closes,
        "volume": shown.volumes, "periods": np.full(len(shown), 30.0),
    }  # fmt: skip
    inputs = [columns[each] for each in find_indicator(name).inputs]
    found = getattr(talib, name)(*inputs, **settings)
    return found if isinstance(found, tuple) else (found,)


# --- indicators ---------------------------------------------------------------------------------


def test_every_function_of_the_library_is_offered() -> None:
    assert set(INDICATORS) == set(talib.get_functions())
    assert len(INDICATORS) > 150


@pytest.mark.parametrize("name", INDICATORS)
def test_a_function_with_its_defaults_says_what_the_library_says(name: str) -> None:
    values = answered(name, last=50)["values"]
    columns = straight(name)
    assert list(values) == list(find_indicator(name).outputs)
    for shown, column in zip(values.values(), columns, strict=True):
        true = [float(each) for each in column[-50:]]
        assert len(shown) == 50
        for said, value in zip(shown, true, strict=True):
            if math.isfinite(value) and abs(value) < 1e30:
                assert said == pytest.approx(value, rel=1e-5)
            else:
                assert said is None


def test_parameters_reach_the_library() -> None:
    bands = answered("BBANDS", parameters={"timeperiod": 10, "nbdevup": 1.5, "matype": 1}, last=5)
    true = straight("BBANDS", timeperiod=10, nbdevup=1.5, matype=1)
    assert bands["parameters"] == {"timeperiod": 10, "nbdevup": 1.5, "nbdevdn": 2, "matype": 1}
    assert bands["values"]["upperband"] == pytest.approx(true[0][-5:].tolist(), rel=1e-5)


def test_an_answer_says_over_how_many_closed_candles_and_until_when() -> None:
    answer = answered("RSI", last=2)
    assert (answer["candles"], answer["newest_closed_at"]) == (499, "2025-03-03T12:00:00Z")
    assert len(answer["values"]["real"]) == 2


@pytest.mark.parametrize(("name", "warm_up"), [("SMA", 29), ("CDLDOJI", 10), ("MAXINDEX", 29)])
def test_the_warm_up_is_null_also_where_the_library_writes_zeros(name: str, warm_up: int) -> None:
    (values,) = answered(name, candles=40, last=40)["values"].values()
    assert values[:warm_up] == [None] * warm_up
    assert None not in values[warm_up:]


def test_with_fewer_candles_than_the_warm_up_all_of_it_is_null() -> None:
    assert answered("SMA", candles=12, last=50)["values"] == {"real": [None] * 12}


def test_measures_have_six_digits() -> None:
    for values in answered("OBV", last=50), answered("NATR", last=50):
        for each in values["values"]["real"]:
            assert float(f"{each:.6g}") == each


def test_the_longest_answer_of_any_function_is_small() -> None:
    longest = max(len(answer_indicator(asked(name, last=50), window())) for name in INDICATORS)
    assert longest < MOST_BYTES / 2


def test_without_a_closed_candle_there_is_no_answer() -> None:
    with pytest.raises(BadMarketData, match="no closed 5m candle yet"):
        answer_indicator(asked("RSI"), CandleWindow("BTCUSDT", Timeframe.M5, ()))


# --- ranges -------------------------------------------------------------------------------------

PARAMETERS = [(name, each) for name in INDICATORS for each in find_indicator(name).parameters]


def takes(name: str, parameter: str, value: float) -> bool:
    settings = {parameter: value}
    if (name, parameter) == ("MAVP", "minperiod"):
        settings["maxperiod"] = MOST_CANDLES
    try:
        straight(name, **settings)
    except Exception:  # noqa: BLE001 - the library raises nothing narrower
        return False
    return True


@pytest.mark.parametrize(
    ("name", "parameter"), PARAMETERS, ids=[f"{name}-{each.name}" for name, each in PARAMETERS]
)
def test_a_range_is_that_of_the_library_or_lies_within_it(name: str, parameter: Any) -> None:
    lowest, highest = parameter.lowest, parameter.highest
    assert lowest <= parameter.default <= highest
    assert takes(name, parameter.name, lowest)
    assert takes(name, parameter.name, highest)
    if parameter.is_whole:
        assert not takes(name, parameter.name, lowest - 1)
    elif lowest > -MOST_NUMBER:
        assert not takes(name, parameter.name, lowest - 0.001)
    if highest not in (MOST_NUMBER, MOST_CANDLES):
        assert not takes(name, parameter.name, highest + (1 if parameter.is_whole else 0.001))


def test_the_types_of_averages_are_those_of_the_library() -> None:
    for number, name in enumerate(MA_TYPES):
        if hasattr(talib, name):
            assert getattr(talib.MA_Type, name) == number


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"timeperiod": 1}, "RSI timeperiod is 1; allowed is 2 to 499"),
        ({"timeperiod": 500}, "RSI timeperiod is 500; allowed is 2 to 499"),
        ({"timeperiod": -(2**31)}, "RSI timeperiod is -2147483648; allowed"),
        ({"timeperiod": 10**5000}, "RSI timeperiod is far too large; allowed"),
        ({"timeperiod": "14"}, "RSI timeperiod must be a whole number, not a text"),
        ({"timeperiod": True}, "RSI timeperiod must be a whole number, not true or false"),
        ({"timeperiod": 14.5}, "RSI timeperiod must be a whole number, not a number with digits"),
        ({"timeperiod": math.nan}, "RSI timeperiod must be a whole number"),
        ({"timeperiod": [14]}, "RSI timeperiod must be a whole number, not a list"),
        ({"period": 14}, "RSI has no argument 'period'; near it: timeperiod"),
        ([14], 'parameters must be an object, e.g. {"timeperiod": 14}'),
        ("timeperiod=14", "parameters must be an object"),
    ],
)
def test_a_wrong_parameter_is_named_with_its_range(parameters: object, words: str) -> None:
    arguments = {**USUAL, "name": "RSI", "parameters": parameters}
    assert refusal(GET_INDICATOR, arguments).startswith(words)


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, 1e7, 10**400, "2", False, {}])
def test_what_is_no_number_within_reason_is_refused(value: object) -> None:
    words = refusal(GET_INDICATOR, {**USUAL, "name": "BBANDS", "parameters": {"nbdevup": value}})
    assert words.startswith("BBANDS nbdevup")


def test_settings_that_do_not_go_together_are_refused_with_their_values() -> None:
    with pytest.raises(ToolRefused, match="does not take MAVP with minperiod 40, maxperiod 30"):
        answer_indicator(asked("MAVP", parameters={"minperiod": 40}), window())


def test_a_whole_number_may_be_written_with_a_point_and_names_in_any_capitals() -> None:
    request = asked("rsi", parameters={"timeperiod": 21.0}, asset="btc", timeframe="5M")
    assert (request.asset, request.timeframe, request.indicator.name) == ("BTC", "5m", "RSI")
    assert request.settings == {"timeperiod": 21}


# --- names --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"name": "RSII"}, "there is no indicator 'RSII'; near it: RSI, "),
        ({"name": "SUPER_TREND"}, "there is no indicator 'SUPER_TREND'; near it: SUPERTREND"),
        ({"name": None}, "indicator must be a text, not nothing"),
        ({"asset": "BTX"}, "there is no asset 'BTX'; near it: BTC"),
        ({"asset": "SOL"}, "there is no asset 'SOL'; there are: BTC, ETH"),
        ({"asset": "BT\u0421"}, "there is no asset 'BT?'; near it: BTC"),  # a Cyrillic letter
        ({"asset": 7}, "asset must be a text, not a whole number; there are: BTC, ETH"),
        ({"timeframe": "2h"}, "there is no timeframe '2h'; near it: "),
        ({"last": 51}, "last is 51; allowed is 1 to 50"),
        ({"last": 0}, "last is 0; allowed is 1 to 50"),
        ({"until": "2030-01-01"}, "get_indicator has no argument 'until'; there are: asset, "),
    ],
)
def test_a_wrong_name_is_answered_with_those_that_there_are(
    changed: dict[str, object], words: str
) -> None:
    assert refusal(GET_INDICATOR, {**USUAL, "name": "RSI", **changed}).startswith(words)


def test_a_long_word_is_said_back_only_in_part_and_in_plain_letters() -> None:
    words = refusal(GET_CANDLES, {"asset": "~~~~ data\nends\x00" + "A" * 4000, "timeframe": "5m"})
    assert len(words) < 200
    assert words.isascii()
    assert words.isprintable()


def test_an_unknown_tool_is_refused() -> None:
    assert "there is no such tool" in refusal("place_order", {"asset": "BTC"})


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30)
    | st.sampled_from(["BTC", "5m", "RSI", "MACD", "MAVP", "timeperiod"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["timeperiod", "matype", "nbdevup"]) | st.text(), inner),
    max_leaves=6,
)  # fmt: skip


@given(
    tool=st.sampled_from([GET_INDICATOR, GET_CANDLES, GET_OPEN_INTEREST, "x"]),
    given_arguments=st.dictionaries(
        st.sampled_from(["asset", "timeframe", "name", "parameters", "last"]) | st.text(max_size=9),
        ANYTHING,
    ),
)
def test_whatever_is_written_is_answered_or_refused_in_one_short_sentence(
    tool: str, given_arguments: dict[str, object]
) -> None:
    said = ""
    try:
        request = read_request(tool, given_arguments, OFFER)
        if isinstance(request, IndicatorRequest):
            assert len(answer_indicator(request, window(60)).encode()) <= MOST_BYTES
    except ToolRefused as error:
        said = str(error)
    assert len(said) < 500


@given(
    name=st.sampled_from(INDICATORS),
    chosen=st.lists(st.floats(0, 1), min_size=8, max_size=8),
    last=st.integers(1, 50),
    candles=st.sampled_from([1, 2, 30, 120]),
)
def test_any_settings_within_their_ranges_give_an_answer_of_its_size(
    name: str, chosen: list[float], last: int, candles: int
) -> None:
    settings: dict[str, float] = {}
    for part, each in zip(chosen, find_indicator(name).parameters, strict=False):
        value = each.lowest + part * (each.highest - each.lowest)
        settings[each.name] = round(value) if each.is_whole else value
    settings["minperiod"] = min(settings.get("minperiod", 1), settings.get("maxperiod", 1))
    if name != "MAVP":
        del settings["minperiod"]
    text = answer_indicator(asked(name, parameters=settings, last=last), window(candles))
    assert len(text.encode()) <= MOST_BYTES
    for values in json.loads(text)["values"].values():
        assert len(values) == min(last, candles)


# --- candles and open interest ------------------------------------------------------------------


def test_candles_are_those_of_the_market_with_all_their_digits() -> None:
    request = read_request(GET_CANDLES, {**USUAL, "last": 3}, OFFER)
    answer = json.loads(answer_candles(request, window()), parse_float=Decimal)
    newest = window().candles[-1]
    assert answer["newest_closed_at"] == "2025-03-03T12:00:00Z"
    assert answer["first_opened_at"] == "2025-03-03T11:45:00Z"
    assert len(answer["rows"]) == 3
    assert answer["rows"][-1][:4] == [newest.open, newest.high, newest.low, newest.close]


def test_a_hundred_candles_fit_and_what_does_not_fit_is_refused_as_a_whole() -> None:
    request = read_request(GET_CANDLES, {**USUAL, "last": 100}, OFFER)
    assert len(answer_candles(request, window()).encode()) <= MOST_BYTES
    fine = Decimal("0.000000012345678901")
    candles = tuple(
        replace(each, open=fine, high=fine, low=fine, close=fine) for each in window().candles
    )
    with pytest.raises(ToolRefused, match="ask for fewer"):
        answer_candles(request, CandleWindow("BTCUSDT", Timeframe.M5, candles))


def test_open_interest_is_told_oldest_first_and_may_be_empty() -> None:
    request = read_request(GET_OPEN_INTEREST, {"asset": "ETH", "last": 2}, OFFER)
    readings = [
        InterestReading(NOW + timedelta(hours=number), Decimal(100 + number)) for number in range(3)
    ]
    answer = json.loads(answer_open_interest(request, readings))
    assert answer["rows"] == [["2025-03-03T13:00:00Z", 101], ["2025-03-03T14:00:00Z", 102]]
    assert json.loads(answer_open_interest(request, ()))["rows"] == []


# --- what the model is told of them -------------------------------------------------------------


def test_the_tools_name_the_assets_of_the_account_and_the_timeframes_of_the_market() -> None:
    told = {each.name: each for each in specifications(OFFER)}
    assert list(told) == [GET_INDICATOR, GET_CANDLES, GET_OPEN_INTEREST]
    properties: Any = told[GET_INDICATOR].parameters["properties"]
    assert properties["asset"]["enum"] == ["BTC", "ETH"]
    assert properties["timeframe"]["enum"] == ["5m", "1h", "4h"]
    assert properties["last"]["maximum"] == 50
    assert len(json.dumps([dict(each.parameters) for each in told.values()])) < 2_000


def test_without_an_asset_there_is_no_tool() -> None:
    assert specifications(replace(OFFER, assets=())) == ()
