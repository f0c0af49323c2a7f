"""Fills that no order of ours explains and that a person has to hear of: liquidation and ADL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from adapters.store.alerts import AlertSeverity, raise_alert
from tasks.resources import store_engine
from tasks.stopping import stop_account
from trading.account import Mode
from trading.orders import Fill, FillCause
from trading.units import plain

if TYPE_CHECKING:
    from tasks.cycle import Cycle

AUTO_DELEVERAGED = "auto_deleveraged"


def review_fills(cycle: Cycle, fills: Sequence[Fill]) -> None:
    """A liquidated live account is paused for review; auto-deleveraging raises an alert."""
    if cycle.account.mode is not Mode.LIVE:
        return
    liquidated = [fill for fill in fills if fill.cause is FillCause.LIQUIDATION]
    if liquidated:
        stop_account(cycle, f"it was liquidated: {_words(cycle, liquidated)}")
    deleveraged = [fill for fill in fills if fill.cause is FillCause.ADL]
    if deleveraged:
        with store_engine().begin() as conn:
            raise_alert(
                conn,
                code=AUTO_DELEVERAGED,
                severity=AlertSeverity.WARNING,
                sentence=f"The venue has auto-deleveraged {cycle.account.id}:"
                f" {_words(cycle, deleveraged)}. Its protection follows what is left.",
                account_id=cycle.account.id,
                at=cycle.as_of,
            )


def _words(cycle: Cycle, fills: Sequence[Fill]) -> str:
    return ", ".join(
        f"{fill.side} {plain(fill.quantity)} {cycle.assets.of(fill.symbol)} at {plain(fill.price)}"
        for fill in fills
    )
