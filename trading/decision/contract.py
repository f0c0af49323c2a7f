"""The two forms in which a model may answer. Both end in the same decisions.

`portfolio` is seed 002's list of decisions for all assets, `single` is seed 004's one decision in
percentages. An account chooses one; a reply in the other form is not understood.
"""

from __future__ import annotations

from enum import StrEnum


class Contract(StrEnum):
    """The form of a reply."""

    PORTFOLIO = "portfolio"
    SINGLE = "single"

    @property
    def anchor(self) -> str:
        """The key by which its document is known."""
        return "trade_decisions" if self is Contract.PORTFOLIO else "action"


PORTFOLIO_ACTIONS = ("buy", "sell", "hold")
PORTFOLIO_FIELDS = (
    "asset",
    "action",
    "allocation_usd",
    "tp_price",
    "sl_price",
    "exit_plan",
    "rationale",
)
"""All of them are required."""

SINGLE_ACTIONS = ("open_long", "open_short", "close", "hold")
SINGLE_FIELDS = (
    "action",
    "symbol",
    "leverage",
    "position_size_percent",
    "stop_loss_percent",
    "take_profit_percent",
    "reasoning",
    "confidence",
)
"""All of them are required to open; `SINGLE_FIELDS_TO_STAY` for the rest."""
SINGLE_FIELDS_TO_STAY = ("action", "symbol", "reasoning")
CONDITIONS = "invalidation_conditions"
"""May be there in the single form: a list of conditions that end the position."""

LEVERAGE_RANGE = (1, 25)
SIZE_PERCENT_RANGE = (1, 25)
STOP_PERCENT_RANGE = (-5, -1)
TARGET_PERCENT_RANGE = (3, 15)
CONFIDENCE_RANGE = (0, 1)
"""Those of seed 004. Percentages are of capital (size) and of the price (stop and target)."""
