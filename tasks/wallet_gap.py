"""The record of a live account must make its venue's wallet, to the smallest amount.

Where it does not, with all that is new booked, something was listed late or not at all: the last day
is read again, and what is still missing then is told until it is found.
"""

from __future__ import annotations

from decimal import Decimal

from adapters.store.alerts import AlertSeverity, clear_alert, is_open, raise_alert
from tasks.cycle import Cycle
from tasks.resources import store_engine
from tasks.run_log import run_log
from trading.account import Mode
from trading.units import ZERO, plain

WALLET_GAP = "wallet_gap"


def is_gap_known(cycle: Cycle) -> bool:
    """Whether an earlier reading has told of one that is still open."""
    if cycle.account.mode is not Mode.LIVE:
        return False
    with store_engine().connect() as conn:
        return is_open(conn, code=WALLET_GAP, account_id=cycle.account.id)


def tell_gap(cycle: Cycle, gap: Decimal, *, was_known: bool) -> None:
    """Raise the alert of a gap (quote), or end it when there is none."""
    account_id = cycle.account.id
    if gap == ZERO and not was_known:
        return
    with store_engine().begin() as conn:
        if gap == ZERO:
            clear_alert(conn, code=WALLET_GAP, account_id=account_id, at=cycle.as_of)
            run_log().info("%s: its record makes the venue's wallet again.", account_id)
            return
        sentence = (
            f"The venue's wallet of {account_id} is {plain(abs(gap))} USDT"
            f" {'more' if gap > ZERO else 'less'} than its booked fills, fees, funding and transfers"
            " make; what explains it is not listed by the venue, so its results are off by that."
        )
        raise_alert(
            conn,
            code=WALLET_GAP,
            severity=AlertSeverity.CRITICAL,
            sentence=sentence,
            account_id=account_id,
            at=cycle.as_of,
        )
    run_log().warning("%s", sentence)
