"""The history of an account's configuration: every version with its instant and what it changed.

Versions are compared as stored documents, so that one written by an older perpflow can still be
listed. All instants are real ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from adapters.store.account_changes import FieldChange, field_changes
from adapters.store.tables import account_versions, accounts


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountVersion:
    """One version."""

    version: int
    real_created_at: datetime
    document: Mapping[str, Any]
    """The configuration as stored; references, never secrets."""
    changes: tuple[FieldChange, ...]
    """Against the version before; empty for the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDates:
    """When an account came and went."""

    real_created_at: datetime
    real_removed_at: datetime | None


def list_versions(conn: Connection, account_id: str) -> tuple[AccountVersion, ...]:
    """All versions, the first one first; empty when there is no such account."""
    table = account_versions
    query = select(table).where(table.c.account_id == account_id).order_by(table.c.version)
    versions: list[AccountVersion] = []
    before: Mapping[str, Any] | None = None
    for row in conn.execute(query):
        versions.append(
            AccountVersion(
                version=row.version,
                real_created_at=row.real_created_at,
                document=row.config,
                changes=() if before is None else field_changes(before, row.config),
            )
        )
        before = row.config
    return tuple(versions)


def load_dates(conn: Connection) -> dict[str, AccountDates]:
    """Dates of all accounts, the removed ones included, by id."""
    columns = accounts.c
    query = select(columns.id, columns.real_created_at, columns.real_removed_at)
    return {
        row.id: AccountDates(
            real_created_at=row.real_created_at, real_removed_at=row.real_removed_at
        )
        for row in conn.execute(query)
    }
