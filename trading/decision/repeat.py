"""A decision of a live account as its paper twin repeats it: everything the same but the size.

The two accounts hold different money, so the notional keeps its share of the equity:
allocation x own equity / equity with which the original decided. What risk, exits and the paper
venue make of it is the twin's own.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_CEILING, Decimal

from trading.decisions import Action, TradeDecision, hold_of
from trading.units import ZERO, plain, round_down

CENT = Decimal("0.01")


def decider_of_twin(original_id: str) -> str:
    """Who decides for a twin, as its records say it."""
    return f"twin of {original_id}"


def repeat_decision(
    decision: TradeDecision,
    *,
    original_id: str,
    original_equity: Decimal | None,
    own_equity: Decimal,
    min_position_ratio: Decimal,
) -> TradeDecision:
    """The twin's decision; equities are quote, None when the original's was not stored.

    A hold that says why when the entry cannot be sized.
    """
    same = replace(decision, decided_by=decider_of_twin(original_id))
    if decision.action not in (Action.BUY, Action.SELL):
        return same
    if original_equity is None or original_equity <= ZERO or not _is_some(own_equity):
        known = "not known" if original_equity is None else plain(original_equity)
        return hold_of_twin(
            decision.symbol,
            original_id=original_id,
            why=f"its {decision.action} cannot be sized: its equity was {known}, the twin's is"
            f" {plain(own_equity)}",
        )
    allocation = round_down(decision.allocation_usd * own_equity / original_equity, CENT)
    smallest = (own_equity * min_position_ratio).quantize(CENT, rounding=ROUND_CEILING)
    if decision.allocation_usd >= original_equity * min_position_ratio:
        # Rounding down must not push an order of the smallest size under the smallest size.
        allocation = max(allocation, smallest)
    return replace(same, allocation_usd=allocation)


def hold_of_twin(symbol: str, *, original_id: str, why: str) -> TradeDecision:
    """Nothing changes, because there is nothing to repeat."""
    return hold_of(
        symbol,
        rationale=f"Nothing to repeat of {original_id}: {why}.",
        decided_by=decider_of_twin(original_id),
        confidence=0.0,
    )


def _is_some(equity: Decimal) -> bool:
    return equity.is_finite() and equity > ZERO
