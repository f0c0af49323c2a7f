"""The record of a live account must make its venue's wallet, to the smallest amount.

Where it does not, with all that is new booked, something was listed late or not at all: the last day
is read again, and what is still missing then is told until it is found.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from adapters.store.alerts import AlertSeverity, clear_alert, open_alerts, raise_alert
from tasks.cycle import Cycle
from tasks.resources import store_engine
from tasks.run_log import run_log
from trading.account import Mode
from trading.units import ZERO, plain

WALLET_GAP = "wallet_gap"
LOOK_EVERY = timedelta(minutes=5)
"""A gap that was told is looked for again this often: a day of the ledger costs weight."""


@dataclass(frozen=True, slots=True)
class GapLook:
    """How one reconciliation looks for a gap, by what is known of it before."""

    told_at: datetime | None
    """When an open alert was last found to be so; None: no gap is known."""
    reads_back: bool
    """Whether the last day is read again at once."""

    @property
    def is_patient(self) -> bool:
        """A new gap may be a list that lags: read again after a pause. A known one is not waited for."""
        return self.told_at is None

    def end(self, cycle: Cycle, gap: Decimal) -> None:
        """Tell of what is left (quote), or that nothing is any more."""
        if gap == ZERO and self.told_at is not None:
            _clear(cycle)
        elif gap != ZERO and (self.is_patient or self.reads_back):
            _tell(cycle, gap)


def look_for_gap(cycle: Cycle) -> GapLook:
    """What is known at the start of a reconciliation."""
    account_id, told_at = cycle.account.id, None
    if cycle.account.mode is Mode.LIVE:
        with store_engine().connect() as conn:
            found = open_alerts(conn, code=WALLET_GAP)
        told_at = next((each.real_seen_at for each in found if each.account_id == account_id), None)
    is_due = told_at is not None and datetime.now(UTC) - told_at >= LOOK_EVERY
    return GapLook(told_at, reads_back=is_due)


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
