"""What the switch's moves leave in the store: followed, refused and finished commands."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from adapters.store.commands import (
    Command,
    CommandKind,
    CommandState,
    finish_command,
    pending_commands,
    save_command,
)
from adapters.store.operate import (
    STATUS_OF,
    StatusWish,
    change_status,
    emit_decision,
    market_now,
)
from adapters.store.switches import Switch, lock_switch, save_seen

PREFECT = "prefect"
FOLLOWED = "in force; Prefect's switch has followed"
AWAY = "in force; Prefect is away, its switch follows when it is back"


def pending_status_commands(conn: Connection) -> tuple[Command, ...]:
    """Pauses, resumes and stops whose switch has not followed yet."""
    return tuple(command for command in pending_commands(conn) if command.kind in STATUS_OF)


def finish_status_commands(conn: Connection, commands: Sequence[Command], outcome: str) -> None:
    """They were true since they were written; now nothing is left to do."""
    for command in commands:
        finish_command(conn, command.id, state=CommandState.DONE, outcome=outcome)


def follow_prefect(conn: Connection, switch: Switch, *, is_on: bool) -> bool:
    """Take over what was switched in Prefect; False when our side has changed meanwhile."""
    if not lock_switch(conn, switch):
        return False
    wish = StatusWish(
        kind=CommandKind.RESUME if is_on else CommandKind.PAUSE,
        requested_by=PREFECT,
        reason=f"its schedule was switched {'on' if is_on else 'off'} in Prefect",
    )
    for change in change_status(conn, wish, [switch.account_id]):
        if change.command_id is not None:
            finish_command(
                conn,
                change.command_id,
                state=CommandState.DONE,
                outcome="taken over from Prefect's switch",
            )
    save_seen(conn, switch.account_id, is_on=is_on)
    return True


def refuse_resume(conn: Connection, switch: Switch) -> None:
    """Prefect's switch went back off: a stopped account is resumed by a person at the command line."""
    save_command(
        conn,
        kind=CommandKind.RESUME,
        account_id=switch.account_id,
        requested_by=PREFECT,
        arguments={"cause": "refused", "refused_at": market_now(conn)},
        state=CommandState.FAILED,
        outcome=refusal(switch.account_id),
    )
    payload = {"before": switch.status, "by": PREFECT, "sentence": refusal(switch.account_id)}
    emit_decision(conn, switch.account_id, "operator.refused", payload)
    save_seen(conn, switch.account_id, is_on=False)


def refusal(account_id: str) -> str:
    """Why, and what to do instead."""
    return (
        f"{account_id} is stopped and cannot be resumed in Prefect;"
        f" run: perpflow accounts resume {account_id}"
    )
