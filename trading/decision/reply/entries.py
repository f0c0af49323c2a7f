"""What entries become: one verdict per asset, and the decision it stands for.

A side against an open position closes it and opens nothing (FR-018): the other side may come in a
later cycle. Whatever is not understood is a hold that says why.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from trading.conditions import Condition
from trading.decision.reply.mandate import Mandate, Tradable
from trading.decision.reply.outcomes import Outcome
from trading.decisions import Action, TradeDecision
from trading.orders import Side
from trading.positions import Direction
from trading.units import ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetVerdict:
    """One asset: what was made of the reply for it."""

    asset: str
    outcome: Outcome
    sentence: str
    """Why it is held, or a remark to what was accepted; empty where there is nothing to say."""
    decision: TradeDecision


@dataclass(slots=True)
class Entries:
    """What has been read of a document so far."""

    verdicts: dict[str, AssetVerdict] = field(default_factory=dict[str, AssetVerdict])
    """By asset; those that are not in it were not mentioned."""
    problems: list[tuple[Outcome, str]] = field(default_factory=list[tuple[Outcome, str]])
    """What the model should be told, in the order of the reply."""
    dropped: list[str] = field(default_factory=list[str])
    """Assets and fields that mean nothing here."""

    def refuse(self, tradable: Tradable, mandate: Mandate, outcome: Outcome, sentence: str) -> None:
        """Hold the asset, whatever was said of it before."""
        self.problems.append((outcome, sentence))
        self.verdicts[tradable.asset] = held(tradable, mandate, outcome, sentence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """An entry that passed every check of its form."""

    side: Side
    allocation: Decimal
    stop: Decimal | None
    target: Decimal | None
    exit_plan: str
    rationale: str
    confidence: float = 1.0
    conditions: tuple[Condition, ...] = ()


def held(tradable: Tradable, mandate: Mandate, outcome: Outcome, sentence: str) -> AssetVerdict:
    """Nothing changes, for the reason given."""
    return AssetVerdict(
        asset=tradable.asset,
        outcome=outcome,
        sentence=sentence,
        decision=stay(tradable, mandate, rationale=f"Held, nothing changes: {sentence}"),
    )


def stay(
    tradable: Tradable, mandate: Mandate, *, rationale: str, exit_plan: str = ""
) -> TradeDecision:
    """A hold with somebody's words."""
    return _decision(tradable, mandate, Action.HOLD, exit_plan=exit_plan, rationale=rationale)


def leave(
    tradable: Tradable, mandate: Mandate, *, rationale: str, exit_plan: str = ""
) -> TradeDecision:
    """A close of the whole position."""
    return _decision(tradable, mandate, Action.CLOSE, exit_plan=exit_plan, rationale=rationale)


def closes(tradable: Tradable, side: Side) -> bool:
    """Whether an order of that side would be against the open position."""
    return tradable.held is not Direction.FLAT and tradable.held.entry_side is not side


def carry_out(tradable: Tradable, mandate: Mandate, wish: Wish) -> AssetVerdict:
    """The decision that a wish stands for, given what is held."""
    remark = ""
    if closes(tradable, wish.side):
        decision = leave(tradable, mandate, rationale=wish.rationale, exit_plan=wish.exit_plan)
        remark = (
            f"{tradable.asset}: a {wish.side} against the {tradable.held} position closes it; the"
            " other side may be opened in a later cycle."
        )
    else:
        decision = TradeDecision(
            symbol=tradable.symbol,
            action=Action.BUY if wish.side is Side.BUY else Action.SELL,
            allocation_usd=wish.allocation,
            take_profit_price=wish.target,
            stop_price=wish.stop,
            exit_plan=wish.exit_plan,
            rationale=wish.rationale,
            confidence=wish.confidence,
            decided_by=mandate.decided_by,
            exit_conditions=wish.conditions,
        )
    return AssetVerdict(
        asset=tradable.asset, outcome=Outcome.ACCEPTED, sentence=remark, decision=decision
    )


def _decision(
    tradable: Tradable, mandate: Mandate, action: Action, *, exit_plan: str, rationale: str
) -> TradeDecision:
    return TradeDecision(
        symbol=tradable.symbol,
        action=action,
        allocation_usd=ZERO,
        take_profit_price=None,
        stop_price=None,
        exit_plan=exit_plan,
        rationale=rationale,
        confidence=1.0,
        decided_by=mandate.decided_by,
    )
