"""Fills that a person has to hear of: liquidation, auto-deleveraging, fees that no figure has.

All in the transaction that books them: a fill is new once only.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from adapters.store.alerts import AlertSeverity, clear_alert, open_alerts, raise_alert
from tasks.stopping import stop_account_in
from trading.account import Mode
from trading.orders import Fill, FillCause
from trading.units import plain

if TYPE_CHECKING:
    from tasks.cycle import Cycle

AUTO_DELEVERAGED = "auto_deleveraged"
TOLD_FOR = timedelta(hours=1)
"""How long the alert stays after the last such fill."""


def review_fills(conn: Connection, cycle: Cycle, fills: Sequence[Fill]) -> None:
    """A live account that was liquidated, or pays fees in another asset, is paused for review;
    auto-deleveraging raises an alert."""
    if cycle.account.mode is not Mode.LIVE:
        return
    liquidated = [fill for fill in fills if fill.cause is FillCause.LIQUIDATION]
    if liquidated:
        stop_account_in(conn, cycle, f"it was liquidated: {_words(cycle, liquidated)}")
    unpriced = [fill for fill in fills if fill.foreign_fee is not None]
    if unpriced:
        stop_account_in(conn, cycle, _why_unpriced(unpriced))
    deleveraged = [fill for fill in fills if fill.cause is FillCause.ADL]
    if deleveraged:
        _tell_deleveraged(conn, cycle, deleveraged)
    else:
        _clear_when_old(conn, cycle)


def _why_unpriced(fills: Sequence[Fill]) -> str:
    paid = ", ".join(f"{fill.foreign_fee} (fill {fill.trade_id})" for fill in fills[:3])
    more = f" and {len(fills) - 3} more" if len(fills) > 3 else ""
    return (
        f"fees are paid in another asset, {paid}{more}, which no figure here has in it; switch off"
        " paying fees in another asset at the venue (fee settings)"
    )


def _tell_deleveraged(conn: Connection, cycle: Cycle, fills: Sequence[Fill]) -> None:
    raise_alert(
        conn,
        code=AUTO_DELEVERAGED,
        severity=AlertSeverity.WARNING,
        sentence=f"The venue has auto-deleveraged {cycle.account.id}: {_words(cycle, fills)}."
        " Its protection follows what is left.",
        account_id=cycle.account.id,
        at=cycle.as_of,
    )


def _clear_when_old(conn: Connection, cycle: Cycle) -> None:
    account_id, now = cycle.account.id, datetime.now(UTC)
    for alert in open_alerts(conn, code=AUTO_DELEVERAGED):
        if alert.account_id == account_id and now - alert.real_seen_at > TOLD_FOR:
            clear_alert(conn, code=AUTO_DELEVERAGED, account_id=account_id, at=cycle.as_of)


def _words(cycle: Cycle, fills: Sequence[Fill]) -> str:
    return ", ".join(
        f"{fill.side} {plain(fill.quantity)} {cycle.assets.of(fill.symbol)} at {plain(fill.price)}"
        for fill in fills
    )
