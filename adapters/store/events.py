"""Events: the outbox that the API process reads on from, written only by `app.emit_event`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from adapters.store.documents import to_document

_EMIT = text("select app.emit_event(:at, :account_id, :channel, :kind, :payload)").bindparams(
    bindparam("payload", type_=JSONB)
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
