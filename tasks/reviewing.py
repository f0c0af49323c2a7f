"""Fills that no order of ours explains and that a person has to hear of: liquidation and ADL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from adapters.store.alerts import AlertSeverity, clear_alert, open_alerts, raise_alert
from tasks.resources import store_engine
from tasks.stopping import stop_account
from trading.account import Mode
from trading.orders import Fill, FillCause
from trading.units import plain

if TYPE_CHECKING:
    from tasks.cycle import Cycle

AUTO_DELEVERAGED = "auto_deleveraged"
TOLD_FOR = timedelta(hours=1)
"""How long the alert stays after the last such fill."""


def review_fills(cycle: Cycle, fills: Sequence[Fill]) -> None:
    """A liquidated live account is paused for review; auto-deleveraging raises an alert."""
    if cycle.account.mode is not Mode.LIVE:
        return
    liquidated = [fill for fill in fills if fill.cause is FillCause.LIQUIDATION]
    if liquidated:
        stop_account(cycle, f"it was liquidated: {_words(cycle, liquidated)}")
    deleveraged = [fill for fill in fills if fill.cause is FillCause.ADL]
    if deleveraged:
        _tell_deleveraged(cycle, deleveraged)
    else:
        _clear_when_old(cycle)


def _tell_deleveraged(cycle: Cycle, fills: Sequence[Fill]) -> None:
    with store_engine().begin() as conn:
        raise_alert(
            conn,
            code=AUTO_DELEVERAGED,
            severity=AlertSeverity.WARNING,
            sentence=f"The venue has auto-deleveraged {cycle.account.id}: {_words(cycle, fills)}."
            " Its protection follows what is left.",
            account_id=cycle.account.id,
            at=cycle.as_of,
        )


def _clear_when_old(cycle: Cycle) -> None:
    account_id, now = cycle.account.id, datetime.now(UTC)
    with store_engine().begin() as conn:
        for alert in open_alerts(conn, code=AUTO_DELEVERAGED):
            if alert.account_id == account_id and now - alert.real_seen_at > TOLD_FOR:
                clear_alert(conn, code=AUTO_DELEVERAGED, account_id=account_id, at=cycle.as_of)


def _words(cycle: Cycle, fills: Sequence[Fill]) -> str:
    return ", ".join(
        f"{fill.side} {plain(fill.quantity)} {cycle.assets.of(fill.symbol)} at {plain(fill.price)}"
        for fill in fills
    )
