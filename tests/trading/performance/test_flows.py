"""Deposits and withdrawals: they change no return; what the money earned is another figure."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trading.performance.figure_builders import daily, readings
from trading.performance.drawdown import compute_drawdown
from trading.performance.returns import compute_daily_returns
from trading.performance.summary import summarise
from trading.performance.total_return import compute_total_return


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
    equity = summarise(path, []).equity
    assert equity.total_return == pytest.approx(1.1 * 0.9 * 1.1 - 1)
    assert equity.max_drawdown == pytest.approx(0.1)
    assert [item.value for item in equity.daily_returns] == pytest.approx([0.1, -0.1, 0.1])
    assert (equity.net_pnl, equity.transfers) == (Decimal(-60), Decimal(-4000))


def test_flows_alone_leave_the_return_at_exactly_zero():
    path = readings((0, "100"), (1, "1100", "1000"), (2, "33.33", "-66.67"), (3, "50", "-50"))
    assert compute_total_return(path) == 0.0
    assert compute_drawdown(path).depth == 0.0


def test_without_flows_money_and_time_weighted_return_are_the_same():
    equity = summarise(daily(10_000, 10_500, 11_000), []).equity
    assert equity.money_weighted_return == pytest.approx(0.1)
    assert equity.total_return == pytest.approx(0.1)


def test_the_money_weighted_return_counts_a_deposit_for_the_time_it_was_there():
    # 10000 for four days, 10000 more for the last two: on average 15000, and they lost 1500
    path = readings((0, "10000"), (2, "20000", "10000"), (4, "18500", "10000"))
    equity = summarise(path, []).equity
    assert equity.net_pnl == Decimal(-1500)
    assert equity.money_weighted_return == pytest.approx(-0.1)
    assert equity.total_return == pytest.approx(-0.075)


def test_a_single_reading_has_earned_nothing_on_its_money():
    equity = summarise(daily(10_000), []).equity
    assert (equity.total_return, equity.money_weighted_return) == (0.0, 0.0)


def test_money_that_was_never_there_has_no_money_weighted_return():
    assert summarise(daily(0, 10), []).equity.money_weighted_return is None


def test_something_earned_without_money_to_earn_it_on_has_no_return():
    for path in (
        daily(0, 10),
        daily(-5, 10),
        readings((0, "100"), (1, "0", "-100"), (2, "5", "-100")),
    ):
        assert compute_total_return(path) is None
        assert compute_daily_returns(path) == ()


def test_an_account_that_was_emptied_and_filled_again_keeps_its_return():
    path = readings(
        (0, "100"),
        (1, "110"),
        (2, "0", "-110"),
        (3, "0", "-110"),
        (4, "50", "-60"),
        (5, "55", "-60"),
    )
    assert compute_total_return(path) == pytest.approx(1.1 * 1.1 - 1)
    assert [item.value for item in compute_daily_returns(path)] == pytest.approx(
        [0.1, 0, 0, 0, 0.1]
    )


FLOWS = st.lists(
    st.tuples(st.decimals("0.5", "2", places=3), st.decimals("-500", "5000", places=2)),
    min_size=1,
    max_size=15,
)


@given(FLOWS)
def test_whatever_is_paid_in_or_out_every_figure_of_growth_is_that_of_the_market(steps):
    equity, transfers = Decimal(10_000), Decimal(0)
    rows: list[tuple[float, str, str]] = [(0, str(equity), "0")]
    market = [Decimal(1)]
    for number, (change, wanted) in enumerate(steps):
        equity *= change
        market += [market[-1] * change] * 2
        rows.append((number + 1.0, str(equity), str(transfers)))
        flow = max(wanted, -equity / 2)
        equity, transfers = equity + flow, transfers + flow
        rows.append((number + 1.5, str(equity), str(transfers)))
    without = readings(*((row[0], str(value)) for row, value in zip(rows, market, strict=True)))
    one, other = summarise(readings(*rows), []), summarise(without, [])
    assert one.equity.total_return == pytest.approx(float(market[-1]) - 1, rel=1e-9, abs=1e-9)
    assert one.equity.max_drawdown == pytest.approx(other.equity.max_drawdown, abs=1e-9)
    pairs = zip(one.equity.daily_returns, other.equity.daily_returns, strict=True)
    assert all(a.value == pytest.approx(b.value, abs=1e-9) for a, b in pairs)
    compounded = math.prod(1 + item.value for item in one.equity.daily_returns)
    assert compounded == pytest.approx(float(market[-1]), rel=1e-9)
