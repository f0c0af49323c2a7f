"""`perpflow accounts pause | resume | stop`: straight into the database, Prefect follows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from adapters.store.commands import CommandKind, CommandState, finish_command
from adapters.store.control_lock import is_controlled
from adapters.store.operate import STATUS_OF, StatusChange, StatusWish, change_status
from cli.arena_database import arena_database
from trading.account import AccountStatus

if TYPE_CHECKING:
    from adapters.config.settings import Settings

REQUESTED_BY = "cli"
NO_LOOP = "in force; no control loop runs, Prefect's switch follows when one does"


def run_change(
    settings: Settings, kind: CommandKind, account_ids: Sequence[str] | None, *, reason: str
) -> tuple[str, ...]:
    """Change accounts (None: all); a sentence about each. Raises `CommandFailed`, nothing changed."""
    wish = StatusWish(kind=kind, requested_by=REQUESTED_BY, reason=reason)
    with (
        arena_database(settings, application="perpflow-operate") as database,
        database.engine.begin() as conn,
    ):
        changes = change_status(conn, wish, account_ids)
        follows = is_controlled(conn)
        for change in changes:
            if change.command_id is not None and not follows:
                finish_command(conn, change.command_id, state=CommandState.DONE, outcome=NO_LOOP)
    return tuple(_sentence(change, kind, follows=follows) for change in changes)


def _sentence(change: StatusChange, kind: CommandKind, *, follows: bool) -> str:
    if change.command_id is None:
        if change.after is not STATUS_OF[kind]:
            return f"{change.account_id}: stays {change.after}, which is more than a pause"
        return f"{change.account_id}: is {change.after} already"
    later = "Prefect's switch follows within seconds" if follows else NO_LOOP.split("; ")[1]
    what = {
        AccountStatus.ACTIVE: "cycles go on at its next slot",
        AccountStatus.PAUSED: "no new cycles; open positions keep their stops, nothing else exits",
        AccountStatus.STOPPED: "no cycles until resumed here; open positions keep their stops,"
        " nothing else exits",
    }[change.after]
    return f"{change.account_id}: {change.before} -> {change.after}; {what}; {later}"
