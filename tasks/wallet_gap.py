"""The record of a live account must make its venue's wallet.

Where it does not, with all that is new booked, something was listed late or not at all: the last day
is read again, and what is still missing then is told until it is found.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from adapters.store.alerts import AlertSeverity, clear_alert, open_alerts, raise_alert
from tasks.account_state import AccountState, reconcile_once
from tasks.cycle import Cycle
from tasks.resources import store_engine
from tasks.run_log import run_log
from trading.account import Mode
from trading.errors import VenueError
from trading.units import ZERO, plain

WALLET_GAP = "wallet_gap"
LOOK_EVERY = timedelta(minutes=5)
"""A gap that was told is looked for again this often: a day of the ledger costs weight."""
READINGS = 3
REREAD_SECONDS = 2.5
TOLD_FROM = Decimal("0.001")
"""Quote: what rounding of many lines may come to is not told."""


async def settle_wallet(cycle: Cycle, state: AccountState) -> AccountState:
    """Look for what the record of a live account lacks; tell of what is not found.

    At the end of a cycle: no way out waits for it. A new gap may be a list that lags, so it is read
    a few times; one that was told is looked for every `LOOK_EVERY`.
    """
    if cycle.account.mode is not Mode.LIVE:
        return state
    told_at = _told_at(cycle)
    if state.wallet_gap != ZERO and told_at is not None and _now() - told_at < LOOK_EVERY:
        return state
    for _ in range(READINGS if told_at is None else 1):
        if state.wallet_gap == ZERO:
            break
        await asyncio.sleep(REREAD_SECONDS)
        try:
            state, _ = await reconcile_once(cycle, has_gap=True)
        except VenueError as refused:
            run_log().info("%s: its wallet is looked into later: %s", cycle.account.id, refused)
            return state
    if abs(state.wallet_gap) >= TOLD_FROM:
        _tell(cycle, state.wallet_gap)
    elif told_at is not None:
        _clear(cycle)
    return state


def _told_at(cycle: Cycle) -> datetime | None:
    """When an open alert was last found to be so."""
    with store_engine().connect() as conn:
        found = open_alerts(conn, code=WALLET_GAP)
    mine = (each.real_seen_at for each in found if each.account_id == cycle.account.id)
    return next(mine, None)


def _now() -> datetime:
    return datetime.now(UTC)


def _clear(cycle: Cycle) -> None:
    with store_engine().begin() as conn:
        clear_alert(conn, code=WALLET_GAP, account_id=cycle.account.id, at=cycle.as_of)
    run_log().info("%s: its record makes the venue's wallet again.", cycle.account.id)


def _tell(cycle: Cycle, gap: Decimal) -> None:
    account_id = cycle.account.id
    sentence = (
        f"The venue's wallet of {account_id} is {plain(abs(gap))} USDT"
        f" {'more' if gap > ZERO else 'less'} than its booked fills, fees, funding and transfers"
        " make; what explains it is not listed by the venue, so its results are off by that."
    )
    with store_engine().begin() as conn:
        raise_alert(
            conn,
            code=WALLET_GAP,
            severity=AlertSeverity.CRITICAL,
            sentence=sentence,
            account_id=account_id,
            at=cycle.as_of,
        )
    run_log().warning("%s", sentence)
