"""Carries out what `panic --flatten` left pending: one try per account and pass, until it is flat.

Used by the control loop, and by the command itself where no loop runs; both at once do no harm,
since each try works under the account's lease. The outcome is recorded in the command.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from adapters.store.alerts import AlertSeverity, clear_alert, raise_alert
from adapters.store.commands import (
    Command,
    CommandKind,
    CommandState,
    finish_command,
    note_waiting,
    pending_commands,
)
from adapters.store.operate import market_now
from tasks.flattening import Flattened, flatten_account
from tasks.resources import store_engine

log = logging.getLogger("perpflow.control")
GIVE_UP = timedelta(minutes=5)
"""A killed cycle frees its account after one minute; a venue that does not answer for five is a
matter for a person, who is alarmed and can ask again."""
ALERT = "flatten_failed"


async def try_flattens(
    *, only: Collection[int] | None = None, has_to_stop: Callable[[], bool] = lambda: False
) -> int:
    """One try for each pending flatten (or those in `only`); returns how many still wait.

    `has_to_stop` is asked before each account: what is left stays pending.
    """
    with store_engine().connect() as conn:
        pending = [
            command
            for command in pending_commands(conn)
            if command.kind is CommandKind.FLATTEN and (only is None or command.id in only)
        ]
    waiting = 0
    for command in pending:
        waiting += has_to_stop() or not await _try(command)
    return waiting


async def _try(command: Command) -> bool:
    """True when the command has its end."""
    assert command.account_id is not None  # noqa: S101 - written one per account
    why = command.arguments.get("reason") or "no reason given"
    try:
        result = await flatten_account(
            command.account_id, sentence=f"closed by the operator: {why}"
        )
    except Exception as error:  # noqa: BLE001 - whatever it was belongs into the command's record
        log.warning("%s could not be flattened: %s.", command.account_id, error)
        return _waits(command, f"tries again after {type(error).__name__}: {error}")
    if result is None:
        return _waits(command, "waits for a running cycle of the account to end")
    if result.left:
        return _waits(command, result.sentence)
    _done(command, result)
    return True


def _done(command: Command, result: Flattened) -> None:
    with store_engine().begin() as conn:
        finish_command(conn, command.id, state=CommandState.DONE, outcome=result.sentence)
        clear_alert(conn, code=ALERT, account_id=command.account_id, at=market_now(conn))
    log.info("%s is flat: %s.", command.account_id, result.sentence)


def _waits(command: Command, why: str) -> bool:
    with store_engine().begin() as conn:
        if datetime.now(UTC) - command.real_created_at < GIVE_UP:
            note_waiting(conn, command.id, why)
            return False
        _give_up(conn, command, why)
    log.error("%s was given up: %s.", command.account_id, why)
    return True


def _give_up(conn: Connection, command: Command, why: str) -> None:
    finish_command(conn, command.id, state=CommandState.FAILED, outcome=f"given up: {why}")
    raise_alert(
        conn,
        code=ALERT,
        severity=AlertSeverity.CRITICAL,
        account_id=command.account_id,
        sentence=f"The positions of {command.account_id} could not all be closed: {why}.",
        at=market_now(conn),
    )
