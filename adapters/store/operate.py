"""What an operator decides about the cycles of accounts: pause, resume, stop.

The decision is true when the transaction of the caller commits: `accounts.status` and the
`commands` row are written together, so it works while Prefect is down. The command stays pending
until Prefect's switch has followed. `market_at` in its arguments is the market time from which it
holds: slots in a pause are not missed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select, update

from adapters.store.accounts import list_accounts
from adapters.store.arena import load_arena
from adapters.store.commands import CommandKind, save_command
from adapters.store.errors import UnknownAccount
from adapters.store.events import emit_event
from adapters.store.tables import accounts
from trading.account import AccountStatus

STATUS_OF = {
    CommandKind.PAUSE: AccountStatus.PAUSED,
    CommandKind.RESUME: AccountStatus.ACTIVE,
    CommandKind.STOP: AccountStatus.STOPPED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusWish:
    """What is asked for."""

    kind: CommandKind
    """`pause`, `resume` or `stop`."""
    requested_by: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChange:
    """What became of one account; `command_id` is None when nothing had to change."""

    account_id: str
    before: AccountStatus
    after: AccountStatus
    command_id: int | None


def change_status(
    conn: Connection, wish: StatusWish, account_ids: Sequence[str] | None
) -> tuple[StatusChange, ...]:
    """Pause, resume or stop accounts (None: all), in the order of their ids.

    To pause a stopped account changes nothing: it would become easier to resume. Raises
    `UnknownAccount`, and then nothing has changed.
    """
    known = require_known(conn, None)
    for one in account_ids or ():
        if one not in known:
            raise UnknownAccount(one, known)
    wanted = known if account_ids is None else account_ids
    query = select(accounts.c.id, accounts.c.status).where(accounts.c.id.in_(wanted))
    rows = conn.execute(query.order_by(accounts.c.id).with_for_update()).all()
    return tuple(_change_one(conn, row.id, AccountStatus(row.status), wish) for row in rows)


def market_now(conn: Connection) -> datetime:
    """Market time at which something is done now; the real one before the first start."""
    real = datetime.now(UTC)
    arena = load_arena(conn)
    return real if arena is None else arena.market_time(real)


def require_known(conn: Connection, account_id: str | None) -> tuple[str, ...]:
    """The one account, or all ids (None). Raises `UnknownAccount`."""
    known = tuple(stored.account.id for stored in list_accounts(conn))
    if account_id is None:
        return known
    if account_id not in known:
        raise UnknownAccount(account_id, known)
    return (account_id,)


def emit_decision(
    conn: Connection, account_id: str | None, kind: str, payload: Mapping[str, Any]
) -> None:
    """Tell the listeners what was decided, on the `system` channel."""
    emit_event(
        conn,
        at=market_now(conn),
        account_id=account_id,
        channel="system",
        kind=kind,
        payload=payload,
    )


def _change_one(
    conn: Connection, account_id: str, before: AccountStatus, wish: StatusWish
) -> StatusChange:
    after = STATUS_OF[wish.kind]
    weakens = wish.kind is CommandKind.PAUSE and before is AccountStatus.STOPPED
    if after is before or weakens:
        return StatusChange(account_id=account_id, before=before, after=before, command_id=None)
    conn.execute(update(accounts).where(accounts.c.id == account_id).values(status=after.value))
    command_id = save_command(
        conn,
        kind=wish.kind,
        account_id=account_id,
        requested_by=wish.requested_by,
        arguments={
            "reason": wish.reason,
            "before": before.value,
            "market_at": market_now(conn),
        },
    )
    payload = {"before": before, "after": after, "by": wish.requested_by, "reason": wish.reason}
    emit_decision(conn, account_id, "operator.status", payload)
    return StatusChange(account_id=account_id, before=before, after=after, command_id=command_id)
