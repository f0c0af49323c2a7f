"""The shape of the `exits:` section of an account: tiers of the trailing stop, and the pullback.

Ratios of leverage-adjusted profit (0.08 is 8 %). What depends on another key (rising tiers, a stop
below its profit) is checked by the record itself, `trading.exit_settings`.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from adapters.config.value_types import Amount, Ratio
from trading.exit_settings import DEFAULT_TIERS, MOST_TIERS, ExitSettings, Tier

_DEFAULTS = ExitSettings()


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TierConfig(_Strict):
    """One tier: at `profit` the stop moves to where `stop` is kept."""

    profit: Amount = Field(gt=0, le=2, description="a ratio above 0 and up to 2 (0.08 is 8 %)")
    stop: Amount = Field(ge=0, lt=2, description="a ratio from 0 to below its profit")


class ExitsConfig(_Strict):
    """How profits are let run; what is not written has the default of docs/exits.md."""

    tiers: list[TierConfig] = Field(
        default_factory=lambda: [TierConfig(profit=t.profit, stop=t.stop) for t in DEFAULT_TIERS],
        max_length=MOST_TIERS,
        description=f"a list of at most {MOST_TIERS} mappings with profit and stop, both rising",
    )
    pullback: Ratio | None = Field(
        _DEFAULTS.pullback, description="a ratio above 0 and up to 1, or null for none"
    )


def exit_settings_of(config: ExitsConfig) -> ExitSettings:
    """The settings of a section. Raises `InvalidRecord` that begins with the key at fault."""
    return ExitSettings(
        tiers=tuple(Tier(profit=tier.profit, stop=tier.stop) for tier in config.tiers),
        pullback=config.pullback,
    )
