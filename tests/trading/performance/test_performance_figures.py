"""Every figure against values worked out by hand, and where it is not defined."""

import math
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.errors import InvalidRecord
from trading.orders import Fill, Side
from trading.performance.drawdown import compute_max_drawdown
from trading.performance.ratios import compute_sharpe, compute_sortino
from trading.performance.records import ClosedTrade, EquityReading
from trading.performance.return_on_margin import compute_return_on_margin
from trading.performance.returns import (
    compute_daily_returns,
    compute_monthly_returns,
    compute_weekly_returns,
)
from trading.performance.summary import summarise
from trading.performance.total_return import compute_total_return
from trading.performance.trade_figures import compute_profit_factor, compute_win_rate
from trading.positions import Direction
from trading.trades import build_trades

START = datetime(2025, 3, 3, tzinfo=UTC)  # a Monday
DAY = timedelta(days=1)
HAND = [0.01, -0.02, 0.03, 0.0]


def readings(*rows: tuple[float, str] | tuple[float, str, str]) -> list[EquityReading]:
    """(days since Monday 00:00 UTC, equity[, cumulative transfers])."""
    return [
        EquityReading(
            at=START + row[0] * DAY,
            equity=Decimal(row[1]),
            transfers=Decimal(row[2]) if len(row) == 3 else Decimal(0),
        )
        for row in rows
    ]


def trade(gross: str, *, fees: str = "0", funding: str = "0") -> ClosedTrade:
    return ClosedTrade(
        closed_at=START, gross_pnl=Decimal(gross), fees=Decimal(fees), funding=Decimal(funding)
    )


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
    assert compute_sharpe([0.01, broken, 0.02]) is None
    assert compute_sortino([-0.01, broken, 0.02]) is None


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


def test_total_return_and_drawdown_by_hand():
    path = readings((0, "10000"), (1, "9000"), (2, "12000"), (3, "9600"), (4, "11000"))
    assert compute_total_return(path) == pytest.approx(0.1)
    assert compute_max_drawdown(path) == pytest.approx(0.2)


def test_the_starting_equity_is_the_first_peak():
    assert compute_max_drawdown(readings((0, "10000"), (1, "7500"))) == 0.25


def test_an_account_that_never_traded_returned_exactly_zero_and_has_no_ratios():
    flat = summarise(readings(*((day / 4, "12345.678901") for day in range(40))), [])
    assert flat.total_return == 0.0
    assert flat.max_drawdown == 0.0
    assert flat.net_pnl == 0
    assert {item.value for item in flat.daily_returns} == {0.0}
    undefined = (flat.sharpe, flat.sortino, flat.win_rate, flat.profit_factor)
    assert undefined == (None, None, None, None)


def test_a_deposit_and_a_withdrawal_change_no_return():
    # +10 % on 10000, then 5000 in, then -10 %, then 9000 out, then +10 %
    path = readings(
        (0, "10000"),
        (1, "11000"),
        (1.5, "16000", "5000"),
        (2, "14400", "5000"),
        (2.5, "5400", "-4000"),
        (3, "5940", "-4000"),
    )
    summary = summarise(path, [])
    assert summary.total_return == pytest.approx(1.1 * 0.9 * 1.1 - 1)
    assert summary.max_drawdown == pytest.approx(0.1)
    assert [item.value for item in summary.daily_returns] == pytest.approx([0.1, -0.1, 0.1])
    assert (summary.net_pnl, summary.transfers) == (Decimal(-60), Decimal(-4000))


def test_flows_alone_leave_the_return_at_exactly_zero():
    path = readings((0, "100"), (1, "1100", "1000"), (2, "33.33", "-66.67"), (3, "50", "-50"))
    assert compute_total_return(path) == 0.0
    assert compute_max_drawdown(path) == 0.0


def test_a_failed_read_is_a_gap_that_is_shown_and_never_a_loss():
    # nothing could be read on Wednesday
    path = readings((0, "10000"), (1, "10000"), (2, "10100"), (4, "10201"))
    days = compute_daily_returns(path)
    assert [(item.day.day, item.days) for item in days] == [(3, 1), (4, 1), (6, 2)]
    assert [item.value for item in days] == pytest.approx([0.0, 0.01, 0.01])
    assert compute_max_drawdown(path) == 0.0


@pytest.mark.parametrize("broken", ["NaN", "Infinity"])
def test_a_reading_that_is_no_money_cannot_be_recorded(broken):
    with pytest.raises(InvalidRecord, match="leave a failed reading out"):
        EquityReading(at=START, equity=Decimal(broken))


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
    path = readings(*((day, str(Decimal("1.01") ** day)) for day in range(31)))
    days = compute_daily_returns(path)
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


def test_win_rate_counts_break_even_below_only_and_is_net_of_costs():
    trades = [trade("10"), trade("-5"), trade("1", fees="1"), trade("2", fees="3", funding="0.5")]
    assert compute_win_rate(trades) == 0.25
    assert compute_profit_factor(trades) == pytest.approx(10 / 5.5)


def test_a_closed_trade_built_from_fills_can_be_judged_as_it_is():
    def fill(number: int, side: Side, price: str, realized: str) -> Fill:
        return Fill(
            trade_id=str(number),
            venue_order_id=str(number),
            client_order_id=f"pf-{number}",
            symbol="BTCUSDT",
            side=side,
            quantity=Decimal(1),
            price=Decimal(price),
            fee=Decimal("0.06"),
            realized_pnl=Decimal(realized),
            is_maker=False,
            filled_at=START + number * DAY,
        )

    fills = [
        fill(1, Side.BUY, "100", "0"),
        fill(2, Side.SELL, "100.1", "0.1"),  # costs more than it won
        fill(3, Side.SELL, "100", "0"),
        fill(4, Side.BUY, "99", "1"),
    ]
    closed = build_trades(fills).closed
    assert compute_win_rate(closed) == 0.5
    assert compute_profit_factor(closed) == pytest.approx(0.88 / 0.02)


def test_profit_factor_is_undefined_without_a_loss_and_zero_without_a_win():
    assert compute_profit_factor([]) is None
    assert compute_profit_factor([trade("1")]) is None
    assert compute_profit_factor([trade("-1")]) == 0.0


@pytest.mark.parametrize(
    ("direction", "price", "ratio"),
    [
        (Direction.LONG, "104", "0.12"),
        (Direction.LONG, "96", "-0.12"),
        (Direction.SHORT, "96", "0.12"),
        (Direction.SHORT, "104", "-0.12"),
        (Direction.FLAT, "104", "0"),
    ],
)
def test_return_on_margin_is_the_price_change_times_leverage(direction, price, ratio):
    figure = compute_return_on_margin(
        direction, entry_price=Decimal(100), price=Decimal(price), leverage=3
    )
    assert figure == Decimal(ratio)


@pytest.mark.parametrize("broken", ["0", "-1", "NaN"])
def test_return_on_margin_is_undefined_without_prices(broken):
    for entry, price in ((Decimal(broken), Decimal(1)), (Decimal(1), Decimal(broken))):
        assert (
            compute_return_on_margin(Direction.LONG, entry_price=entry, price=price, leverage=2)
            is None
        )


def test_no_readings_and_no_trades_are_all_undefined_and_nothing_is_zero_by_default():
    empty = summarise([], [])
    figures = (empty.equity, empty.net_pnl, empty.total_return, empty.max_drawdown, empty.sharpe)
    assert figures == (None,) * 5
    assert empty.daily_returns == ()


def test_an_account_that_starts_without_money_has_no_return():
    path = readings((0, "0"), (1, "10"))
    assert compute_total_return(path) is None
    assert compute_max_drawdown(path) is None
    assert compute_daily_returns(path) == ()


def test_an_account_that_lost_everything_has_drawn_down_all_of_it_and_returns_end_there():
    path = readings((0, "100"), (1, "-5"), (2, "10"))
    assert compute_max_drawdown(path) == 1.0
    assert [item.value for item in compute_daily_returns(path)] == pytest.approx([-1.05])


def test_the_summary_adds_up_costs_and_names_its_annualisation():
    summary = summarise(
        readings((0, "100"), (1, "101"), (2, "100")),
        [trade("10", fees="1", funding="-0.5"), trade("-4", fees="1")],
        periods_per_year=365,
    )
    assert (summary.trade_count, summary.winning_trades, summary.win_rate) == (2, 1, 0.5)
    assert (summary.gross_pnl, summary.fees, summary.funding) == (6, 2, Decimal("-0.5"))
    assert summary.periods_per_year == 365
    assert summary.sharpe == compute_sharpe(
        [item.value for item in summary.daily_returns], periods_per_year=365
    )


MONEY = st.decimals("0.01", "1000000", places=2)


@given(st.lists(MONEY, min_size=1, max_size=30))
def test_the_drawdown_lies_between_zero_and_one_and_equals_numpys(path):
    rows = readings(*((day, str(equity)) for day, equity in enumerate(path)))
    equity = np.array([float(amount) for amount in path])
    expected = -(equity / np.maximum.accumulate(equity) - 1).min()
    drawdown = compute_max_drawdown(rows)
    assert drawdown is not None
    assert 0.0 <= drawdown <= 1.0
    assert drawdown == pytest.approx(expected, abs=1e-12)


@given(st.lists(MONEY, min_size=3, max_size=30), st.sampled_from(["0.01", "7", "1000000"]))
def test_the_same_path_with_more_or_less_money_has_the_same_figures(path, factor):
    small = readings(*((day / 2, str(equity)) for day, equity in enumerate(path)))
    large = readings(*((day / 2, str(e * Decimal(factor))) for day, e in enumerate(path)))
    one, other = summarise(small, []), summarise(large, [])
    for name in ("total_return", "max_drawdown", "sharpe", "sortino"):
        figure, scaled = getattr(one, name), getattr(other, name)
        assert (figure is None) == (scaled is None)
        assert figure is None or figure == pytest.approx(scaled, rel=1e-6, abs=1e-9)


@given(
    st.lists(
        st.tuples(st.decimals("0.5", "2", places=3), st.decimals("-500", "5000", places=2)),
        min_size=1,
        max_size=15,
    )
)
def test_whatever_is_paid_in_or_out_the_return_is_that_of_the_market(steps):
    equity, transfers, expected = Decimal(10_000), Decimal(0), 1.0
    rows: list[tuple[float, str, str]] = [(0, str(equity), "0")]
    for number, (change, flow) in enumerate(steps):
        expected *= float(change)
        equity *= change
        rows.append((number + 1.0, str(equity), str(transfers)))
        flow = max(flow, -equity / 2)
        equity, transfers = equity + flow, transfers + flow
        rows.append((number + 1.5, str(equity), str(transfers)))
    path = readings(*rows)
    assert compute_total_return(path) == pytest.approx(expected - 1, rel=1e-9, abs=1e-9)
    compounded = math.prod(1 + item.value for item in compute_daily_returns(path))
    assert compounded == pytest.approx(expected, rel=1e-9)


@given(st.lists(MONEY, min_size=2, max_size=60))
def test_weeks_and_months_compound_to_the_same_growth_as_days(path):
    days = compute_daily_returns(readings(*((day, str(equity)) for day, equity in enumerate(path))))
    growth = math.prod(1 + item.value for item in days)
    for periods in (compute_weekly_returns(days), compute_monthly_returns(days)):
        assert math.prod(1 + item.value for item in periods) == pytest.approx(growth, rel=1e-9)
