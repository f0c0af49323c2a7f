"""The accounts as plain data for `list` and `show`: configuration, state, history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from adapters.config.references import is_set, references_of
from adapters.store.account_changes import ABSENT, FieldChange
from adapters.store.account_json import account_to_json
from adapters.store.account_life import find_ties
from adapters.store.account_versions import AccountDates, list_versions, load_dates
from adapters.store.accounts import StoredAccount, list_accounts
from adapters.store.errors import UnknownAccount
from adapters.store.permits import load_first_permit, load_permit
from cli.live.permits import permit_document
from trading.account import Account, Mode
from trading.units import plain


def list_document(conn: Connection, *, removed: bool) -> dict[str, Any]:
    """All accounts by id, the removed ones only when asked for."""
    dates = load_dates(conn)
    stored = list_accounts(conn) + (list_accounts(conn, removed=True) if removed else ())
    return {
        "schema_version": 1,
        "accounts": [
            _account(conn, each, dates[each.account.id])
            for each in sorted(stored, key=lambda one: one.account.id)
        ],
    }


def account_document(
    conn: Connection, account_id: str, environ: Mapping[str, str]
) -> dict[str, Any]:
    """One account, removed or not, with its references. Raises `UnknownAccount`."""
    stored = _find(conn, account_id)
    references = references_of(stored.account)
    return {
        "schema_version": 1,
        **_account(conn, stored, load_dates(conn)[account_id]),
        "permit": _permit(conn, account_id),
        "configuration": account_to_json(stored.account),
        "secrets": {
            key: {"reference": reference, "is_set": is_set(reference, environ)}
            for key, reference in references.items()
        },
    }


def versions_document(conn: Connection, account_id: str) -> dict[str, Any]:
    """The history of one account. Raises `UnknownAccount`."""
    _find(conn, account_id)
    return {
        "schema_version": 1,
        "id": account_id,
        "versions": [
            {
                "version": each.version,
                "created_at": _instant(each.real_created_at),
                "changes": fields_document(each.changes),
                "configuration": each.document,
            }
            for each in list_versions(conn, account_id)
        ],
    }


def fields_document(fields: Sequence[FieldChange]) -> list[dict[str, Any]]:
    """Changed fields; `before` or `after` is missing where there was or is nothing."""
    return [
        {
            "field": field.name,
            **({} if field.before is ABSENT else {"before": field.before}),
            **({} if field.after is ABSENT else {"after": field.after}),
        }
        for field in fields
    ]


def _find(conn: Connection, account_id: str) -> StoredAccount:
    known = (*list_accounts(conn), *list_accounts(conn, removed=True))
    found = next((each for each in known if each.account.id == account_id), None)
    if found is None:
        raise UnknownAccount(account_id, tuple(each.account.id for each in known))
    return found


def _account(conn: Connection, stored: StoredAccount, dates: AccountDates) -> dict[str, Any]:
    account = stored.account
    ties = find_ties(conn, account.id)
    permit = load_permit(conn, account.id)
    return {
        "id": account.id,
        "name": account.name,
        "agent": account.model or account.strategy,
        "kind": account.kind.value,
        "assets": list(account.assets),
        "traded": account.traded,
        "interval": account.interval.value,
        "mode": account.mode.value,
        "initial_equity": _baseline(conn, account),
        "permitted": None if account.mode is Mode.PAPER else permit is not None,
        "status": stored.status.value,
        "trading_state": stored.trading_state.value,
        "operator_state": stored.operator_state.value,
        "version": stored.version,
        "open_positions": list(ties.positions),
        "unsettled_orders": len(ties.unsettled),
        "created_at": _instant(dates.real_created_at),
        "removed_at": _instant(dates.real_removed_at),
    }


def _permit(conn: Connection, account_id: str) -> dict[str, Any] | None:
    permit = load_permit(conn, account_id)
    return None if permit is None else permit_document(permit)


def _baseline(conn: Connection, account: Account) -> str | None:
    """What returns are measured from (USDT); None before a live account was permitted."""
    is_known = account.mode is Mode.PAPER or load_first_permit(conn, account.id) is not None
    return plain(account.initial_equity) if is_known else None


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
