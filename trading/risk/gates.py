"""The drawdown gates: which trading state an equity allows, and how the stored peak moves.

Both are pure functions of stored figures, so a restart changes nothing and a gate opens by itself
when the drawdown improves (seed 004). Missing or broken equity is halted, never "no drawdown".
"""

from __future__ import annotations

from decimal import Decimal
from typing import TypeGuard

from trading.account import TradingState
from trading.limits import RiskLimits
from trading.units import ONE, ZERO


def is_money(amount: Decimal | None) -> TypeGuard[Decimal]:
    """Known, finite and above zero: the only equity that a limit can be measured against."""
    return amount is not None and amount.is_finite() and amount > ZERO


def is_number(amount: Decimal | None) -> TypeGuard[Decimal]:
    """Known and finite, whatever its sign."""
    return amount is not None and amount.is_finite()


def drawdown(equity: Decimal | None, peak: Decimal | None) -> Decimal | None:
    """One minus equity over peak, a ratio from 0 (at or above the peak); None when unknown."""
    if not is_money(equity) or not is_money(peak):
        return None
    return max(ZERO, ONE - equity / peak)


def trading_state_for(
    equity: Decimal | None, peak: Decimal | None, limits: RiskLimits
) -> TradingState:
    """What the drawdown from the stored peak allows; unknown equity or peak is halted.

    A new account has no peak yet: pass its starting equity through `next_peak` first.
    """
    fallen = drawdown(equity, peak)
    if fallen is None or fallen >= limits.halt_at_drawdown:
        return TradingState.HALTED
    if fallen >= limits.reduce_at_drawdown:
        return TradingState.REDUCING
    return TradingState.ACTIVE


def next_peak(
    peak: Decimal | None, equity: Decimal | None, *, flow: Decimal = ZERO
) -> Decimal | None:
    """The peak to store after a reading of equity (quote).

    `flow` is what was deposited (positive) or withdrawn since the last reading and is contained
    in `equity`. The peak moves in proportion, so a flow neither heals nor deepens a drawdown. A
    failed reading leaves the peak as it is.
    """
    if not is_money(equity):
        return peak
    if not is_money(peak):
        return equity
    before = equity - flow
    moved = peak * (equity / before) if flow != ZERO and before > ZERO else peak
    return max(moved, equity)
