"""What a reply is read against: the raw reply, and what the account may trade right now.

Prices are quote per base, money is quote. `None` is unknown, never zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from trading.errors import InvalidRecord
from trading.positions import Direction
from trading.timeframes import Timeframe


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer as the provider gave it, in its parts."""

    content: str | None
    finish_reason: str | None = None
    """The provider's word; None where it gives none."""
    refusal: str | None = None
    """What the provider put into its field for refusals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tradable:
    """One instrument that the account may trade, as it stands."""

    asset: str
    """Base asset, as the contract and the context name it."""
    symbol: str
    quote: str = "USDT"
    price: Decimal | None
    """Now; stop and target are measured against it."""
    held: Direction = Direction.FLAT

    @property
    def names(self) -> tuple[str, ...]:
        """How the single-agent format may spell it: BTC/USDT, BTCUSDT or BTC."""
        return (f"{self.asset}/{self.quote}", self.symbol, self.asset)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mandate:
    """All that the account may trade in this cycle, and who decides."""

    tradables: tuple[Tradable, ...]
    decided_by: str
    """Model, as it is shown beside the decision."""
    capital: Decimal | None = None
    """Equity; the single-agent format states sizes as a percentage of it."""
    candles_read: Mapping[Timeframe, int] = field(default_factory=dict[Timeframe, int])
    """Closed candles that exits look at, by timeframe: what a condition may speak of."""

    def __post_init__(self) -> None:
        if not self.tradables:
            raise InvalidRecord("a mandate without anything to trade cannot be asked about")
        if len({each.asset for each in self.tradables}) != len(self.tradables):
            raise InvalidRecord("a mandate names an asset twice")

    @property
    def assets(self) -> tuple[str, ...]:
        return tuple(each.asset for each in self.tradables)

    @property
    def held(self) -> dict[str, Direction]:
        """Open positions, by each name that their asset may have."""
        return {
            name: each.held
            for each in self.tradables
            if each.held is not Direction.FLAT
            for name in each.names
        }
