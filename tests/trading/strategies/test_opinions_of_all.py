"""What holds for the columns of every strategy: causal, equal to its last-bar answer, no NaN entry."""

from dataclasses import astuple, fields, replace

import numpy as np
import pytest

from tests.trading.strategies.simulated_runs import (
    closed_at,
    default_run,
    simulated_run,
    simulated_view,
)
from trading.errors import InvalidRecord
from trading.positions import Direction
from trading.signals import Signal
from trading.strategies.catalogue import STRATEGIES, StrategyKind, build_parameters
from trading.strategies.columns import Opinion, OpinionColumns
from trading.strategies.opinions import speak
from trading.strategies.parameters import parameter_ranges
from trading.strategies.recent_candles import RecentCandles

COLUMNS = [each.name for each in fields(OpinionColumns) if not isinstance(each.default, bool)]
MEASURES = [each.name for each in fields(RecentCandles) if each.name != "closed_at"]
PARAMETERS = [
    (name, allowed.name, end)
    for name, each in STRATEGIES.items()
    for allowed in parameter_ranges(each.parameters)
    for end in ("low", "high")
]
STEP = {"ml_scalper": 9}
"""Of prefixes, where each one trains a learner."""


def opinions(name: str, run: RecentCandles) -> OpinionColumns:
    return STRATEGIES[name].opinions(run, STRATEGIES[name].parameters())


def assert_same_rows(one: OpinionColumns, other: OpinionColumns, count: int) -> None:
    """The first `count` rows are the same bits."""
    for name in COLUMNS:
        ours, theirs = getattr(one, name), getattr(other, name)
        assert (ours is None) is (theirs is None)
        if ours is not None:
            np.testing.assert_array_equal(ours[:count], theirs[:count], err_msg=name)


@pytest.mark.parametrize("name", STRATEGIES)
def test_the_last_row_of_every_prefix_is_the_row_of_the_whole_run(name):
    run = default_run(name)
    whole = opinions(name, run)
    for count in range(0, len(run) + 1, STEP.get(name, 1)):
        prefix = opinions(name, run.until(count))
        assert len(prefix) == count
        if count:
            np.testing.assert_equal(astuple(prefix.row(-1)), astuple(whole.row(count - 1)))


@pytest.mark.parametrize("future", ["another market", "nan", "zeros", "infinity", "huge"])
@pytest.mark.parametrize("name", STRATEGIES)
def test_scrambling_the_future_never_changes_the_past(name, future):
    run = default_run(name)
    whole = opinions(name, run)
    strategy = STRATEGIES[name]
    for cut in (1, strategy.warm_up(strategy.parameters()), len(run) - 60, len(run) - 1):
        with np.errstate(all="ignore"):
            scrambled = opinions(name, _scrambled(run, cut, future))
        assert_same_rows(scrambled, whole, cut)


def _scrambled(run: RecentCandles, cut: int, future: str) -> RecentCandles:
    """Every measure from the candle `cut` on replaced, the book and the funding too."""
    fills = {"nan": np.nan, "zeros": 0.0, "infinity": np.inf, "huge": 1e12}
    rng = np.random.default_rng(cut)
    changed = {}
    for name in MEASURES:
        column = getattr(run, name).copy()
        noise = column[cut:] * rng.uniform(0.5, 2.0, column.size - cut)
        column[cut:] = fills.get(future, noise)
        changed[name] = column
    return replace(run, **changed)


@pytest.mark.parametrize("name", STRATEGIES)
def test_before_the_warm_up_is_over_nothing_is_said(name):
    strategy = STRATEGIES[name]
    columns = opinions(name, default_run(name))
    before = strategy.warm_up(strategy.parameters()) - 1
    assert not columns.side[:before].any()
    assert not columns.leave_long[:before].any()
    assert not columns.leave_short[:before].any()
    assert np.isnan(columns.stop[:before]).all()


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_candle_that_is_not_a_number_is_never_an_entry(name):
    run = default_run(name)
    bad = len(run) - 80
    broken = {each: getattr(run, each).copy() for each in MEASURES}
    for column in broken.values():
        column[bad] = np.nan
    columns = opinions(name, replace(run, **broken))
    assert columns.side[bad] == 0
    assert_same_rows(columns, opinions(name, run), bad)


@pytest.mark.parametrize("name", STRATEGIES)
def test_an_entry_has_numbers_and_everything_else_has_none(name):
    columns = opinions(name, simulated_run(name, 700, beside_every=5))
    is_entry = columns.side != 0
    assert set(np.unique(columns.side)) <= {-1, 0, 1}
    assert ((columns.confidence[is_entry] >= 0) & (columns.confidence[is_entry] <= 1)).all()
    assert np.isnan(columns.confidence[~is_entry]).all()
    if STRATEGIES[name].takes_stop:
        assert np.isfinite(columns.stop[is_entry]).all()
        assert np.isfinite(columns.target[is_entry]).all()
    if columns.level is not None:
        assert ((columns.level[is_entry] > 0) & (columns.level[is_entry] <= 1)).all()


@pytest.mark.parametrize("name", STRATEGIES)
def test_the_signal_of_a_cycle_is_the_row_of_the_columns_in_words(name):
    strategy = STRATEGIES[name]
    fetch = strategy.timeframes[strategy.timeframe]
    run = simulated_run(name, fetch + 60)
    for back in (0, 1, 7, 20, 33, 59):
        until = len(run) - back
        columns = opinions(name, run.until(until).newest(fetch))
        view = simulated_view(name, closed_at(run, until - 1), fetch)
        for held in Direction:
            answer = strategy.signal(view, strategy.parameters(), held)
            expected = _spoken(strategy.kind, view, columns.row(-1), held)
            assert replace(answer, reason="") == replace(expected, reason="")


def _spoken(kind: StrategyKind, view, row: Opinion, held: Direction) -> Signal:
    if kind is StrategyKind.BENCHMARK:
        return Signal(direction=row.side, confidence=row.confidence, reason="")
    return speak(view, row, held, enters="", leaves="", waits="")


@pytest.mark.parametrize(
    ("name", "parameter", "end"), PARAMETERS, ids=[".".join(each) for each in PARAMETERS]
)
def test_a_parameter_at_the_end_of_its_range_works(name, parameter, end):
    strategy = STRATEGIES[name]
    fetch = strategy.timeframes[strategy.timeframe]
    ranges = {each.name: getattr(each, end) for each in parameter_ranges(strategy.parameters)}
    try:
        parameters = build_parameters(strategy, {parameter: ranges[parameter]})
    except InvalidRecord:  # bound to another parameter: bring that to the same end
        whole = {
            each.name: ranges[each.name]
            for each in parameter_ranges(strategy.parameters)
            if each.is_whole
        }
        parameters = build_parameters(strategy, whole)
    assert strategy.warm_up(parameters) <= fetch
    columns = strategy.opinions(simulated_run(name, 420, beside_every=5), parameters)
    is_entry = columns.side != 0
    assert len(columns) == 420
    assert ((columns.confidence[is_entry] >= 0) & (columns.confidence[is_entry] <= 1)).all()
