"""A model that only a person can bring back: no credits, a key that is refused or missing, a name that
is gone, a prompt without its file.

The account's positions are looked after as always; it is the model that is not asked. It is tried
again once an hour, which costs nothing where it is refused, and at once when the alert is cleared.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from adapters.llm.errors import Action
from adapters.store.alerts import AlertSeverity, clear_alert, open_alerts, raise_alert
from tasks.resources import store_engine
from tasks.run_log import run_log

if TYPE_CHECKING:
    from tasks.cycle import Cycle
    from tasks.model_talk import Talk

NEEDS_PERSON = "model_needs_person"
TRY_AGAIN_AFTER = timedelta(hours=1)


def why_not_asked(cycle: Cycle) -> str | None:
    """Why the model is not asked now, while somebody has to do something about it."""
    with store_engine().connect() as conn:
        mine = [
            alert
            for alert in open_alerts(conn, code=NEEDS_PERSON)
            if alert.account_id == cycle.account.id
        ]
    if not mine or datetime.now(UTC) - mine[0].real_seen_at >= TRY_AGAIN_AFTER:
        return None
    return f"the model is not asked until a person has acted: {mine[0].sentence}"


def tell_needs_person(cycle: Cycle, held: Talk) -> None:
    """Raise the alert where the model's provider wants a person, clear it where it answered."""
    failure = held.failure
    if failure is not None and failure.action is Action.CALL_PERSON:
        raise_needs_person(cycle, str(failure))
    elif held.reading is not None:
        with store_engine().begin() as conn:
            clear_alert(conn, code=NEEDS_PERSON, account_id=cycle.account.id, at=cycle.as_of)


def raise_needs_person(cycle: Cycle, why: str) -> None:
    """Raise the alert, or renew it; `why` names what is to be done."""
    with store_engine().begin() as conn:
        raise_alert(
            conn,
            code=NEEDS_PERSON,
            severity=AlertSeverity.CRITICAL,
            sentence=why,
            account_id=cycle.account.id,
            at=cycle.as_of,
        )
    run_log().error("%s: its model needs a person: %s", cycle.account.id, why)
