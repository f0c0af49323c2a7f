"""An account that must not go on by itself: it is paused, and a person is told why.

Its resting protection stays at the venue. The operator resumes it when the cause is gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection

from adapters.store.accounts import load_account, set_status
from adapters.store.alerts import AlertSeverity, clear_alert, raise_alert
from tasks.resources import store_engine
from tasks.run_log import run_log
from trading.account import AccountStatus
from trading.errors import SettingRefused

if TYPE_CHECKING:
    from tasks.cycle import Cycle

ACCOUNT_STOPPED = "account_stopped"
WRONG_SETTING = "venue_setting"


def tell_setting(cycle: Cycle, problem: SettingRefused) -> None:
    """A setting of the venue account keeps it from trading: an alert until a cycle ends well."""
    with store_engine().begin() as conn:
        raise_alert(
            conn,
            code=WRONG_SETTING,
            severity=AlertSeverity.CRITICAL,
            sentence=f"{cycle.account.id} sends nothing: {problem}",
            account_id=cycle.account.id,
            at=cycle.as_of,
        )


def note_well(cycle: Cycle) -> None:
    """A cycle of a live account has ended well: what kept it from that is over."""
    with store_engine().begin() as conn:
        clear_alert(conn, code=WRONG_SETTING, account_id=cycle.account.id, at=cycle.as_of)
        if load_account(conn, cycle.account.id).status is AccountStatus.ACTIVE:
            clear_alert(conn, code=ACCOUNT_STOPPED, account_id=cycle.account.id, at=cycle.as_of)


def stop_account(cycle: Cycle, why: str) -> None:
    """Pause the account and raise an alert; once more changes nothing."""
    with store_engine().begin() as conn:
        stop_account_in(conn, cycle, why)


def stop_account_in(conn: Connection, cycle: Cycle, why: str) -> None:
    """The same in a transaction of the caller's: with the fact that it follows from, or not at all."""
    account_id = cycle.account.id
    sentence = (
        f"{account_id} was paused: {why}. Its resting stops stay. Look into it, then run:"
        f" perpflow accounts resume {account_id}"
    )
    set_status(conn, account_id, AccountStatus.PAUSED)
    raise_alert(
        conn,
        code=ACCOUNT_STOPPED,
        severity=AlertSeverity.CRITICAL,
        sentence=sentence,
        account_id=account_id,
        at=cycle.as_of,
    )
    run_log().error("%s", sentence)
