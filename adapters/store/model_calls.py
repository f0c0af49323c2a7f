"""Calls of language models: each stored as it was, and what they used of a day's budget.

A call that failed, was thrown away or was never understood is stored like the others: it may have been
billed. Times are market times but for `real_started_at`; money is USD.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from adapters.store.documents import clean_or_none, clean_text, to_document
from adapters.store.errors import StoreError
from adapters.store.tables import model_calls
from trading.model_budget import DayOfModel
from trading.units import ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class NewModelCall:
    """One call as it is to be stored."""

    account_id: str
    cycle_id: UUID | None
    purpose: str
    """`decide`, `correct` (the corrective round), `preview` or `replay`."""
    at: datetime
    """Market time for which it was asked."""
    prompt_name: str
    prompt_version: str
    form: str
    outcome: str
    """`accepted`, or why everything was held, or the code of an error."""
    reason: str
    """The same in words; empty when accepted."""
    reply_text: str | None
    reading: Mapping[str, Any] | None
    """Parse path and verdicts; None when there was nothing to read."""
    call: Mapping[str, Any]
    """`adapters.llm.documents.call_document`: free of keys."""
    replay_of: UUID | None = None
    id: UUID = field(default_factory=uuid4)
    """Its own from the beginning: storing it again, after a fault, stores it once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredQuestion:
    """What was asked once, and against what its answer was read."""

    account_id: str
    prompt_name: str
    prompt_version: str
    form: str
    system: str
    user: str
    mandate: dict[str, Any]


def load_question(conn: Connection, call_id: UUID) -> StoredQuestion:
    """A question to be asked again. Raises `StoreError` for an unknown call."""
    row = conn.execute(select(model_calls).where(model_calls.c.id == call_id)).one_or_none()
    if row is None:
        raise StoreError(f"there is no model call {call_id}; see: perpflow decisions list")
    first = {each["role"]: each["text"] for each in row.call["messages"][1::-1]}
    return StoredQuestion(
        account_id=row.account_id,
        prompt_name=row.prompt_name,
        prompt_version=row.prompt_version,
        form=row.form,
        system=first["system"],
        user=first["user"],
        mandate=row.reading["mandate"],
    )


def load_last_question(conn: Connection, account_id: str) -> StoredQuestion | None:
    """What the account's model was asked in its newest cycle; None before the first one."""
    columns = model_calls.c
    call_id = conn.scalar(
        select(columns.id)
        .where(columns.account_id == account_id, columns.purpose == "decide")
        .order_by(columns.at.desc(), columns.id.desc())
        .limit(1)
    )
    return None if call_id is None else load_question(conn, call_id)


def save_model_call(conn: Connection, new: NewModelCall) -> UUID:
    """Store a call, once however often it is told; its id."""
    call = dict(new.call)
    usage = _newest_usage(call)
    conn.execute(
        insert(model_calls)
        .values(
            id=new.id,
            account_id=new.account_id,
            cycle_id=new.cycle_id,
            purpose=new.purpose,
            replay_of=new.replay_of,
            at=new.at,
            real_started_at=datetime.fromisoformat(call["started_at"]),
            seconds=call["seconds"],
            host=call["host"],
            model_asked=call["model_asked"],
            model_used=clean_or_none(call["model_used"]),
            prompt_name=new.prompt_name,
            prompt_version=new.prompt_version,
            form=new.form,
            outcome=new.outcome,
            reason=clean_text(new.reason),
            reply_text=clean_or_none(new.reply_text),
            reading=None if new.reading is None else to_document(new.reading),
            call=to_document(call),
            prompt_tokens=usage.get("prompt"),
            answer_tokens=usage.get("answer"),
            known_cost=Decimal(call["known_cost"]),
            billed=call["billed_attempts"],
            unknown_costs=call["unknown_costs"],
            known_tokens=call["known_tokens"],
            unknown_usages=call["unknown_usages"],
        )
        .on_conflict_do_nothing()
    )
    return new.id


def delete_model_call(conn: Connection, call_id: UUID) -> None:
    """Take away the row that was written before a question left, when what came of it is stored."""
    conn.execute(delete(model_calls).where(model_calls.c.id == call_id))


def load_day_of_model(conn: Connection, account_id: str, day: date) -> DayOfModel:
    """What an account has used on a UTC day of real time; previews and replays count as well."""
    since = datetime(day.year, day.month, day.day, tzinfo=UTC)
    columns = model_calls.c
    row = conn.execute(
        select(
            func.coalesce(func.sum(columns.billed), 0).label("calls"),
            func.coalesce(func.sum(columns.known_tokens), 0).label("tokens"),
            func.coalesce(func.sum(columns.known_cost), ZERO).label("money"),
            func.coalesce(func.sum(columns.unknown_costs), 0).label("unknown_money"),
            func.coalesce(func.sum(columns.unknown_usages), 0).label("unknown_tokens"),
        ).where(
            columns.account_id == account_id,
            columns.real_started_at >= since,
            columns.real_started_at < since + timedelta(days=1),
        )
    ).one()
    return DayOfModel(
        day=day,
        calls=int(row.calls),
        tokens=int(row.tokens),
        money=Decimal(row.money),
        unknown_money=int(row.unknown_money),
        unknown_tokens=int(row.unknown_tokens),
    )


def _newest_usage(call: Mapping[str, Any]) -> Mapping[str, Any]:
    """Tokens of the last answer that told any."""
    for each in reversed(call["rounds"]):
        for attempt in reversed(each["attempts"]):
            if attempt["usage"] is not None:
                return attempt["usage"]
    return {}
