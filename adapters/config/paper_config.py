"""The shape of the `paper:` section of an account: what its paper book charges and how it fills.

Ratios of fill notional (0.0006 is 6 basis points). A live account ignores it.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from adapters.config.value_types import Amount, Ratio
from trading.paper_terms import (
    MOST_RATIO,
    PaperExecution,
    PaperFees,
    PaperTerms,
    SlippagePolicy,
)

_FEES = PaperFees()
_EXECUTION = PaperExecution()
_RATIO = f"a ratio from 0 to {MOST_RATIO} (0.0006 is 6 basis points)"


class PaperConfig(BaseModel):
    """Costs and fills on paper; what is not written has the default of docs/paper-model.md."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    maker_fee: Amount = Field(_FEES.maker, ge=0, le=MOST_RATIO, description=_RATIO)
    taker_fee: Amount = Field(_FEES.taker, ge=0, le=MOST_RATIO, description=_RATIO)
    slippage: Literal["fixed", "spread", "depth"] = Field(
        _EXECUTION.slippage.value,
        description="one of " + ", ".join(policy.value for policy in SlippagePolicy),
    )
    slippage_ratio: Amount = Field(_FEES.slippage, ge=0, le=MOST_RATIO, description=_RATIO)
    volume_share: Ratio | None = Field(
        _EXECUTION.volume_share,
        description="a ratio above 0 and up to 1 of a candle's volume, or null for all that is asked",
    )


def paper_terms_of(config: PaperConfig) -> PaperTerms:
    """The record of a checked section."""
    return PaperTerms(
        fees=PaperFees(
            maker=config.maker_fee, taker=config.taker_fee, slippage=config.slippage_ratio
        ),
        execution=PaperExecution(
            slippage=SlippagePolicy(config.slippage), volume_share=config.volume_share
        ),
    )
