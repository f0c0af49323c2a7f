"""On real candles the default rules trade reasonably often, and turn their minds both ways.

The files are not part of the repository; without them the tests are skipped.
"""

import csv
import gzip
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from tests.builders import BTC
from tests.trading.strategies.conftest import make_view
from trading.candles import Candle, resample
from trading.decision.from_signal import decide_from_signal
from trading.decisions import Action, TradeDecision
from trading.limits import RiskLimits
from trading.positions import Direction, Position
from trading.signals import Signal
from trading.strategies.catalogue import STRATEGIES, StrategyKind
from trading.timeframes import Timeframe

FOLDER = Path(__file__).parents[4] / "shared" / "data" / "binance_usdm_2024"
DAYS = 7
RULES = [
    name
    for name, each in STRATEGIES.items()
    if each.kind is StrategyKind.RULE and not (each.needs_book or each.needs_fundings)
]
"""Candles are all that is recorded here: what reads a book or funding has tests of its own."""

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"recorded candles are not there: {FOLDER}"
)


@cache
def recorded(symbol: str, timeframe: Timeframe) -> tuple[Candle, ...]:
    """The first days of real candles, plus two for the warm-up."""
    with gzip.open(FOLDER / f"{symbol}-5m.csv.gz", "rt") as lines:
        rows = list(csv.DictReader(lines))[: (DAYS + 2) * 288]
    fine = tuple(
        Candle(
            datetime.fromtimestamp(int(row["open_time"]) / 1000, UTC),
            *(Decimal(row[name]) for name in ("open", "high", "low", "close", "volume")),
        )
        for row in rows
    )
    return fine if timeframe is Timeframe.M5 else resample(fine, Timeframe.M5, timeframe)


@cache
def hourly_decisions(name: str, symbol: str) -> list[tuple[Signal, TradeDecision, Decimal]]:
    """The decisions of `_decide_hourly`, computed once for the tests that look at them."""
    return list(_decide_hourly(name, symbol))


def _decide_hourly(name: str, symbol: str) -> Iterator[tuple[Signal, TradeDecision, Decimal]]:
    """One decision per hour after the warm-up days; stops and targets are not simulated."""
    strategy = STRATEGIES[name]
    ((timeframe, fetch),) = strategy.timeframes.items()
    candles = recorded(symbol, timeframe)
    parameters, held = strategy.parameters(), None
    start = (candles[0].open_time + timedelta(days=2)).replace(minute=0)
    for slot in (start + timedelta(hours=hour) for hour in range(24 * DAYS)):
        closed = [each for each in candles if each.open_time + timeframe.length <= slot]
        view = make_view(closed[-fetch:], timeframe)
        signal = strategy.signal(view, parameters, held.direction if held else Direction.FLAT)
        decision = decide_from_signal(
            signal,
            view=view,
            held=held,
            capital=Decimal(10_000),
            limits=RiskLimits(),
            decided_by=name,
        )
        yield signal, decision, view.quote.last
        held = _after(decision, held, view.quote.last, slot)


def _after(
    decision: TradeDecision, held: Position | None, price: Decimal, at: datetime
) -> Position | None:
    if decision.action is Action.CLOSE:
        return None
    if decision.action is Action.HOLD:
        return held
    quantity = decision.allocation_usd / price * (1 if decision.action is Action.BUY else -1)
    fresh = Position(
        symbol=BTC.symbol,
        quantity=quantity,
        entry_price=price,
        leverage=3,
        isolated_margin=decision.allocation_usd / 3,
        opened_at=at,
    )
    return fresh if held is None else replace(held, quantity=held.quantity + quantity)


@pytest.mark.parametrize("symbol", ["BTCUSDT", "ETHUSDT"])
@pytest.mark.parametrize("name", RULES)
def test_a_rule_opens_positions_about_daily_and_closes_them_itself(name: str, symbol: str):
    actions = [decision.action for _, decision, _ in hourly_decisions(name, symbol)]
    entries = sum(action in (Action.BUY, Action.SELL) for action in actions)
    assert DAYS / 2 <= entries <= 10 * DAYS
    assert actions.count(Action.CLOSE) >= 2
    assert actions.count(Action.HOLD) > len(actions) / 3


@pytest.mark.parametrize("name", RULES)
def test_real_levels_lie_around_the_price_and_a_position_never_turns_in_one_cycle(name: str):
    decisions = hourly_decisions(name, "BTCUSDT")
    for signal, decision, price in decisions:
        if decision.action in (Action.BUY, Action.SELL):
            assert decision.stop_price is not None
            assert decision.take_profit_price is not None
            low, high = sorted((decision.stop_price, decision.take_profit_price))
            assert low < price < high
            assert (decision.stop_price == low) == (signal.direction is Direction.LONG)
    moves = [each.action for _, each, _ in decisions if each.action is not Action.HOLD]
    for before, after in pairwise(moves):
        assert {before, after} != {Action.BUY, Action.SELL}, "turned without a close"
