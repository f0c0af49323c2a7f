"""The opinion of a blend about one instrument: detect the regime, ask the members, count the votes.

A member is asked with the position that is its own: only who voted for a position can say that its
reason is gone. A member that raises is named in its vote and stops nobody else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from trading.blend.aggregation import aggregate, entering
from trading.blend.allocation import MemberOutcome, allocate, member_weights
from trading.blend.votes import Stand, Vote
from trading.blend_plan import Blend, Member, Regime
from trading.market import MarketView
from trading.positions import Direction
from trading.regime.detection import RegimeReading, detect_regime
from trading.signals import Signal
from trading.strategies.catalogue import build_parameters, find_strategy

_LONGEST_PROBLEM = 200
"""Characters; an error may quote what it was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlendOpinion:
    """The signal, and all that it came from."""

    signal: Signal
    """Its reason is the whole story in words: outcome, regime, every vote."""
    regime: RegimeReading
    votes: tuple[Vote, ...]
    """Of all members with a weight, in the order of names."""

    @property
    def failures(self) -> tuple[str, ...]:
        """The members that raised, with why."""
        return tuple(vote.words for vote in self.votes if vote.stand is Stand.FAILED)


def blend_opinion(
    blend: Blend,
    view: MarketView,
    *,
    held: Direction,
    owners: Set[str] | None = None,
    outcomes: Iterable[MemberOutcome] = (),
) -> BlendOpinion:
    """What the members together want.

    `owners` are the members that brought about the position held now. None, or none of them still
    a member: nobody knows, so every member answers for it. `outcomes` later than the quote are not
    looked at.
    """
    regime = detect_regime(view.windows.get(blend.regime.timeframe), blend.regime)
    own = _owners(blend, held, owners)
    active = [each for each in blend.working if _is_active(each, regime.regime)]
    weights = member_weights(blend, outcomes, view.quote.at)
    shares = allocate(weights, [each.name for each in active], Fraction(blend.max_share))
    votes = tuple(
        _ask(
            member,
            view,
            held=held if member.name in own else Direction.FLAT,
            weight=weights[member.name],
            share=shares.get(member.name, Fraction(0)),
            regime=regime.regime,
        )
        for member in blend.working
    )
    signal = aggregate(votes, held=held, tick=view.instrument.tick_size)
    return BlendOpinion(signal=_told(signal, regime, votes), regime=regime, votes=votes)


def opinion_document(opinion: BlendOpinion) -> Mapping[str, Any]:
    """Regime and votes as they are stored with the decision; ratios as numbers."""
    regime = opinion.regime
    return {
        "regime": {
            "name": regime.regime,
            "adx": regime.adx,
            "efficiency": regime.efficiency,
            "volatility": regime.volatility,
        },
        "agreeing": list(entering(opinion.votes, opinion.signal.direction)),
        "votes": [
            {
                "member": vote.member,
                "strategy": vote.strategy,
                "stand": vote.stand,
                "confidence": None if vote.signal is None else vote.signal.confidence,
                "share": float(vote.share),
                "reason": vote.problem if vote.signal is None else vote.signal.reason,
            }
            for vote in opinion.votes
        ],
    }


def _owners(blend: Blend, held: Direction, owners: Set[str] | None) -> Set[str]:
    names = {member.name for member in blend.working}
    if held is Direction.FLAT:
        return set()
    return (names & (owners or set())) or names


def _is_active(member: Member, regime: Regime) -> bool:
    return not member.regimes or regime in member.regimes


def _ask(
    member: Member,
    view: MarketView,
    *,
    held: Direction,
    weight: Fraction,
    share: Fraction,
    regime: Regime,
) -> Vote:
    is_active = _is_active(member, regime)
    is_owner = held is not Direction.FLAT
    signal, problem = None, f"only while {' or '.join(member.regimes)}"
    if is_active or is_owner:
        strategy = find_strategy(member.strategy)
        try:
            parameters = build_parameters(strategy, member.parameters)
            signal = strategy.signal(view, parameters, held)
        except Exception as error:  # noqa: BLE001 - whatever a member does, the others go on
            problem = f"{type(error).__name__}: {error}"[:_LONGEST_PROBLEM]
    return Vote(
        member=member.name,
        strategy=member.strategy,
        weight=weight,
        share=share,
        is_active=is_active,
        is_owner=is_owner,
        signal=signal,
        problem="" if signal is not None else problem,
    )


def _told(signal: Signal, regime: RegimeReading, votes: Iterable[Vote]) -> Signal:
    told = "; ".join(vote.words for vote in votes)
    return replace(signal, reason=f"{signal.reason}; regime {regime.words}; votes: {told}")
