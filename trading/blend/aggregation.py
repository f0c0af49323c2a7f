"""From the votes of a blend to one signal. The order of the votes decides nothing.

Direction: the side with more confidence x share behind it; equal sides mean no entry. Confidence:
what is left of the winner after the other side, over the shares of both, so that members who agree
give their mean and any opposition shrinks it. Size: the shares of those who agree, never above one.
Stop: the tightest of theirs. Target: the mean of theirs by share. Leaving: see `wants_out`.
All sums are exact fractions; levels are quote per base.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction

from trading.blend.votes import Stand, Vote
from trading.positions import Direction
from trading.signals import Signal, hold

_STANDS_OF = {Direction.LONG: Stand.LONG, Direction.SHORT: Stand.SHORT}
_OTHER = {Direction.LONG: Direction.SHORT, Direction.SHORT: Direction.LONG}


def aggregate(votes: Sequence[Vote], *, held: Direction, tick: Decimal) -> Signal:
    """The blend's signal; `reason` says how it came about, without the single votes."""
    if wants_out(votes, held):
        return Signal(
            direction=Direction.FLAT,
            confidence=1.0,
            reason=f"out: for it {_names(_leaving(votes))}, as heavy as those who would stay {held}",
        )
    by_side = {
        side: tuple(vote for vote in votes if vote.enters(side))
        for side in (Direction.LONG, Direction.SHORT)
    }
    support = {side: _support(by_side[side]) for side in by_side}
    if not by_side[Direction.LONG] and not by_side[Direction.SHORT]:
        return hold("nobody wants to enter")
    if support[Direction.LONG] == support[Direction.SHORT]:
        return hold("neither side is stronger than the other")
    side = max(by_side, key=lambda each: support[each])
    return _entry(side, by_side[side], by_side[_OTHER[side]], tick)


def wants_out(votes: Iterable[Vote], held: Direction) -> bool:
    """Whether the position's reason is gone: the weight of the owners who leave reaches the rest.

    The rest are the owners who stay (the same side, or no opinion) and the active members who
    want the same side. When in doubt, out. Failed members count on neither side, and a member that
    has no part in the position cannot end it by leaving; it can by wanting the other side.
    """
    if held is Direction.FLAT:
        return False
    leaving = staying = Fraction(0)
    for vote in votes:
        if vote.is_owner and vote.stand is Stand.LEAVE:
            leaving += vote.weight
        elif (vote.is_owner and vote.stand in (Stand.NO_OPINION, _STANDS_OF[held])) or vote.enters(
            held
        ):
            staying += vote.weight
    return leaving > 0 and leaving >= staying


def entering(votes: Iterable[Vote], side: Direction) -> tuple[str, ...]:
    """The names of the members that bring about an entry on that side."""
    if side is Direction.FLAT:
        return ()
    return tuple(sorted(vote.member for vote in votes if vote.enters(side)))


def _entry(
    side: Direction, agreeing: Sequence[Vote], against: Sequence[Vote], tick: Decimal
) -> Signal:
    net = _support(agreeing) - _support(against)
    confidence = float(net / (_shares(agreeing) + _shares(against)))
    size = float(_sized(agreeing))
    reason = f"{side} {confidence:.2f} with {size:.2f} of the size, for it {_names(agreeing)}"
    if against:
        reason += f", against it {_names(against)}"
    return Signal(
        direction=side,
        confidence=confidence,
        reason=reason,
        stop_price=_tightest_stop(side, agreeing),
        take_profit_price=_mean_target(agreeing, tick),
        weight=size,
        scales_in=any(signal.scales_in for signal in _signals(agreeing)),
        adds_in_profit_only=any(signal.adds_in_profit_only for signal in _signals(agreeing)),
    )


def _support(votes: Iterable[Vote]) -> Fraction:
    return sum(
        (vote.share * Fraction(vote.signal.confidence) for vote in votes if vote.signal),
        Fraction(0),
    )


def _shares(votes: Iterable[Vote]) -> Fraction:
    return sum((vote.share for vote in votes), Fraction(0))


def _sized(votes: Iterable[Vote]) -> Fraction:
    """Each member's share, and of it the part that it asks for (a grid asks level by level)."""
    return sum(
        (vote.share * Fraction(vote.signal.weight) for vote in votes if vote.signal), Fraction(0)
    )


def _signals(votes: Iterable[Vote]) -> list[Signal]:
    return [vote.signal for vote in votes if vote.signal is not None]


def _tightest_stop(side: Direction, votes: Iterable[Vote]) -> Decimal | None:
    """The one that is reached first; a member without a stop has no say."""
    stops = [each.stop_price for each in _signals(votes) if each.stop_price is not None]
    if not stops:
        return None
    return max(stops) if side is Direction.LONG else min(stops)


def _mean_target(votes: Iterable[Vote], tick: Decimal) -> Decimal | None:
    """The mean by share, on the tick; it lies between the members' own, so on their side."""
    total = shares = Fraction(0)
    for vote in votes:
        if vote.signal is not None and vote.signal.take_profit_price is not None:
            total += vote.share * Fraction(vote.signal.take_profit_price)
            shares += vote.share
    return round(total / shares / Fraction(tick)) * tick if shares else None


def _leaving(votes: Iterable[Vote]) -> list[Vote]:
    return [vote for vote in votes if vote.is_owner and vote.stand is Stand.LEAVE]


def _names(votes: Iterable[Vote]) -> str:
    return " and ".join(sorted(vote.member for vote in votes))
