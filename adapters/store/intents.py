"""Intents: every order we want, stored before anything is sent. The unique key is the guard.

(account, slot, symbol, leg, attempt) exists once, so a repeated step finds its own row instead of
planning a second order. States move only along `INTENT_MOVES`, under a row lock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, Row, func, select, update
from sqlalchemy.dialects.postgresql import insert

from adapters.store.documents import clean_text
from adapters.store.errors import StoreError
from adapters.store.order_rows import request_columns, request_of
from adapters.store.tables import intents
from trading.orders import INTENT_MOVES, IntentState, Leg, OrderIntent

UNSETTLED = tuple(state.value for state in IntentState if not state.is_settled)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredIntent:
    """An intent and how far it got."""

    id: UUID
    intent: OrderIntent
    cycle_id: UUID
    state: IntentState
    venue_order_id: str | None
    lease_token: int
    real_sent_at: datetime | None
    """When the send was announced (`submitting`); None: nothing ever left the house."""
    reason: str | None


def plan_intent(
    conn: Connection,
    intent: OrderIntent,
    *,
    cycle_id: UUID,
    lease_token: int,
    reference_price: Decimal | None,
    exit_code: str | None = None,
) -> tuple[StoredIntent, bool]:
    """Store a planned intent; True when it is new, False with the existing row otherwise.

    Raises `StoreError` when another intent has its client order id.
    """
    request = intent.request
    created = conn.execute(
        insert(intents)
        .values(
            id=uuid4(),
            account_id=intent.account_id,
            cycle_id=cycle_id,
            decision_id=None if intent.decision_id is None else UUID(intent.decision_id),
            slot=intent.slot,
            leg=intent.leg.value,
            attempt=intent.attempt,
            **request_columns(request),
            state=IntentState.PLANNED.value,
            reference_price=reference_price,
            exit_code=exit_code,
            lease_token=lease_token,
        )
        .on_conflict_do_nothing()
        .returning(intents)
    ).one_or_none()
    if created is not None:
        return _stored(created), True
    existing = conn.execute(
        select(intents).where(
            intents.c.account_id == intent.account_id,
            intents.c.slot == intent.slot,
            intents.c.symbol == request.symbol,
            intents.c.leg == intent.leg.value,
            intents.c.attempt == intent.attempt,
        )
    ).one_or_none()
    if existing is None:
        raise StoreError(
            f"client order id {request.client_order_id} of account {intent.account_id} already "
            f"belongs to another intent; nothing was planned"
        )
    return _stored(existing), False


def move_intent(
    conn: Connection,
    intent_id: UUID,
    to: IntentState,
    *,
    venue_order_id: str | None = None,
    reason: str | None = None,
    real_now: datetime,
) -> StoredIntent:
    """Move an intent to a state; the same state again changes only an order id not yet known.

    Raises `StoreError` for a move that is not in `INTENT_MOVES` or an unknown intent.
    """
    row = conn.execute(
        select(intents).where(intents.c.id == intent_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise StoreError(f"there is no intent {intent_id}; plan it first")
    state = IntentState(row.state)
    values: dict[str, Any] = {"venue_order_id": row.venue_order_id or venue_order_id}
    if state is not to:
        values |= _move(row, state, to, reason, real_now)
    return _stored(
        conn.execute(
            update(intents).where(intents.c.id == intent_id).values(**values).returning(intents)
        ).one()
    )


def load_unsettled(conn: Connection, account_id: str) -> tuple[StoredIntent, ...]:
    """Intents whose end is not known yet, oldest first."""
    query = (
        select(intents)
        .where(intents.c.account_id == account_id, intents.c.state.in_(UNSETTLED))
        .order_by(intents.c.real_planned_at, intents.c.id)
    )
    return tuple(_stored(row) for row in conn.execute(query))


def without_outcome(conn: Connection, account_id: str) -> dict[str, str]:
    """Symbols with an order that was sent and whose outcome is not known, with a sentence each."""
    rows = conn.execute(
        select(intents.c.symbol, intents.c.client_order_id, intents.c.leg).where(
            intents.c.account_id == account_id,
            intents.c.state.in_((IntentState.SUBMITTING.value, IntentState.UNKNOWN.value)),
        )
    )
    return {
        row.symbol: f"{row.leg} order {row.client_order_id} has no known outcome" for row in rows
    }


def next_attempt(conn: Connection, account_id: str, slot: datetime, symbol: str, leg: Leg) -> int:
    """1 for the first intent of a slot, symbol and leg, one more than the last one otherwise."""
    last = conn.scalar(
        select(func.max(intents.c.attempt)).where(
            intents.c.account_id == account_id,
            intents.c.slot == slot,
            intents.c.symbol == symbol,
            intents.c.leg == leg.value,
        )
    )
    return (last or 0) + 1


def entries_since(conn: Connection, account_id: str, since: datetime) -> int:
    """Entry intents of slots from `since` on that were sent, however they ended."""
    return conn.execute(
        select(func.count()).where(
            intents.c.account_id == account_id,
            intents.c.leg == Leg.ENTRY.value,
            intents.c.slot >= since,
            intents.c.real_sent_at.is_not(None),
        )
    ).scalar_one()


def _move(
    row: Row[Any], state: IntentState, to: IntentState, reason: str | None, real_now: datetime
) -> dict[str, Any]:
    if to not in INTENT_MOVES[state]:
        raise StoreError(
            f"intent {row.client_order_id} of account {row.account_id} is {state} and cannot "
            f"become {to}"
        )
    values: dict[str, Any] = {"state": to.value}
    if reason is not None:
        values["reason"] = clean_text(reason)
    if to is IntentState.SUBMITTING:
        values["real_sent_at"] = real_now
    if to is IntentState.UNKNOWN:
        values["real_unknown_at"] = real_now
    if to.is_settled:
        values["real_settled_at"] = real_now
    return values


def _stored(row: Row[Any]) -> StoredIntent:
    return StoredIntent(
        id=row.id,
        intent=OrderIntent(
            account_id=row.account_id,
            slot=row.slot,
            leg=Leg(row.leg),
            attempt=row.attempt,
            decision_id=None if row.decision_id is None else str(row.decision_id),
            request=request_of(row),
        ),
        cycle_id=row.cycle_id,
        state=IntentState(row.state),
        venue_order_id=row.venue_order_id,
        lease_token=row.lease_token,
        real_sent_at=row.real_sent_at,
        reason=row.reason,
    )
