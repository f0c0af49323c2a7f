"""The operator's halt: once it is committed no new entry leaves, and its end.

One transaction bars the send gate, waits a bounded time for the entries announced before, sets
`accounts.operator_state` and writes the `commands` row; it needs nothing but the database. Orders
that only reduce go on: a halt never takes a position's protection away.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg
from sqlalchemy import Connection, Engine, select, text, update
from sqlalchemy.exc import OperationalError

from adapters.store.commands import CommandKind, CommandState, save_command
from adapters.store.operate import emit_decision, market_now, require_known
from adapters.store.send_gate import (
    ANNOUNCED_SECONDS,
    SEND_SECONDS,
    EntryInFlight,
    bar_gate,
    entries_in_flight,
)
from adapters.store.tables import accounts
from trading.account import OperatorState

PATIENCE_SECONDS = 5.0
"""How long a halt waits for entries that are on their way: a living process has written its request
to the socket long before; what is still open then only waits for the venue's answer."""
_ATTEMPTS = 3
_LOCK_MS = 10_000
_POLL_SECONDS = 0.02
_PASSING = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected)


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """What is asked for."""

    account_id: str | None
    """None: all accounts."""
    requested_by: str
    reason: str = ""
    flatten: bool = False
    """Also ask for the positions to be closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Halted:
    """A committed halt."""

    command_id: int
    account_ids: tuple[str, ...]
    in_flight: tuple[EntryInFlight, ...]
    """Entries that had left before the halt and have no answer yet."""
    flatten_ids: tuple[int, ...]
    """Pending commands to close the positions, one per account; empty unless asked for."""


def halt(
    engine: Engine,
    wanted: Halt,
    *,
    patience_seconds: float = PATIENCE_SECONDS,
    on_wait: Callable[[tuple[EntryInFlight, ...]], None] = lambda _: None,
    is_in_a_hurry: Callable[[], bool] = lambda: False,
) -> Halted:
    """Halt, committed when this returns.

    `on_wait` hears once which entries are waited for; `is_in_a_hurry` ends the wait for answers,
    not the shorter one until every announced entry has left or never will.

    Raises
    ------
    UnknownAccount
        There is no such account.
    OperationalError
        The database cannot be reached, or kept the rows locked through all attempts.
    """
    attempts = 1
    while True:
        try:
            with engine.begin() as conn:
                ids = require_known(conn, wanted.account_id)
                conn.execute(text(f"set local lock_timeout = {_LOCK_MS}"))
                bar_gate(conn, wanted.account_id)
                _wait_for_sends(conn, wanted, patience_seconds, on_wait, is_in_a_hurry)
                return _write_halt(conn, wanted, ids)
        except OperationalError as error:
            if attempts == _ATTEMPTS or not isinstance(error.orig, _PASSING):
                raise
            attempts += 1


def release(
    conn: Connection, *, account_id: str | None, reason: str, requested_by: str
) -> tuple[str, ...]:
    """End the halt of one account or all (None); ids of those that were halted.

    Raises `UnknownAccount`.
    """
    known = require_known(conn, account_id)
    rows = conn.execute(
        update(accounts)
        .where(accounts.c.id.in_(known), accounts.c.operator_state == OperatorState.HALTED.value)
        .values(operator_state=OperatorState.ACTIVE.value)
        .returning(accounts.c.id)
    )
    released = tuple(sorted(rows.scalars()))
    save_command(
        conn,
        kind=CommandKind.RELEASE,
        account_id=account_id,
        requested_by=requested_by,
        arguments={"reason": reason, "accounts": released, "market_at": market_now(conn)},
        state=CommandState.DONE,
        outcome=f"released {_count(released)}",
    )
    emit_decision(conn, account_id, "operator.released", {"accounts": released, "reason": reason})
    return released


def _wait_for_sends(
    conn: Connection,
    wanted: Halt,
    patience_seconds: float,
    on_wait: Callable[[tuple[EntryInFlight, ...]], None],
    is_in_a_hurry: Callable[[], bool],
) -> None:
    """Until every announced entry has its answer, or patience ends."""
    began = time.monotonic()
    told = False
    while waiting := _living(entries_in_flight(conn, wanted.account_id)):
        if not told:
            on_wait(waiting)
            told = True
        patience = 0.0 if is_in_a_hurry() else patience_seconds
        if time.monotonic() - began >= max(patience, ANNOUNCED_SECONDS):
            return
        time.sleep(_POLL_SECONDS)


def _living(entries: tuple[EntryInFlight, ...]) -> tuple[EntryInFlight, ...]:
    """Without those whose process cannot be in the call any more: it died before the answer."""
    oldest = datetime.now(UTC) - timedelta(seconds=SEND_SECONDS)
    return tuple(entry for entry in entries if entry.real_sent_at > oldest)


def _write_halt(conn: Connection, wanted: Halt, ids: tuple[str, ...]) -> Halted:
    # Rows in the order of their ids, so that two halts at once wait instead of deadlocking.
    locked = select(accounts.c.id).where(accounts.c.id.in_(ids)).order_by(accounts.c.id)
    conn.execute(locked.with_for_update())
    conn.execute(
        update(accounts)
        .where(accounts.c.id.in_(ids))
        .values(operator_state=OperatorState.HALTED.value)
    )
    in_flight = entries_in_flight(conn, wanted.account_id)
    command_id = save_command(
        conn,
        kind=CommandKind.PANIC,
        account_id=wanted.account_id,
        requested_by=wanted.requested_by,
        arguments={
            "reason": wanted.reason,
            "flatten": wanted.flatten,
            "in_flight": [entry.client_order_id for entry in in_flight],
            "market_at": market_now(conn),
        },
        state=CommandState.DONE,
        outcome=f"halted {_count(ids)}",
    )
    flatten_ids = tuple(
        save_command(
            conn,
            kind=CommandKind.FLATTEN,
            account_id=one,
            requested_by=wanted.requested_by,
            arguments={"reason": wanted.reason, "panic": command_id},
        )
        for one in (ids if wanted.flatten else ())
    )
    emit_decision(
        conn, wanted.account_id, "operator.halted", {"accounts": ids, "reason": wanted.reason}
    )
    return Halted(
        command_id=command_id, account_ids=ids, in_flight=in_flight, flatten_ids=flatten_ids
    )


def _count(ids: tuple[str, ...]) -> str:
    return "1 account" if len(ids) == 1 else f"{len(ids)} accounts"
