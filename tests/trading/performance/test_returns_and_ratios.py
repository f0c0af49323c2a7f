"""Returns, Sharpe, Sortino, Calmar, volatility: by hand, and where they are not defined."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trading.performance.figure_builders import DAY, START, daily, readings
from trading.errors import InvalidRecord
from trading.performance.ratios import (
    compute_annual_return,
    compute_calmar,
    compute_sharpe,
    compute_sortino,
    compute_volatility,
)
from trading.performance.records import EquityReading
from trading.performance.returns import (
    compute_daily_returns,
    compute_monthly_returns,
    compute_weekly_returns,
)
from trading.performance.settings import FigureSettings
from trading.performance.total_return import compute_total_return

HAND = [0.01, -0.02, 0.03, 0.0]
MONEY = st.decimals("0.01", "1000000", places=2)


def test_sharpe_by_hand():
    # mean 0.005, squared deviations sum to 0.0013, so std = sqrt(0.0013 / 3)
    assert compute_sharpe(HAND) == pytest.approx(0.005 / math.sqrt(0.0013 / 3) * math.sqrt(252))
    assert compute_sharpe(HAND) == pytest.approx(3.81294, abs=1e-5)


def test_sortino_divides_the_downside_by_all_returns():
    # the only downside is 0.02: sqrt(0.0004 / 4) = 0.01
    assert compute_sortino(HAND) == pytest.approx(0.5 * math.sqrt(252))


def test_the_annualisation_is_an_argument_and_applies_to_mean_and_deviation_alike():
    for ratio in (compute_sharpe, compute_sortino):
        assert ratio(HAND, periods_per_year=365) == pytest.approx(
            ratio(HAND) * math.sqrt(365 / 252)
        )


def test_the_risk_free_rate_and_the_target_are_taken_off_every_return():
    assert compute_sharpe(HAND, risk_free=0.005) == pytest.approx(0.0)
    # excesses 0, -0.03, 0.02, -0.01: downside sqrt(0.001 / 4), mean -0.005
    assert compute_sortino(HAND, target=0.01) == pytest.approx(
        -0.005 / math.sqrt(0.001 / 4) * math.sqrt(252)
    )


@pytest.mark.parametrize("returns", [[], [0.01], [0.01, 0.01, 0.01], [0.0, 0.0], [0.1 + 0.2, 0.3]])
def test_too_few_or_equal_returns_have_no_sharpe(returns):
    assert compute_sharpe(returns) is None


@pytest.mark.parametrize("returns", [[], [-0.01], [0.01, 0.02], [0.0, 0.0]])
def test_without_a_downside_there_is_no_sortino(returns):
    assert compute_sortino(returns) is None


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
def test_a_return_that_is_no_number_makes_the_ratios_undefined(broken):
    for figure in (compute_sharpe, compute_sortino, compute_volatility, compute_annual_return):
        assert figure([-0.01, broken, 0.02]) is None


def test_volatility_by_hand_is_zero_for_an_account_that_stood_still_and_null_for_one_return():
    assert compute_volatility(HAND) == pytest.approx(math.sqrt(0.0013 / 3) * math.sqrt(252))
    assert compute_volatility([0.0, 0.0, 0.0]) == 0.0
    assert compute_volatility([0.1 + 0.2, 0.3]) == 0.0
    assert compute_volatility([0.01]) is None


def test_the_annual_return_compounds_what_the_days_earned():
    # 1 % a day for two of 252 days is that factor to the power of 126
    assert compute_annual_return([0.01, 0.01]) == pytest.approx(1.01**252 - 1)
    assert compute_annual_return([0.01, 0.01], periods_per_year=365) == pytest.approx(1.01**365 - 1)


def test_missing_days_count_as_time_in_the_annual_return():
    assert compute_annual_return([0.01, 0.01], days=4) == pytest.approx(1.01**126 - 1)


@pytest.mark.parametrize("returns", [[0.01], [-1.0, 0.5], [-1.2, 0.5], [900.0, 900.0]])
def test_an_annual_return_is_null_when_too_few_nothing_left_or_too_large(returns):
    assert compute_annual_return(returns) is None


def test_calmar_is_the_annual_return_over_the_drawdown_and_null_without_either():
    assert compute_calmar(0.3, 0.2) == pytest.approx(1.5)
    assert compute_calmar(-0.3, 0.2) == pytest.approx(-1.5)
    assert [compute_calmar(None, 0.2), compute_calmar(0.3, None), compute_calmar(0.3, 0.0)] == [
        None
    ] * 3


@pytest.mark.parametrize("settings", [{"periods_per_year": 0}, {"risk_level": 1.0}])
def test_settings_out_of_their_range_are_refused(settings):
    with pytest.raises(InvalidRecord, match="must"):
        FigureSettings(**settings)


@given(st.lists(st.floats(-0.5, 0.5), min_size=2, max_size=50))
def test_the_ratios_equal_numpys_formulas_or_are_none_and_never_nan(returns):
    array = np.array(returns)
    std = array.std(ddof=1)
    sharpe, sortino = compute_sharpe(returns), compute_sortino(returns)
    if sharpe is not None:
        assert sharpe == pytest.approx(array.mean() / std * math.sqrt(252), rel=1e-9, abs=1e-9)
    else:
        assert std <= 1e-12 * np.abs(array).max()
    downside = np.sqrt((np.minimum(array, 0) ** 2).mean())
    if sortino is not None:
        assert sortino == pytest.approx(
            array.mean() / downside * math.sqrt(252), rel=1e-9, abs=1e-9
        )
    else:
        assert downside <= 1e-12 * np.abs(array).max()


def test_total_return_by_hand():
    assert compute_total_return(daily(10_000, 9_000, 12_000, 9_600, 11_000)) == pytest.approx(0.1)


def test_without_flows_the_total_return_is_the_exact_difference_over_the_start():
    assert compute_total_return(daily(10_000, 9_990)) == -0.001


def test_a_failed_read_is_a_gap_that_is_shown_and_never_a_loss():
    # nothing could be read on Wednesday
    path = readings((0, "10000"), (1, "10000"), (2, "10100"), (4, "10201"))
    days = compute_daily_returns(path)
    assert [(item.day.day, item.days) for item in days] == [(3, 1), (4, 1), (6, 2)]
    assert [item.value for item in days] == pytest.approx([0.0, 0.01, 0.01])


@pytest.mark.parametrize("broken", ["NaN", "Infinity"])
def test_a_reading_that_is_no_money_cannot_be_recorded(broken):
    with pytest.raises(InvalidRecord, match="leave a failed reading out"):
        EquityReading(at=START, equity=Decimal(broken))
    with pytest.raises(InvalidRecord, match="leave a failed reading out"):
        EquityReading(at=START, equity=Decimal(1), gross_exposure=Decimal(broken))


def test_readings_out_of_order_are_refused():
    with pytest.raises(InvalidRecord, match="not in order"):
        compute_total_return(readings((1, "100"), (0, "100")))


def test_a_day_closes_at_midnight_utc_with_its_last_reading():
    path = readings(
        (0.25, "100"),  # Monday 06:00, the start
        (0.5, "150"),
        (1, "110"),  # midnight is Monday's close
        (1.001, "500"),
        (1.999, "121"),  # the last reading of Tuesday
        (2.5, "999"),  # Wednesday is not over
    )
    days = compute_daily_returns(path)
    assert [item.day for item in days] == [date(2025, 3, 3), date(2025, 3, 4)]
    assert [item.value for item in days] == pytest.approx([0.1, 0.1])


def test_a_day_that_is_not_over_has_no_return_yet():
    assert compute_daily_returns(readings((0, "100"), (0.99, "110"))) == ()


def test_the_day_is_that_of_utc_whatever_zone_the_reading_carries():
    tokyo = timezone(timedelta(hours=9))
    path = [
        EquityReading(at=item.at.astimezone(tokyo), equity=item.equity)
        for item in readings((0, "100"), (1, "110"), (2, "121"))
    ]
    assert [item.day.day for item in compute_daily_returns(path)] == [3, 4]


def test_weeks_are_iso_weeks_and_months_are_calendar_months():
    # 2025-03-03 is Monday of week 10; one per cent a day into April
    days = compute_daily_returns(daily(*(Decimal("1.01") ** day for day in range(31))))
    weeks, months = compute_weekly_returns(days), compute_monthly_returns(days)
    assert [item.period for item in weeks] == [f"2025-W{week}" for week in range(10, 15)]
    assert [item.value for item in weeks] == pytest.approx(
        [1.01**7 - 1] * 4 + [1.01**2 - 1]  # 31 March and 1 April
    )
    assert [(item.period, item.value) for item in months] == [
        ("2025-03", pytest.approx(1.01**29 - 1)),
        ("2025-04", pytest.approx(0.01)),
    ]


def test_the_last_days_of_december_may_belong_to_the_first_week_of_the_next_year():
    start = datetime(2024, 12, 30, tzinfo=UTC)
    path = [EquityReading(at=start + day * DAY, equity=Decimal(100)) for day in range(2)]
    assert [i.period for i in compute_weekly_returns(compute_daily_returns(path))] == ["2025-W01"]


def test_returns_end_where_nothing_was_left_to_earn_on():
    assert [i.value for i in compute_daily_returns(daily(100, -5, 10))] == pytest.approx([-1.05])


@given(st.lists(MONEY, min_size=2, max_size=60))
def test_weeks_and_months_compound_to_the_same_growth_as_days(path):
    days = compute_daily_returns(daily(*path))
    growth = math.prod(1 + item.value for item in days)
    for periods in (compute_weekly_returns(days), compute_monthly_returns(days)):
        assert math.prod(1 + item.value for item in periods) == pytest.approx(growth, rel=1e-9)
