"""Events: the outbox that the API process reads on from, written only by `app.emit_event`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from adapters.store.documents import to_document
from adapters.store.tables import events as events_table

_EMIT = text("select app.emit_event(:at, :account_id, :channel, :kind, :payload)").bindparams(
    bindparam("payload", type_=JSONB)
)


_EMIT_ALL = text(
    "select app.emit_event(at, account_id, channel, kind, payload) from ("
    " select * from unnest(cast(:ats as timestamptz[]), cast(:account_ids as text[]),"
    " cast(:channels as text[]), cast(:kinds as text[]), :payloads)"
    " with ordinality as e(at, account_id, channel, kind, payload, number) order by number) e"
).bindparams(bindparam("payloads", type_=ARRAY(JSONB)))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """An event before it has an id; `account_id` None: the whole system."""

    at: datetime
    account_id: str | None
    channel: str
    kind: str
    payload: Mapping[str, Any]


def emit_events(conn: Connection, events: Sequence[NewEvent]) -> None:
    """Append events in the order given, by one statement; as `emit_event`: last, then commit."""
    if not events:
        return
    conn.execute(
        _EMIT_ALL,
        {
            "ats": [event.at for event in events],
            "account_ids": [event.account_id for event in events],
            "channels": [event.channel for event in events],
            "kinds": [event.kind for event in events],
            "payloads": [to_document(event.payload) for event in events],
        },
    )


def emit_event(
    conn: Connection,
    *,
    at: datetime,
    account_id: str | None,
    channel: str,
    kind: str,
    payload: Mapping[str, Any],
) -> int:
    """Append an event and wake the listeners at commit; its id.

    Ids follow the order of commits, which costs a lock until the caller commits: emit last, and
    commit soon. Decimals travel as plain text.
    """
    values = {
        "at": at,
        "account_id": account_id,
        "channel": channel,
        "kind": kind,
        "payload": to_document(payload),
    }
    return int(conn.execute(_EMIT, values).scalar_one())


def forget_events(conn: Connection, ids: Sequence[int]) -> None:
    """Take away events that are news for a moment only, such as prices."""
    if ids:
        conn.execute(delete(events_table).where(events_table.c.id.in_(ids)))


def forget_channel(conn: Connection, channel: str) -> None:
    """Take away everything on a channel of such news: what an earlier process has left."""
    conn.execute(delete(events_table).where(events_table.c.channel == channel))
