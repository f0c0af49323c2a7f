"""On a simulated month every rule trades, and its columns say what its cycles would have said.

The simulated market is made up: that a rule trades on it says nothing of profit.
"""

from functools import cache

import numpy as np
import pytest

from tests.trading.strategies.simulated_runs import candles_per_days, simulated_run
from trading.positions import Direction
from trading.strategies.catalogue import STRATEGIES, StrategyKind
from trading.strategies.columns import Opinion, OpinionColumns
from trading.timeframes import Timeframe

RULES = [name for name, each in STRATEGIES.items() if each.kind is StrategyKind.RULE]
DAYS = 30
APART = 240
"""Candles between two known books, so that a month of 1m candles needs 180 of them."""
CHEAP = {"funding_arbitrage": {"cost_ratio": 0.0004}}
"""Two resting fills instead of two taker fills: what is paid in a usual month covers no more."""


@cache
def month(name: str) -> OpinionColumns:
    strategy = STRATEGIES[name]
    symbol = "BTCUSDT" if strategy.needs_fundings else "SOLUSDT"
    run = simulated_run(
        name, candles_per_days(strategy.timeframe, DAYS), symbol=symbol, beside_every=APART
    )
    return strategy.opinions(run, strategy.parameters(**CHEAP.get(name, {})))


def trades(columns: OpinionColumns) -> list[tuple[Direction, int]]:
    """Direction and length in candles of each position, opened and left by the rule alone."""
    done: list[tuple[Direction, int]] = []
    held, since = Direction.FLAT, 0
    for row in np.flatnonzero((columns.side != 0) | columns.leave_long | columns.leave_short):
        now = columns.row(int(row))
        if held is Direction.FLAT and now.side is not Direction.FLAT:
            held, since = now.side, int(row)
        elif held is not Direction.FLAT and now.side is not held and (
            now.leaves(held) or now.side is not Direction.FLAT
        ):  # fmt: skip
            done.append((held, int(row) - since))
            held = Direction.FLAT
    return done


@pytest.mark.parametrize("name", RULES)
def test_a_rule_opens_and_leaves_positions_in_a_simulated_month(name):
    done = trades(month(name))
    assert len(done) >= 2
    assert len(done) <= DAYS * 24


@pytest.mark.parametrize("name", [each for each in RULES if each not in CHEAP])
def test_a_rule_trades_both_ways(name):
    directions = {direction for direction, _ in trades(month(name))}
    assert directions == {Direction.LONG, Direction.SHORT}


def test_the_benchmark_buys_once_and_never_leaves():
    columns = month("buy_and_hold")
    assert (columns.side == 1).all()
    assert not columns.leave_long.any()


@pytest.mark.parametrize("name", STRATEGIES)
def test_columns_over_many_windows_say_what_each_cycle_says(name):
    # A cycle reads `fetch` candles, the run began long before: only seeds of averages may differ.
    strategy, parameters = STRATEGIES[name], STRATEGIES[name].parameters()
    fetch = strategy.timeframes[strategy.timeframe]
    every = 24 if strategy.timeframe is Timeframe.M1 else 1
    run = simulated_run(name, max(3 * fetch, 900), beside_every=every)
    columns = strategy.opinions(run, parameters)
    rows = range(len(run) // every * every - every, 2 * fetch, -every * 7)
    differ = 0
    for row in rows:
        cycle = strategy.opinions(run.until(row + 1).newest(fetch), parameters).row(-1)
        differ += not _say_the_same(cycle, columns.row(row))
    # What the scalper learns from the oldest candles hangs on their averages too.
    assert differ <= (0.05 * len(rows) if name == "ml_scalper" else 0)


def _say_the_same(one: Opinion, other: Opinion) -> bool:
    if (one.side, one.leave_long, one.leave_short) != (
        other.side,
        other.leave_long,
        other.leave_short,
    ):
        return False
    ours = (one.stop, one.target, one.level or 1.0)
    theirs = (other.stop, other.target, other.level or 1.0)
    return ours == pytest.approx(theirs, rel=1e-5, nan_ok=True)
