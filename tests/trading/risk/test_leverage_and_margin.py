"""Leverage by setting, bracket and volatility, and what the margin carries at it."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trading.risk.denial_examples import Build, Hold
from trading.limits import RiskLimits
from trading.risk.checks import check_entry
from trading.risk.leverage_checks import MOST_LEVERAGE, volatility_leverage
from trading.risk.verdict import Approved, DenialCode, Denied, Shrunk

LIMITS = RiskLimits()
PRICE = Decimal(100)


@pytest.mark.parametrize(
    ("atr", "leverage"),
    [(0.5, 20), (2.0, 5), (2.01, 4), (5.0, 2), (5.01, 1), (30.0, 1), (1e-9, MOST_LEVERAGE)],
)
def test_the_more_a_price_moves_the_lower_the_leverage(atr: float, leverage: int):
    assert volatility_leverage(atr, PRICE, LIMITS) == leverage


@given(st.floats(1e-6, 1e6), st.floats(1e-6, 1e6))
def test_more_volatility_never_allows_more_leverage(one: float, other: float):
    calm, wild = sorted((one, other))
    assert volatility_leverage(wild, PRICE, LIMITS) <= volatility_leverage(calm, PRICE, LIMITS)


def test_a_numpy_atr_counts_like_a_python_one():
    assert volatility_leverage(np.float64(2.0), PRICE, LIMITS) == 5


@pytest.mark.parametrize(("atr", "leverage"), [(2.0, 3), (3.34, 2), (6.0, 1)])
def test_whichever_is_lowest_is_what_the_venue_is_told(build: Build, atr: float, leverage: int):
    verdict = check_entry(build(atr=atr))
    assert isinstance(verdict, Approved)
    assert verdict.leverage == leverage
    assert verdict.quantity == 10  # leverage moves the margin, never the quantity


def test_an_addition_in_a_market_too_wild_for_its_leverage_is_denied(build: Build, hold: Hold):
    held = (hold("1", leverage=3),)
    assert isinstance(check_entry(build(positions=held, atr=3.33)), Approved)
    verdict = check_entry(build(positions=held, atr=3.34))
    assert isinstance(verdict, Denied)
    assert (verdict.code, verdict.limit, verdict.actual) == (DenialCode.LEVERAGE, "2", "3")


def rich(build: Build, asked: int, available: str, **more):
    amount = Decimal(200_000)
    names = ("equity", "equity_at_day_start", "lowest_equity_today", "peak_equity")
    return check_entry(
        build(
            decide={"allocation_usd": Decimal(asked)},
            available=Decimal(available),
            **dict.fromkeys(names, amount),
            **more,
        )
    )


def test_a_large_order_gets_the_lower_leverage_of_its_bracket(build: Build):
    # The builder's venue allows 50 times below 20000 and 2 times from there on.
    verdict = rich(build, 30_000, "200000")
    assert type(verdict) is Approved
    assert (verdict.leverage, verdict.notional) == (2, 30_000)


def test_where_margin_is_short_the_bracket_that_carries_most_is_taken(build: Build):
    # 8000 carry 15,974 at 2 times, but nearly 20,000 in the smaller bracket at 3 times.
    verdict = rich(build, 30_000, "8000")
    assert isinstance(verdict, Shrunk)
    assert (verdict.code, verdict.leverage) == (DenialCode.LEVERAGE, 3)
    assert Decimal("19999.8") <= verdict.notional < 20_000


def test_without_any_margin_the_margin_is_what_is_named(build: Build):
    verdict = rich(build, 30_000, "0")
    assert isinstance(verdict, Denied)
    assert verdict.code is DenialCode.MARGIN


def test_margin_that_positions_use_already_counts_with_the_fees_of_the_order(
    build: Build, hold: Hold
):
    # 40 x 100 / 3 = 1333.33 of margin are used; 1500 are allowed.
    held = (hold("40", symbol="ETHUSDT"),)
    verdict = check_entry(build(positions=held, limit={"max_margin_ratio": Decimal("0.15")}))
    assert isinstance(verdict, Shrunk)
    assert verdict.code is DenialCode.MARGIN_USE
    # 166.67 x 3 / (1.0005 x 1.0018) = 498.85..., down to the step of 0.001
    assert verdict.notional == Decimal("498.8")
    full = build(positions=held, limit={"max_margin_ratio": Decimal("0.13")})
    verdict = check_entry(full)
    assert isinstance(verdict, Denied)
    assert verdict.code is DenialCode.MARGIN_USE
