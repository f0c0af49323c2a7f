"""The `limits` of an account in an accounts file: ranges and words are those of the rules.

Ratios are fractions of one (0.2 is 20 per cent). What is not written has the default of docs/risk.md.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from adapters.config.value_types import Floor, Multiple, Number, Ratio, Switch, Whole
from trading.limit_ranges import LIMITS
from trading.limits import RiskLimits

_DEFAULTS = RiskLimits()
_MOST = 1_000_000_000
"""Of a count: what `trading.limit_ranges` allows."""


def _words(name: str) -> str:
    allowed = LIMITS[name].allowed
    return "true or false" if allowed is None else allowed.words


class LimitsConfig(BaseModel):
    """What risk lets through; what is not written has the default of docs/risk.md."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_leverage: Whole = Field(
        _DEFAULTS.max_leverage, ge=1, le=125, description=_words("max_leverage")
    )
    leverage: Whole = Field(_DEFAULTS.leverage, ge=1, le=125, description=_words("leverage"))
    max_atr_of_margin: Ratio = _DEFAULTS.max_atr_of_margin
    max_margin_ratio: Ratio = _DEFAULTS.max_margin_ratio
    max_position_ratio: Ratio = _DEFAULTS.max_position_ratio
    min_position_ratio: Ratio = _DEFAULTS.min_position_ratio
    max_order_ratio: Ratio | None = Field(None, description=_words("max_order_ratio"))
    max_correlated_ratio: Multiple | None = Field(None, description=_words("max_correlated_ratio"))
    correlation_threshold: Number = Field(
        _DEFAULTS.correlation_threshold, gt=0, le=1, description=_words("correlation_threshold")
    )
    max_positions: Whole = Field(
        _DEFAULTS.max_positions, ge=1, le=_MOST, description=_words("max_positions")
    )
    min_confidence: Number = Field(
        _DEFAULTS.min_confidence, ge=0, lt=1, description=_words("min_confidence")
    )
    turn_confidence_margin: Number = Field(
        _DEFAULTS.turn_confidence_margin, ge=0, le=1, description=_words("turn_confidence_margin")
    )
    turn_hours: Whole = Field(
        _DEFAULTS.turn_hours, ge=0, le=876_000, description=_words("turn_hours")
    )
    cooldown_minutes: Whole = Field(
        _DEFAULTS.cooldown_minutes, ge=0, le=525_600, description=_words("cooldown_minutes")
    )
    max_daily_entries: Whole = Field(
        _DEFAULTS.max_daily_entries, ge=1, le=_MOST, description=_words("max_daily_entries")
    )
    max_daily_loss_ratio: Ratio = _DEFAULTS.max_daily_loss_ratio
    reduce_at_drawdown: Ratio = _DEFAULTS.reduce_at_drawdown
    halt_at_drawdown: Ratio = _DEFAULTS.halt_at_drawdown
    stop_atr_multiple: Number = Field(
        _DEFAULTS.stop_atr_multiple, gt=0, le=20, description=_words("stop_atr_multiple")
    )
    min_reward_to_risk: Floor | None = Field(None, description=_words("min_reward_to_risk"))
    """None: that of the rules for a strategy, 1 for a language model."""
    max_funding_ratio: Ratio = _DEFAULTS.max_funding_ratio
    max_spread_ratio: Ratio = _DEFAULTS.max_spread_ratio
    max_quote_age_seconds: Whole = Field(
        _DEFAULTS.max_quote_age_seconds,
        ge=1,
        le=86_400,
        description=_words("max_quote_age_seconds"),
    )
    max_holding_hours: Whole = Field(
        _DEFAULTS.max_holding_hours, ge=1, le=_MOST, description=_words("max_holding_hours")
    )
    requires_stop: Switch | None = Field(None, description=_words("requires_stop"))
    """None: what the strategy says; only a benchmark may hold without a stop."""
