"""Commands: what an operator (or Prefect's switch) asked for, and what became of it.

A row is written in the transaction that makes the command true (`adapters.store.operate`), so it is
never a wish alone: what is still pending is only what has to be carried out after it, such as
closing positions. A finished command keeps its outcome. All times are real ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from adapters.store.documents import clean_or_none, clean_text, to_document
from adapters.store.errors import StoreError
from adapters.store.tables import commands


class CommandKind(StrEnum):
    """What was asked for."""

    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    PANIC = "panic"
    FLATTEN = "flatten"
    RELEASE = "release"


class CommandState(StrEnum):
    """How far it got."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command as stored."""

    id: int
    account_id: str | None
    """None: all accounts."""
    kind: CommandKind
    arguments: Mapping[str, Any]
    requested_by: str
    """`cli`, `prefect`, `control`, or the label of a token."""
    state: CommandState
    outcome: str | None
    """A sentence; of a pending command, what it waits for."""
    real_created_at: datetime
    real_finished_at: datetime | None


def save_command(
    conn: Connection,
    *,
    kind: CommandKind,
    account_id: str | None,
    requested_by: str,
    arguments: Mapping[str, Any] | None = None,
    state: CommandState = CommandState.PENDING,
    outcome: str | None = None,
) -> int:
    """Append a command; its id. One that is not pending is finished at once."""
    return conn.execute(
        insert(commands)
        .values(
            account_id=account_id,
            kind=kind.value,
            arguments=to_document(arguments or {}),
            requested_by=clean_text(requested_by),
            state=state.value,
            outcome=clean_or_none(outcome),
            real_finished_at=None if state is CommandState.PENDING else func.clock_timestamp(),
        )
        .returning(commands.c.id)
    ).scalar_one()


def load_commands(conn: Connection, ids: Sequence[int]) -> tuple[Command, ...]:
    """The commands with these ids, oldest first. Raises `StoreError` when one is missing."""
    rows = conn.execute(select(commands).where(commands.c.id.in_(ids)).order_by(commands.c.id))
    found = tuple(_command(row) for row in rows)
    missing = set(ids) - {command.id for command in found}
    if missing:
        raise StoreError(f"there is no command {min(missing)}")
    return found


def pending_commands(conn: Connection) -> tuple[Command, ...]:
    """What has not been carried out yet, oldest first."""
    query = select(commands).where(commands.c.state == CommandState.PENDING.value)
    return tuple(_command(row) for row in conn.execute(query.order_by(commands.c.id)))


def finish_command(conn: Connection, command_id: int, *, state: CommandState, outcome: str) -> bool:
    """Record how a pending command ended; False when it had an end already, which it keeps."""
    done = conn.execute(
        update(commands)
        .where(commands.c.id == command_id, commands.c.state == CommandState.PENDING.value)
        .values(
            state=state.value,
            outcome=clean_text(outcome),
            real_finished_at=func.clock_timestamp(),
        )
    )
    return done.rowcount == 1


def note_waiting(conn: Connection, command_id: int, waits_for: str) -> None:
    """What a pending command waits for; a finished one is left alone."""
    conn.execute(
        update(commands)
        .where(
            commands.c.id == command_id,
            commands.c.state == CommandState.PENDING.value,
            commands.c.outcome.is_distinct_from(clean_text(waits_for)),
        )
        .values(outcome=clean_text(waits_for))
    )


def _command(row: Row[Any]) -> Command:
    return Command(
        id=row.id,
        account_id=row.account_id,
        kind=CommandKind(row.kind),
        arguments=row.arguments,
        requested_by=row.requested_by,
        state=CommandState(row.state),
        outcome=row.outcome,
        real_created_at=row.real_created_at,
        real_finished_at=row.real_finished_at,
    )
