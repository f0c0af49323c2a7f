"""Votes and outcomes for tests of a blend. Shares are by equal weights unless said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import strategies as st

from trading.blend.allocation import MemberOutcome
from trading.blend.votes import Vote
from trading.positions import Direction
from trading.signals import Signal, hold

TICK = Decimal("0.1")
PRICE = 100
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def entry(side: Direction, confidence: float = 0.8, **more: object) -> Signal:
    """A signal whose stop and target lie five and ten around 100."""
    values: dict[str, object] = {
        "stop_price": Decimal(PRICE - 5 * side.sign),
        "take_profit_price": Decimal(PRICE + 10 * side.sign),
    }
    return Signal(direction=side, confidence=confidence, reason="because", **(values | more))


def leaving() -> Signal:
    return Signal(direction=Direction.FLAT, confidence=1.0, reason="gone")


def vote(name: str, signal: Signal | None, weight: int | Fraction = 1, **more: object) -> Vote:
    values: dict[str, object] = {"is_active": True, "is_owner": False, "share": Fraction(0)}
    return Vote(
        member=name,
        strategy="momentum",
        weight=Fraction(weight),
        signal=signal,
        **(values | more),
    )


def shared(*votes: Vote) -> tuple[Vote, ...]:
    """The votes with the shares of the active ones by weight."""
    total = sum((each.weight for each in votes if each.is_active), Fraction(0))
    return tuple(
        replace(each, share=each.weight / total if each.is_active and total else Fraction(0))
        for each in votes
    )


def scaled(votes: Sequence[Vote], factor: Fraction) -> tuple[Vote, ...]:
    return tuple(replace(each, weight=each.weight * factor) for each in votes)


def outcomes(member: str, *returns: float, last: datetime = NOON) -> list[MemberOutcome]:
    """Closed one hour after another, the last one at `last`."""
    return [
        MemberOutcome(member=member, closed_at=last - timedelta(hours=number), return_ratio=result)
        for number, result in enumerate(reversed(returns))
    ]


confidences = st.floats(0, 1, allow_nan=False)
sides = st.sampled_from([Direction.LONG, Direction.SHORT])
levels = st.integers(1, 90)


@st.composite
def entries(draw: st.DrawFn) -> Signal:
    side = draw(sides)
    return entry(
        side,
        draw(confidences),
        stop_price=draw(st.none() | levels.map(lambda far: PRICE - side.sign * far * TICK)),
        take_profit_price=draw(st.none() | levels.map(lambda far: PRICE + side.sign * far * TICK)),
        weight=draw(st.floats(0, 1)),
        scales_in=draw(st.booleans()),
    )


signals = entries() | st.just(hold("no view")) | st.just(leaving()) | st.none()


@st.composite
def ballots(draw: st.DrawFn, *, most: int = 6) -> tuple[Vote, ...]:
    """Votes with consistent shares; any member may be switched off, own the position or fail."""
    count = draw(st.integers(1, most))
    return shared(
        *(
            vote(
                f"m{number}",
                draw(signals),
                draw(st.fractions("1/100", 100)),
                is_active=draw(st.booleans()),
                is_owner=draw(st.booleans()),
                problem="ValueError: x",
            )
            for number in range(count)
        )
    )
