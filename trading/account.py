"""An account: one agent, its money, its limits and its schedule. Holds references, never secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum

from trading.errors import InvalidRecord
from trading.limits import RiskLimits
from trading.timeframes import Timeframe
from trading.units import ZERO

ACCOUNT_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


class AgentKind(StrEnum):
    """Who decides."""

    RULE = "rule"
    LLM = "llm"
    BENCHMARK = "benchmark"


class Mode(StrEnum):
    """Never changes by itself."""

    PAPER = "paper"
    LIVE = "live"


class AccountStatus(StrEnum):
    """What the operator set."""

    ACTIVE = "active"
    PAUSED = "paused"
    STOPPED = "stopped"


class TradingState(StrEnum):
    """What risk set: `reducing` closes only, `halted` sends nothing but protection."""

    ACTIVE = "active"
    REDUCING = "reducing"
    HALTED = "halted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Configuration of one account, as versioned in the store."""

    id: str
    name: str
    kind: AgentKind
    strategy: str
    """Name in `trading.strategies.catalogue`."""
    parameters: Mapping[str, float] = field(default_factory=dict[str, float])
    """Overrides of the strategy's parameters, by name."""
    assets: tuple[str, ...]
    """Base assets, e.g. ("BTC", "ETH")."""
    interval: Timeframe
    """How often the account decides."""
    mode: Mode = Mode.PAPER
    venue: str = "paper"
    initial_equity: Decimal = Decimal(10_000)
    """Quote; the immutable baseline of a paper account."""
    limits: RiskLimits = field(default_factory=RiskLimits)

    def __post_init__(self) -> None:
        if ACCOUNT_ID.fullmatch(self.id) is None:
            raise InvalidRecord(
                f"account id {self.id!r} must be 1 to 64 characters of a-z, 0-9, _ and -, starting with a letter or digit"
            )
        if not self.assets:
            raise InvalidRecord(f"account {self.id} has no assets")
        if len(set(self.assets)) != len(self.assets):
            raise InvalidRecord(f"account {self.id} names an asset twice")
        if self.initial_equity <= ZERO:
            raise InvalidRecord(f"account {self.id}: initial_equity must be positive")

    @property
    def max_holding(self) -> timedelta:
        return timedelta(hours=self.limits.max_holding_hours)
