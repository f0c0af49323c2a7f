"""Decisions: what the decider of an account chose for each asset, before risk has spoken."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from trading.conditions import Condition
from trading.units import ZERO

LONGEST_TEXT = 64 * 1024
"""Characters in all words of a decision: what a whole reply may have in bytes (rules.md 5.1)."""


class Action(StrEnum):
    """`buy` and `sell` open or add in that direction; `close` leaves the position at market."""

    BUY = "buy"
    SELL = "sell"
    HOLD = "hold"
    CLOSE = "close"


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeDecision:
    """One asset's decision. `allocation_usd` is notional (quote), never margin."""

    symbol: str
    action: Action
    allocation_usd: Decimal
    take_profit_price: Decimal | None
    stop_price: Decimal | None
    exit_plan: str
    rationale: str
    confidence: float
    """0..1; rule agents state it, a model may leave 1."""
    decided_by: str
    """Strategy name or model."""
    takes_stop: bool = True
    """False only for benchmark agents that hold without a stop (buy & hold), by configuration."""
    exit_conditions: tuple[Condition, ...] = ()
    """Any of them ends the position; made by `plan_conditions`. The words of `exit_plan` do not."""


def hold_of(
    symbol: str, *, rationale: str, decided_by: str, confidence: float = 1.0
) -> TradeDecision:
    """A decision that changes nothing, with its reason."""
    return TradeDecision(
        symbol=symbol,
        action=Action.HOLD,
        allocation_usd=ZERO,
        take_profit_price=None,
        stop_price=None,
        exit_plan="",
        rationale=rationale,
        confidence=confidence,
        decided_by=decided_by,
    )


def refuse_too_long(decision: TradeDecision) -> TradeDecision:
    """The decision, or a hold that says why when its words exceed `LONGEST_TEXT`.

    As with a reply that is too long: it is not cut and then acted on, it is not acted on.
    """
    length = len(decision.rationale) + len(decision.exit_plan)
    if length <= LONGEST_TEXT:
        return decision
    return replace(
        decision,
        action=Action.HOLD,
        allocation_usd=ZERO,
        take_profit_price=None,
        stop_price=None,
        exit_plan="",
        exit_conditions=(),
        rationale=f"Refused, nothing changes: the words of this {decision.action} have {length:,}"
        f" characters, at most {LONGEST_TEXT:,} are allowed.",
    )
