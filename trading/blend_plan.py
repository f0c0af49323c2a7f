"""Who decides together: the strategies of a blend, their weights and the regimes they are for.

Records only; what they mean is in `trading.regime` and `trading.blend` (docs/strategies.md). Weights
count against each other, so 2 and 1 is the same as 1 and 0.5; ratios are fractions of one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from trading.errors import InvalidRecord
from trading.timeframes import Timeframe
from trading.units import ONE, ZERO

BLEND = "blend"
"""In the place of a strategy's name: several strategies decide together."""
MOST_MEMBERS = 20
LARGEST_WEIGHT = Decimal(1000)


class Regime(StrEnum):
    """What an instrument has been doing lately."""

    TRENDING = "trending"
    SIDEWAYS = "sideways"
    VOLATILE = "volatile"
    UNKNOWN = "unknown"
    """Too few candles to say."""


KNOWN_REGIMES = (Regime.TRENDING, Regime.SIDEWAYS, Regime.VOLATILE)
"""Those that a member may be configured for."""


class Allocation(StrEnum):
    """How the size is shared out among the members."""

    WEIGHTS = "weights"
    """By the configured weights alone."""
    INVERSE_VOLATILITY = "inverse_volatility"
    """Weights, and less for the members whose closed trades scatter more."""
    PERFORMANCE = "performance"
    """Weights, and up to twice or half of it by what the closed trades earned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegimeRule:
    """From where on a market counts as trending or volatile; it is left again at a lower level."""

    timeframe: Timeframe = Timeframe.H1
    """Of the candles that are looked at."""
    trend_adx: float = 25.0
    """ADX(14), 0..100."""
    trend_efficiency: float = 0.3
    """Net move over the way that was gone, 0..1."""
    volatile_ratio: float = 1.5
    """Volatility of the last candles over its own median."""

    def __post_init__(self) -> None:
        for name, low, high in (
            ("trend_adx", 5.0, 80.0),
            ("trend_efficiency", 0.05, 0.95),
            ("volatile_ratio", 1.05, 10.0),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise InvalidRecord(f"{name} is {value:g}, allowed is {low:g} to {high:g}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One strategy of a blend."""

    name: str
    """Unique in the blend; the strategy's own name unless it is there twice."""
    strategy: str
    """Name in `trading.strategies.catalogue`."""
    weight: Decimal = ONE
    """Zero: the member is switched off."""
    parameters: Mapping[str, float] = field(default_factory=dict[str, float])
    """Overrides of the strategy's parameters, by name."""
    regimes: tuple[Regime, ...] = ()
    """Those in which it may enter; none: in every one, and also while the regime is unknown."""

    def __post_init__(self) -> None:
        if not (self.weight.is_finite() and ZERO <= self.weight <= LARGEST_WEIGHT):
            raise InvalidRecord(
                f"the weight of member {self.name} is {self.weight}, allowed is 0 to {LARGEST_WEIGHT}"
            )
        if not set(self.regimes) <= set(KNOWN_REGIMES):
            known = ", ".join(KNOWN_REGIMES)
            raise InvalidRecord(f"the regimes of member {self.name} must be some of {known}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Blend:
    """Several strategies that decide together. Kept in the order of names, which decides nothing."""

    members: tuple[Member, ...]
    allocation: Allocation = Allocation.WEIGHTS
    max_share: Decimal = ONE
    """Most of the size that one member may have; what is cut off stays unused."""
    regime: RegimeRule = field(default_factory=RegimeRule)

    def __post_init__(self) -> None:
        names = [member.name for member in self.members]
        if len(set(names)) != len(names):
            raise InvalidRecord("two members of a blend have the same name; give one another name")
        if not any(member.weight > ZERO for member in self.members):
            raise InvalidRecord("a blend needs a member with a weight above 0")
        if len(self.members) > MOST_MEMBERS:
            raise InvalidRecord(f"a blend has at most {MOST_MEMBERS} members")
        if not (self.max_share.is_finite() and ZERO < self.max_share <= ONE):
            raise InvalidRecord(f"max_share is {self.max_share}, allowed is above 0 and up to 1")
        by_name = tuple(sorted(self.members, key=lambda member: member.name))
        object.__setattr__(self, "members", by_name)

    @property
    def working(self) -> tuple[Member, ...]:
        """The members whose weight is not zero."""
        return tuple(member for member in self.members if member.weight > ZERO)
