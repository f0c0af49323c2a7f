"""What is said of each limit of an account: its range, its meaning and where it comes from.

The record (`trading.limits`), the configuration and the documents take it from here, so that they
cannot differ. Ratios are fractions of one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Allowed:
    """The range of a limit: `low` and `high` belong to it unless they are said to be open."""

    low: Decimal
    high: Decimal
    words: str
    """What may be written, as messages say it."""
    is_low_open: bool = False
    is_high_open: bool = False

    def holds(self, value: float | Decimal) -> bool:
        """Whether a number lies in the range; NaN and infinity never do."""
        if not (value.is_finite() if isinstance(value, Decimal) else math.isfinite(value)):
            return False
        above = value > self.low if self.is_low_open else value >= self.low
        return above and (value < self.high if self.is_high_open else value <= self.high)


@dataclass(frozen=True, slots=True)
class About:
    """One limit beside its value."""

    allowed: Allowed | None
    """None for a switch."""
    meaning: str
    source: str
    """Rule, requirement or document that asks for it."""


def _between(low: str, high: str, words: str, **is_open: bool) -> Allowed:
    return Allowed(Decimal(low), Decimal(high), words, **is_open)


_RATIO = _between("0", "1", "a ratio above 0 and up to 1", is_low_open=True)
_COUNT = _between("1", "1e9", "a whole number of 1 or more")

LIMITS: dict[str, About] = {
    "max_leverage": About(
        _between("1", "125", "a whole number from 1 to 125"),
        "most times equity that gross notional may reach after an order",
        "FR-013, FR-059",
    ),
    "leverage": About(
        _between("1", "125", "a whole number from 1 to max_leverage"),
        "what the venue is told for each symbol, unless its bracket or volatility say less",
        "FR-013",
    ),
    "max_atr_of_margin": About(
        _RATIO,
        "most of its margin that a new position may move in one ATR(14) of 1h candles; high"
        " volatility lowers leverage until it fits",
        "seed 003",
    ),
    "max_margin_ratio": About(
        _RATIO, "initial margin of all positions, with fees, over equity", "FR-019"
    ),
    "max_position_ratio": About(
        _RATIO,
        "largest notional of a position over equity; also the exposure per symbol",
        "seed 004",
    ),
    "min_position_ratio": About(_RATIO, "smallest notional of an order over equity", "seed 004"),
    "max_order_ratio": About(
        _RATIO, "largest notional of one order; not written: `max_position_ratio`", "seed 001"
    ),
    "max_correlated_ratio": About(
        _between("0", "125", "a number above 0 and up to 125", is_low_open=True),
        "notional over equity of positions that are one bet; not written: three times"
        " `max_position_ratio`",
        "seed 003",
    ),
    "correlation_threshold": About(
        _RATIO, "correlation of 4h returns from which positions are one bet", "seed 003"
    ),
    "max_positions": About(_COUNT, "open positions at once", "seed 001"),
    "min_confidence": About(
        _between("0", "1", "a ratio from 0 to below 1", is_high_open=True),
        "below it no trade, at it the minimum size, at 1 the maximum",
        "seed 004",
    ),
    "turn_confidence_margin": About(
        _between("0", "1", "a ratio from 0 to 1"),
        "how much more than `min_confidence` a change of direction needs (at most 1 in all)",
        "FR-018",
    ),
    "turn_hours": About(
        _between("0", "876000", "a whole number from 0 to 876000"),
        "how long after its close the direction of a position is remembered for that",
        "FR-018",
    ),
    "cooldown_minutes": About(
        _between("0", "525600", "a whole number from 0 to 525600"),
        "no entry into a symbol for so long after its position was closed",
        "FR-016",
    ),
    "max_daily_entries": About(_COUNT, "entries per UTC day", "seed 004"),
    "max_daily_loss_ratio": About(
        _RATIO, "of the equity at 00:00 UTC; latched until the next day", "seed 004"
    ),
    "reduce_at_drawdown": About(_RATIO, "from the stored equity peak: closes only", "seed 004"),
    "halt_at_drawdown": About(
        _RATIO, "from the same peak: nothing but protection and ways out", "seed 004"
    ),
    "stop_atr_multiple": About(
        _between("0", "20", "a number above 0 and up to 20", is_low_open=True),
        "distance of the default stop in ATR(14) of 1h candles",
        "seed 003",
    ),
    "min_reward_to_risk": About(
        _between("0", "100", "a number from 0 to 100"),
        "distance to the target over distance to the stop, both from the price",
        "rules 3",
    ),
    "max_funding_ratio": About(
        _RATIO, "funding to be paid within the holding time, over notional", "FR-017"
    ),
    "max_spread_ratio": About(_RATIO, "ask less bid over their middle", "seed 003"),
    "max_quote_age_seconds": About(
        _between("1", "86400", "a whole number from 1 to 86400"),
        "market time between the quote and the cycle",
        "seed 003",
    ),
    "max_holding_hours": About(_COUNT, "after that the position is closed", "seed 004"),
    "requires_stop": About(None, "false only for a benchmark", "seed 003"),
}
"""By name, in the order of the documents."""
