"""A model looks closer at its markets: the account's only, nothing later than the cycle, nothing else."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest
import talib
from sqlalchemy import Engine, text

from adapters.llm.messages import ToolCall
from adapters.llm.tools import run_tools
from adapters.store.market_stats import save_market_stats
from tasks import resources
from tasks.cycle import Cycle
from tasks.market import compute_indicators, fetch_klines
from tasks.market_memory import KnownSeries
from tasks.model_tools import tools_for
from tasks.resources import memory_of
from tests.arena import START, TestArena
from tests.builders import build_quote
from tests.tasks.scripted_market import STEP, Scripted, Step, later
from trading.candle_series import build_series
from trading.errors import BadMarketData, ToolRefused
from trading.timeframes import Timeframe

pytestmark = pytest.mark.db

QUESTIONS: tuple[tuple[str, dict[str, object]], ...] = (
    ("get_indicator", {"asset": "BTC", "timeframe": "5m", "name": "RSI", "last": 50}),
    ("get_indicator", {"asset": "BTC", "timeframe": "15m", "name": "MACD", "last": 50}),
    ("get_indicator", {"asset": "BTC", "timeframe": "1h", "name": "FRACTAL", "last": 50}),
    ("get_indicator", {"asset": "BTC", "timeframe": "5m", "name": "OBV"}),
    ("get_candles", {"asset": "BTC", "timeframe": "5m", "last": 100}),
    ("get_candles", {"asset": "BTC", "timeframe": "30m", "last": 30}),
    ("get_open_interest_history", {"asset": "BTC", "last": 100}),
)
NOW = 40
"""Candles after START at which the model asks."""


def steps(count: int, *, shift: int = 0) -> list[Step]:
    closes = [50_000 + shift + 37 * (n * 7 % 11) - 3 * n for n in range(count)]
    return [(close + 30, close - 30, close) for close in closes]


async def answers(cycle: Cycle) -> list[str]:
    markets = await fetch_klines.fn(cycle)
    await compute_indicators.fn(cycle, markets)
    _, run = tools_for(cycle, markets)
    return [await run(name, arguments) for name, arguments in QUESTIONS]


def interest(arena: TestArena, cycle: Cycle, *, at: float, quantity: str) -> None:
    moment = START + STEP * at
    quote = build_quote("50000", moment, open_interest=Decimal(quantity))
    with arena.engine.begin() as conn:
        save_market_stats(conn, cycle.arena.market, moment, [quote], {})


async def test_an_indicator_is_computed_over_closed_candles_beyond_those_of_the_cycle(
    scripted: Scripted,
) -> None:
    _, cycle = await scripted(*steps(60))
    cycle = later(cycle, NOW)
    markets = await fetch_klines.fn(cycle)
    _, run = tools_for(cycle, markets)
    assert len(markets.views["BTCUSDT"].windows[Timeframe.M5]) < 499
    answer = json.loads(await run("get_indicator", {**QUESTIONS[0][1], "name": "SMA"}))
    candles = await memory_of(cycle.arena).market.candles(
        "BTCUSDT", Timeframe.M5, until=cycle.as_of, limit=499
    )
    closes = build_series("BTCUSDT", Timeframe.M5, candles).window(cycle.as_of, 499).closes
    assert answer["candles"] == 499
    assert answer["newest_closed_at"] == f"{cycle.as_of:%Y-%m-%dT%H:%M:%SZ}"
    assert answer["values"]["real"] == pytest.approx(talib.SMA(closes)[-50:].tolist(), rel=1e-5)


async def test_row_32_all_that_comes_after_the_cycle_may_be_another_and_the_answers_stay(
    scripted: Scripted,
) -> None:
    """Row 32: the store, the memory of the process and the statistics know another future."""
    arena, cycle = await scripted(*steps(60))
    cycle = later(cycle, NOW)
    for at in (NOW - 2, NOW - 1):
        interest(arena, cycle, at=at, quantity=f"{at}.5")
    known = await answers(cycle)

    await answers(later(cycle, NOW + 12))  # the process and the store go on
    with arena.engine.begin() as conn:
        conn.execute(
            text(
                "update app.candles set open = 1, low = 1, close = 2, high = 9, volume = 7"
                " where open_time + make_interval(secs => timeframe_seconds) > :at"
            ),
            {"at": cycle.as_of},
        )
        conn.execute(
            text("update app.market_stats set open_interest = 1 where at > :at"),
            {"at": cycle.as_of},
        )
    for at in (NOW + 1, NOW + 2):
        interest(arena, cycle, at=at, quantity="9")
    for remembers_it in (True, False):
        if remembers_it:
            scramble_memory(cycle)
        else:
            resources.forget()
        assert await answers(cycle) == known


def scramble_memory(cycle: Cycle) -> None:
    memory = memory_of(cycle.arena)
    for timeframe in (Timeframe.M5, Timeframe.M15, Timeframe.M30, Timeframe.H1):
        series = memory.series.get(("BTCUSDT", timeframe))
        assert series is not None
        candles = tuple(
            each if each.open_time + timeframe.length <= cycle.as_of
            else replace(each, high=each.high * 3, volume=Decimal(1))
            for each in series.series.candles
        )  # fmt: skip
        other = build_series("BTCUSDT", timeframe, candles)
        memory.series.put(
            ("BTCUSDT", timeframe), KnownSeries(other, series.longest, series.stored_until)
        )


async def test_open_interest_is_that_of_the_store_up_to_the_cycle(scripted: Scripted) -> None:
    arena, cycle = await scripted(*steps(60))
    cycle = later(cycle, NOW)
    for at in (NOW - 2, NOW - 1, NOW + 1):
        interest(arena, cycle, at=at, quantity=f"{at}.5")
    _, run = tools_for(cycle, await fetch_klines.fn(cycle))
    answer = json.loads(await run("get_open_interest_history", {"asset": "BTC"}))
    assert [row[1] for row in answer["rows"]] == [38.5, 39.5]


async def test_what_the_tools_have_read_is_stored_and_not_read_from_the_market_again(
    scripted: Scripted, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, cycle = await scripted(*steps(60))
    cycle = later(cycle, NOW)
    known = await answers(cycle)
    with engine.connect() as conn:
        stored = conn.scalar(
            text("select count(*) from app.candles where symbol = 'BTCUSDT'"
                 " and timeframe_seconds = 300")
        )  # fmt: skip
    assert stored == 499

    resources.forget()
    markets = await fetch_klines.fn(cycle)
    asked: list[object] = []
    market = memory_of(cycle.arena).market
    read = market.candles

    async def counted(*key: object, **range_: object) -> object:
        asked.append(key)
        return await read(*key, **range_)  # type: ignore[arg-type]

    monkeypatch.setattr(market, "candles", counted)
    _, run = tools_for(cycle, markets)
    name, arguments = QUESTIONS[0]
    assert [await run(name, arguments) for _ in range(2)] == [known[0]] * 2
    assert asked == []


async def test_a_gap_far_back_shortens_the_run_and_a_missing_end_is_said(
    scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, cycle = await scripted(*steps(60))
    cycle = later(cycle, NOW)
    markets = await fetch_klines.fn(cycle)
    market = memory_of(cycle.arena).market
    read = market.candles

    async def with_a_hole(symbol: str, timeframe: Timeframe, *, until, limit):
        found = await read(symbol, timeframe, until=until, limit=limit)
        return found[:-1] if is_newest_missing else found[:99] + found[100:]

    monkeypatch.setattr(market, "candles", with_a_hole)
    is_newest_missing = False
    question = {"asset": "BTC", "timeframe": "5m", "name": "SMA"}
    _, run = tools_for(cycle, markets)
    assert json.loads(await run("get_indicator", question))["candles"] == 399
    is_newest_missing = True
    with pytest.raises(BadMarketData, match="the last closed 30m candle ended 0:30:00 too early"):
        await run("get_indicator", {**question, "timeframe": "30m"})


async def test_a_model_sees_the_instruments_of_its_account_only(
    arena: TestArena, cycle: Cycle
) -> None:
    markets = await fetch_klines.fn(cycle)
    tools, run = tools_for(cycle, markets)
    assets = [tool.parameters["properties"]["asset"]["enum"] for tool in tools]
    assert assets == [["BTC", "ETH"]] * 3
    with pytest.raises(ToolRefused, match="there is no asset 'SOL'; there are: BTC, ETH"):
        await run("get_candles", {"asset": "SOL", "timeframe": "5m"})


async def test_an_instrument_without_usable_data_is_not_to_be_asked_about(cycle: Cycle) -> None:
    markets = await fetch_klines.fn(cycle)
    del markets.views["ETHUSDT"]
    tools, run = tools_for(cycle, markets)
    assert tools[0].parameters["properties"]["asset"]["enum"] == ["BTC"]
    with pytest.raises(ToolRefused, match="there is no asset 'ETH'"):
        await run("get_candles", {"asset": "ETH", "timeframe": "5m"})
    markets.views.clear()
    assert tools_for(cycle, markets)[0] == ()


async def test_refusals_reach_the_model_as_messages_and_a_good_call_its_answer(
    cycle: Cycle,
) -> None:
    tools, run = tools_for(cycle, await fetch_klines.fn(cycle))
    calls = [
        ToolCall(id=str(number), name=name, arguments=arguments)
        for number, (name, arguments) in enumerate(
            [
                ("get_indicator", '{"asset": "BTC", "timeframe": "1h", "name": "RSI"}'),
                ("get_indicator", '{"asset": "BTC", "timeframe": "1h", "name": "RSII"}'),
                ("get_candles", '{"asset": "DOGE", "timeframe": "1h"}'),
                ("get_news", "{}"),
                ("get_candles", "BTC"),
            ]
        )
    ]
    said = [json.loads(each.answer) for each in await run_tools(calls, tools, run)]
    assert len(said[0]["values"]["real"]) == 10
    assert "near it: RSI" in said[1]["error"]
    assert "there is no asset 'DOGE'" in said[2]["error"]
    assert all("error" in each for each in said[3:])
