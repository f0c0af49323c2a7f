"""Oracles: empyrical and quantstats on the same returns, wherever their definitions are ours.

Where a library means something else, the name of the test says what.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import empyrical
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trading.performance.figure_builders import START, daily, trade
from trading.performance.drawdown import compute_drawdown
from trading.performance.ratios import (
    compute_annual_return,
    compute_calmar,
    compute_sharpe,
    compute_sortino,
    compute_volatility,
)
from trading.performance.summary import summarise
from trading.performance.tail_risk import (
    compute_conditional_value_at_risk,
    compute_value_at_risk,
)
from trading.performance.trade_figures import summarise_trades


def some_returns(seed: int, days: int, spread: float, drift: float) -> list[float]:
    """Fat-tailed daily returns; drawing them by seed is fifty times faster than one by one."""
    drawn = np.random.default_rng(seed).standard_t(4, days).clip(-8, 8)
    return (drift + spread * drawn).tolist()


RETURNS = st.builds(
    some_returns,
    st.integers(0, 10**6),
    st.integers(20, 200),
    st.sampled_from([0.001, 0.01, 0.03]),
    st.sampled_from([-0.01, -0.001, 0.0, 0.002, 0.03]),
)
PERIODS = (252, 365)
close_to = pytest.approx


@pytest.fixture(scope="module")
def quantstats() -> Any:
    return pytest.importorskip("quantstats", reason="uv sync --group oracles").stats


def series(values: list[float]) -> pd.Series:
    return pd.Series(values, index=pd.date_range(START.date(), periods=len(values), freq="D"))


def equity_of(returns: list[float]) -> list[Decimal]:
    path = [Decimal(10_000)]
    for value in returns:
        path.append(path[-1] * (1 + Decimal(value)))
    return path


def our_drawdown(returns: list[float]) -> float:
    drawdown = compute_drawdown(daily(*equity_of(returns)))
    assert drawdown is not None
    return drawdown.depth


@given(RETURNS)
def test_sharpe_sortino_and_volatility_are_those_of_empyrical(returns):
    found = series(returns)
    assert compute_sharpe(returns) == close_to(empyrical.sharpe_ratio(found), rel=1e-9, abs=1e-9)
    assert compute_volatility(returns) == close_to(empyrical.annual_volatility(found), rel=1e-9)
    if min(returns) < 0.0:
        assert compute_sortino(returns) == close_to(
            empyrical.sortino_ratio(found), rel=1e-9, abs=1e-9
        )


@given(RETURNS, st.floats(-0.01, 0.01))
def test_the_risk_free_rate_and_the_target_mean_what_empyrical_means(returns, rate):
    found = series(returns)
    assert compute_sharpe(returns, risk_free=rate) == close_to(
        empyrical.sharpe_ratio(found, risk_free=rate), rel=1e-8, abs=1e-9
    )
    if min(returns) < rate - 1e-6:
        assert compute_sortino(returns, target=rate) == close_to(
            empyrical.sortino_ratio(found, required_return=rate), rel=1e-8, abs=1e-9
        )


@given(RETURNS)
def test_the_maximum_drawdown_with_the_start_as_first_peak_is_that_of_empyrical(returns):
    assert our_drawdown(returns) == close_to(-empyrical.max_drawdown(series(returns)), abs=1e-9)


@given(RETURNS)
def test_annual_return_and_calmar_are_those_of_empyrical(returns):
    found = series(returns)
    annual = compute_annual_return(returns)
    assert annual == close_to(empyrical.annual_return(found), rel=1e-8, abs=1e-9)
    if min(returns) < 0.0:
        assert compute_calmar(annual, our_drawdown(returns)) == close_to(
            empyrical.calmar_ratio(found), rel=1e-6, abs=1e-9
        )


@given(RETURNS)
def test_the_total_and_the_monthly_returns_are_those_of_empyrical(returns):
    equity = summarise(daily(*equity_of(returns)), []).equity
    assert equity.total_return == close_to(
        empyrical.cum_returns_final(series(returns)), rel=1e-9, abs=1e-9
    )
    months = empyrical.aggregate_returns(series(returns), "monthly")
    assert [item.value for item in equity.monthly_returns] == close_to(months.tolist(), abs=1e-9)


@given(RETURNS, st.sampled_from([0.95, 0.9]))
def test_historical_var_and_cvar_are_those_of_empyrical_with_the_sign_of_a_loss(returns, level):
    found, tail = np.array(returns), round(1 - level, 9)
    assert compute_value_at_risk(returns, level=level) == close_to(
        -empyrical.value_at_risk(found, cutoff=tail), abs=1e-12
    )
    assert compute_conditional_value_at_risk(returns, level=level) == close_to(
        -empyrical.conditional_value_at_risk(found, cutoff=tail), abs=1e-12
    )


@pytest.mark.parametrize("periods", PERIODS)
@settings(max_examples=20)
@given(returns=RETURNS)
def test_sharpe_sortino_volatility_growth_and_drawdown_are_those_of_quantstats(
    quantstats, returns, periods
):
    found = series(returns)
    years = {"periods_per_year": periods}
    theirs = {"periods": periods}
    assert compute_sharpe(returns, **years) == close_to(
        quantstats.sharpe(found, **theirs), rel=1e-9, abs=1e-9
    )
    assert compute_volatility(returns, **years) == close_to(
        quantstats.volatility(found, **theirs), rel=1e-9
    )
    annual = compute_annual_return(returns, **years)
    assert annual == close_to(quantstats.cagr(found, **theirs), rel=1e-7, abs=1e-9)
    if min(returns) < 0.0:
        assert compute_sortino(returns, **years) == close_to(
            quantstats.sortino(found, **theirs), rel=1e-9, abs=1e-9
        )
        depth = our_drawdown(returns)
        assert depth == close_to(-quantstats.max_drawdown(found), abs=1e-9)
        assert compute_calmar(annual, depth) == close_to(
            quantstats.calmar(found, **theirs), rel=1e-6, abs=1e-9
        )


# quantstats counts periods of a return series; handed one result per closed trade (as a part of the
# equity, since it would take large numbers for prices) its words mean what ours mean.
@settings(max_examples=20)
@given(results=st.lists(st.integers(-900, 900).filter(bool), min_size=2, max_size=60))
def test_trade_figures_are_those_of_quantstats_on_the_results_of_the_trades(quantstats, results):
    results = [*results, -500, 500]  # at least one of each, or quantstats divides by nothing
    figures = summarise_trades([trade(str(result)) for result in results])
    found = series([result / 1e4 for result in results])
    assert figures.win_rate == close_to(quantstats.win_rate(found))
    assert figures.profit_factor == close_to(quantstats.profit_factor(found))
    for ours, theirs in (
        (figures.average_win, quantstats.avg_win(found)),
        (figures.average_loss, quantstats.avg_loss(found)),
        (figures.largest_win, quantstats.best(found)),
        (figures.largest_loss, quantstats.worst(found)),
    ):
        assert float(ours) == close_to(theirs * 1e4, rel=1e-6)
    assert figures.longest_winning_streak == quantstats.consecutive_wins(found)
    assert figures.longest_losing_streak == quantstats.consecutive_losses(found)


def test_quantstats_leaves_break_even_out_of_the_win_rate_and_we_count_it_below(quantstats):
    results = [300, 0, 0, -100]
    found = series([result / 1e4 for result in results])
    assert quantstats.win_rate(found) == 0.5
    assert summarise_trades([trade(str(each)) for each in results]).win_rate == 0.25


def test_quantstats_assumes_a_normal_distribution_for_var_and_we_count_the_days(quantstats):
    returns = np.append(np.full(380, 0.001), np.full(20, -0.2))  # a few days are far away
    theirs = -quantstats.value_at_risk(series(returns.tolist()))
    assert compute_value_at_risk(returns.tolist()) == close_to(-np.percentile(returns, 5))
    assert theirs == close_to(1.645 * returns.std(ddof=1) - returns.mean(), rel=1e-2)
    assert abs(theirs - compute_value_at_risk(returns.tolist())) > 1e-3


def test_the_libraries_find_numbers_where_nothing_is_defined_and_we_say_null(quantstats):
    same = [0.01] * 30
    assert math.isinf(empyrical.sharpe_ratio(series(same))) or (
        empyrical.sharpe_ratio(series(same)) > 1e12
    )
    assert quantstats.sharpe(series(same)) > 1e12
    assert compute_sharpe(same) is None
    rising = [0.01, 0.02] * 15
    assert math.isinf(empyrical.sortino_ratio(series(rising)))
    assert compute_sortino(rising) is None
    assert math.isnan(empyrical.calmar_ratio(series(rising)))
    assert compute_calmar(compute_annual_return(rising), our_drawdown(rising)) is None
