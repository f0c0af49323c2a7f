"""Accounts that leave the arena and come back: noted as commands, so that the time between is no gap.

The slots of a removed account are nobody's fault, like those of a paused one, so the same rows say
so (`adapters.store.missed_slots` reads them). Written by the control loop when it takes an account
out of Prefect and puts it in again.
"""

from __future__ import annotations

from sqlalchemy import Connection, Row, select

from adapters.store.commands import CommandKind, CommandState, save_command
from adapters.store.operate import STATUS_OF, market_now
from adapters.store.tables import accounts, commands

_REMOVED = "removed"
_REQUESTED_BY = "control"


def note_left(conn: Connection, account_id: str) -> None:
    """The account has no deployment any more; one that was never ours leaves nothing."""
    exists = conn.scalar(select(accounts.c.id).where(accounts.c.id == account_id)) is not None
    if exists and not _is_out(_last(conn, account_id)):
        _note(conn, account_id, CommandKind.STOP, _REMOVED, "removed from the arena")


def note_joined(conn: Connection, account_id: str) -> None:
    """The account has a deployment again; for one that never left nothing is written."""
    if _is_out(_last(conn, account_id)):
        _note(conn, account_id, CommandKind.RESUME, "added", "added to the arena again")


def _last(conn: Connection, account_id: str) -> Row[tuple[object, ...]] | None:
    kinds = [kind.value for kind in STATUS_OF]
    return conn.execute(
        select(commands.c.arguments)
        .where(commands.c.account_id == account_id, commands.c.kind.in_(kinds))
        .order_by(commands.c.id.desc())
        .limit(1)
    ).one_or_none()


def _is_out(last: Row[tuple[object, ...]] | None) -> bool:
    return last is not None and last.arguments.get("cause") == _REMOVED


def _note(conn: Connection, account_id: str, kind: CommandKind, cause: str, outcome: str) -> None:
    save_command(
        conn,
        kind=kind,
        account_id=account_id,
        requested_by=_REQUESTED_BY,
        arguments={"cause": cause, "market_at": market_now(conn)},
        state=CommandState.DONE,
        outcome=outcome,
    )
