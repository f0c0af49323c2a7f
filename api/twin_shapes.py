"""A live account beside its paper twin, as the API shows the two; meanings come from the catalogue.

Ratios are fractions of one, `_bps` basis points; what nothing is known of is null, never zero.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from api.shapes import Exact
from trading.performance.catalogue import describe
from trading.performance.catalogue_twins import TWIN_FIGURES


def _figure(name: str) -> Any:
    return Field(description=describe(TWIN_FIGURES[name]))


class TwinSideShape(BaseModel):
    """One of the two accounts."""

    account_id: str
    name: str
    state: str = Field(description="As in `/accounts`.")
    starting_equity: Exact = Field(description="quote: that of the account, not of `since`.")
    equity: Exact | None = Field(description="quote: newest reading. Null: without one.")
    transfers: Exact | None = Field(
        description="quote: deposits minus withdrawals since its start. Null: without a reading."
    )
    total_return: float | None = _figure("total_return")


class TwinEntryShape(BaseModel):
    """One decision to enter, carried out by both."""

    decision_id: UUID = Field(description="Of the live account.")
    twin_decision_id: UUID
    asset: str = Field(description="Base asset.")
    symbol: str = Field(description="The venue's text for the instrument.")
    side: str = Field(description="buy or sell")
    decided_at: datetime = Field(description="Market time.")
    live_quantity: Exact | None = Field(description="base. Null: nothing was filled.")
    live_price: Exact | None = Field(description="quote per base: average. Null: as before.")
    paper_quantity: Exact | None = Field(description="base. Null: nothing was filled.")
    paper_price: Exact | None = Field(description="quote per base: average. Null: as before.")
    tracking_bps: float | None = _figure("tracking_bps")


class TwinShape(BaseModel):
    """A pair with its figures."""

    live: TwinSideShape
    paper: TwinSideShape
    since: datetime | None = _figure("since")
    until: datetime | None = Field(
        description="time: the newest reading that both have. Null: as `since`."
    )
    divergence: float | None = _figure("divergence")
    tracking_bps: float | None = _figure("tracking_bps")
    tracking_cost: Exact | None = _figure("tracking_cost")
    both_filled: int = _figure("both_filled")
    only_live: int = _figure("only_live")
    only_paper: int = _figure("only_paper")
    slippage_bps: float | None = _figure("slippage_bps")
    paper_slippage_bps: float | None = _figure("paper_slippage_bps")
    wanted_sent: int = _figure("wanted_sent")
    wanted_filled: int = _figure("wanted_filled")
    execution_success: float | None = _figure("execution_success")
    orders_sent: int = _figure("orders_sent")
    orders_refused: int = _figure("orders_refused")
    orders_unknown: int = _figure("orders_unknown")
    orders_unreached: int = _figure("orders_unreached")
    error_rate: float | None = _figure("error_rate")
    differences_24h: int | None = _figure("differences_24h")
    frozen: list[str] | None = _figure("frozen")
    real_reconciled_at: datetime | None = _figure("real_reconciled_at")
    newest_entries: list[TwinEntryShape] = Field(description="At most 50, newest first.")
