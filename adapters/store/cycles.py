"""Cycles and leases: one run per account and slot, one live run per account.

The `leases` row is locked first by everyone, so claims of one account happen one after another. A
fencing token grows with every claim; a run whose token is no longer the newest sends nothing. All
times here are real ones, given by the caller, except `slot`, which is market time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid4

from sqlalchemy import Connection, Row, select, text, update
from sqlalchemy.dialects.postgresql import insert

from adapters.store.documents import clean_or_none, to_document
from adapters.store.errors import StoreError
from adapters.store.tables import cycles, leases
from trading.errors import LeaseLost


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The slot and the account are ours."""

    cycle_id: UUID
    token: int
    """Fencing token; everything that is sent is checked against it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotTaken:
    """Somebody else has the slot, or still works on the account."""

    reason: Literal["slot_claimed", "already_running"]


def claim_slot(  # noqa: PLR0913  the columns of one row
    conn: Connection,
    *,
    cycle_id: UUID,
    account_id: str,
    slot: datetime,
    trigger: str,
    flow_run_id: str | None,
    real_scheduled_at: datetime | None,
    config_version: int,
    real_now: datetime,
    lease_seconds: float,
) -> Claim | SlotTaken:
    """Take the slot and the lease, or say why not (and change nothing).

    A lease that has run out is taken over: its cycle is marked failed and its token is void.
    """
    lease = _lock_lease(conn, account_id)
    if _has_slot(conn, account_id, slot):
        return SlotTaken(reason="slot_claimed")
    if lease.holder is not None and lease.real_expires_at > real_now:
        return SlotTaken(reason="already_running")
    if lease.holder is not None:
        _fail_abandoned(conn, UUID(lease.holder), real_now)
    token = lease.token + 1
    conn.execute(
        insert(cycles).values(
            id=cycle_id,
            account_id=account_id,
            slot=slot,
            trigger=trigger,
            status="running",
            flow_run_id=flow_run_id,
            config_version=config_version,
            lease_token=token,
            real_scheduled_at=real_scheduled_at,
            real_started_at=real_now,
        )
    )
    conn.execute(
        update(leases)
        .where(leases.c.account_id == account_id)
        .values(
            token=token,
            holder=str(cycle_id),
            real_expires_at=real_now + timedelta(seconds=lease_seconds),
        )
    )
    return Claim(cycle_id=cycle_id, token=token)


def renew_lease(
    conn: Connection, account_id: str, token: int, real_now: datetime, lease_seconds: float
) -> None:
    """Keep the account for `lease_seconds` from now. Raises `LeaseLost`."""
    done = conn.execute(
        update(leases)
        .where(
            leases.c.account_id == account_id,
            leases.c.token == token,
            leases.c.holder.is_not(None),
        )
        .values(real_expires_at=real_now + timedelta(seconds=lease_seconds))
    )
    if done.rowcount == 0:
        raise LeaseLost(f"the lease {token} of account {account_id} is no longer the newest")


def require_lease(conn: Connection, account_id: str, token: int, real_now: datetime) -> datetime:
    """Raise `LeaseLost` unless the lease is ours and runs; nobody can take it before the commit.

    Returns the real instant at which it runs out unless it is renewed.
    """
    row = conn.execute(
        select(leases).where(leases.c.account_id == account_id).with_for_update(read=True)
    ).one_or_none()
    if row is None or row.token != token or row.holder is None:
        newest = "none" if row is None else row.token
        raise LeaseLost(
            f"account {account_id} belongs to another run (lease {token}, newest {newest})"
        )
    if row.real_expires_at <= real_now:
        raise LeaseLost(f"the lease {token} of account {account_id} has run out")
    return row.real_expires_at


def release_lease(conn: Connection, account_id: str, token: int) -> None:
    """Free the account; a lease that was taken over is left alone."""
    conn.execute(
        update(leases)
        .where(leases.c.account_id == account_id, leases.c.token == token)
        .values(holder=None, real_expires_at=None)
    )


def finish_cycle(
    conn: Connection,
    cycle_id: UUID,
    *,
    status: Literal["done", "failed"],
    reason: str | None,
    real_now: datetime,
) -> None:
    """Record how a running cycle ended; one that was already ended keeps its end."""
    conn.execute(
        update(cycles)
        .where(cycles.c.id == cycle_id, cycles.c.status == "running")
        .values(status=status, reason=clean_or_none(reason), real_finished_at=real_now)
    )


def record_skipped(  # noqa: PLR0913  the columns of one row
    conn: Connection,
    *,
    account_id: str,
    slot: datetime,
    trigger: str,
    reason: str,
    flow_run_id: str | None,
    real_scheduled_at: datetime | None,
    config_version: int,
    real_now: datetime,
) -> bool:
    """Leave a row for a slot in which nothing was done; False when the slot already has one."""
    done = conn.execute(
        insert(cycles)
        .values(
            id=uuid4(),
            account_id=account_id,
            slot=slot,
            trigger=trigger,
            status="skipped",
            reason=clean_or_none(reason),
            flow_run_id=flow_run_id,
            config_version=config_version,
            real_scheduled_at=real_scheduled_at,
            real_started_at=real_now,
            real_finished_at=real_now,
        )
        .on_conflict_do_nothing(index_elements=["account_id", "slot"])
        .execution_options(preserve_rowcount=True)
    )
    return done.rowcount == 1


def save_context(conn: Connection, cycle_id: UUID, context: Mapping[str, Any]) -> None:
    """What was known when the cycle decided. Raises `StoreError` for an unknown cycle."""
    done = conn.execute(
        update(cycles).where(cycles.c.id == cycle_id).values(context=to_document(context))
    )
    if done.rowcount == 0:
        raise StoreError(f"there is no cycle {cycle_id}; claim its slot first")


_CONTEXT = text(
    """
    select c.context, a.market,
           (select jsonb_object_agg(s.symbol, s.indicators) from app.market_stats s
            where s.market = a.market and s.at = (c.context ->> 'market_pass')::timestamptz
              and s.symbol in (select jsonb_array_elements_text(c.context -> 'symbols'))) as markets
    from app.cycles c cross join app.arena a where c.id = :cycle_id
    """
)


def load_context(conn: Connection, cycle_id: UUID) -> dict[str, Any] | None:
    """What was known when the cycle decided; documents of a shared pass come from where it put them.

    None when nothing was saved. Raises `StoreError` for an unknown cycle.
    """
    row = conn.execute(_CONTEXT, {"cycle_id": cycle_id}).one_or_none()
    if row is None:
        raise StoreError(f"there is no cycle {cycle_id}")
    if row.context is None or "market_pass" not in row.context:
        return row.context
    kept = {k: value for k, value in row.context.items() if k not in ("market_pass", "symbols")}
    return {**kept, "markets": row.markets or {}}


def _lock_lease(conn: Connection, account_id: str) -> Row[Any]:
    mine = select(leases).where(leases.c.account_id == account_id).with_for_update()
    lease = conn.execute(mine).one_or_none()
    if lease is None:
        conn.execute(insert(leases).values(account_id=account_id, token=0).on_conflict_do_nothing())
        lease = conn.execute(mine).one()
    return lease


def _has_slot(conn: Connection, account_id: str, slot: datetime) -> bool:
    found = select(cycles.c.id).where(cycles.c.account_id == account_id, cycles.c.slot == slot)
    return conn.execute(found).first() is not None


def _fail_abandoned(conn: Connection, cycle_id: UUID, real_now: datetime) -> None:
    reason = "lease_expired: the process of the run ended or hung before it could close the cycle"
    finish_cycle(conn, cycle_id, status="failed", reason=reason, real_now=real_now)
