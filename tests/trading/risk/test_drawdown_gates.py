"""Trading state from the stored peak, and how the peak moves."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.account import TradingState
from trading.limits import RiskLimits
from trading.risk.gates import drawdown, next_peak, trading_state_for

LIMITS = RiskLimits()
PEAK = Decimal(10_000)
MONEY = st.decimals("0.01", "1000000", places=2)


@pytest.mark.parametrize(
    ("equity", "state"),
    [
        ("12000", TradingState.ACTIVE),
        ("8500.01", TradingState.ACTIVE),
        ("8500", TradingState.REDUCING),
        ("8000.01", TradingState.REDUCING),
        ("8000", TradingState.HALTED),
        ("0.01", TradingState.HALTED),
    ],
)
def test_the_state_follows_the_drawdown_both_ways(equity: str, state: TradingState):
    assert trading_state_for(Decimal(equity), PEAK, LIMITS) is state


@pytest.mark.parametrize("broken", [None, Decimal("NaN"), Decimal(0), Decimal(-1), Decimal("Inf")])
def test_unknown_equity_or_peak_is_halted(broken: Decimal | None):
    assert trading_state_for(broken, PEAK, LIMITS) is TradingState.HALTED
    assert trading_state_for(PEAK, broken, LIMITS) is TradingState.HALTED
    assert drawdown(broken, PEAK) is None


def test_the_peak_only_rises_and_a_failed_reading_leaves_it():
    assert next_peak(None, PEAK) == PEAK
    assert next_peak(PEAK, Decimal(11_000)) == Decimal(11_000)
    assert next_peak(PEAK, Decimal(9_000)) == PEAK
    for failed in (None, Decimal("NaN"), Decimal(0)):
        assert next_peak(PEAK, failed) == PEAK


def test_a_withdrawal_is_not_a_drawdown_and_a_deposit_does_not_heal_one():
    # 9000 of a peak of 10000, then half is taken out
    peak = next_peak(PEAK, Decimal(4500), flow=Decimal(-4500))
    assert drawdown(Decimal(4500), peak) == Decimal("0.1")
    peak = next_peak(PEAK, Decimal(18_000), flow=Decimal(9_000))
    assert drawdown(Decimal(18_000), peak) == Decimal("0.1")


@given(st.lists(MONEY, min_size=1, max_size=20))
def test_the_drawdown_stays_between_zero_and_one_along_any_path(path: list[Decimal]):
    peak = None
    for equity in path:
        peak = next_peak(peak, equity)
        fallen = drawdown(equity, peak)
        assert fallen is not None
        assert 0 <= fallen < 1
    assert peak == max(path)
