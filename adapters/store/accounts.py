"""Accounts: configuration in immutable versions, and the little that changes (status, peak).

The initial equity is the baseline of every return and never changes; nor does the mode, so an
account cannot slide from paper into live by an edited file; nor whose twin it is, since the two are
compared from the start.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from sqlalchemy import Connection, Row, Select, func, insert, literal, select, update

from adapters.store.account_json import account_from_json, account_to_json, config_hash
from adapters.store.errors import StoreError, UnknownAccount
from adapters.store.tables import account_versions, accounts
from adapters.store.tables.base import Money
from trading.account import Account, AccountStatus, Mode, OperatorState, TradingState
from trading.units import plain


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAccount:
    """An account with what operator and risk have made of it."""

    account: Account
    version: int
    """Of the configuration, from 1."""
    status: AccountStatus
    trading_state: TradingState
    operator_state: OperatorState
    peak_equity: Decimal | None
    """Highest equity so far (quote); None before the first snapshot."""


def save_account(conn: Connection, account: Account) -> int:
    """Insert the account, or add a version when its configuration changed; its version number.

    Raises `StoreError` when initial equity, mode, venue or original of an existing account would
    change.
    """
    stored = conn.execute(
        select(accounts).where(accounts.c.id == account.id).with_for_update()
    ).one_or_none()
    if stored is None:
        conn.execute(insert(accounts).values(**_columns(account), config_version=1))
        _insert_version(conn, account, 1)
        return 1
    _require_same_baseline(stored, account)
    version = stored.config_version
    if _stored_hash(conn, account.id, version) != config_hash(account):
        _require_same_original(conn, account, version)
        version += 1
        _insert_version(conn, account, version)
    conn.execute(
        update(accounts)
        .where(accounts.c.id == account.id)
        .values(
            **{**_columns(account), "initial_equity": stored.initial_equity},
            config_version=version,
            real_removed_at=None,
        )
    )
    return version


def load_account(conn: Connection, account_id: str) -> StoredAccount:
    """An account that is not removed. Raises `UnknownAccount` with the known ids."""
    row = conn.execute(
        _newest().where(accounts.c.id == account_id, accounts.c.real_removed_at.is_(None))
    ).one_or_none()
    if row is None:
        raise UnknownAccount(account_id, tuple(s.account.id for s in list_accounts(conn)))
    return _stored(row)


def list_accounts(conn: Connection, *, removed: bool = False) -> tuple[StoredAccount, ...]:
    """All accounts by id; with `removed` the removed ones instead."""
    is_removed = accounts.c.real_removed_at.is_not(None)
    rows = conn.execute(_newest().where(is_removed == removed).order_by(accounts.c.id))
    return tuple(_stored(row) for row in rows)


def is_removed(conn: Connection, account_id: str) -> bool:
    """Whether the account was in the arena and was taken out; False for one that never was."""
    query = select(accounts.c.real_removed_at).where(accounts.c.id == account_id)
    return conn.scalar(query) is not None


def mark_removed(conn: Connection, account_id: str) -> None:
    """Take the account out of the arena; its record stays."""
    _change(conn, account_id, real_removed_at=func.now())


def set_status(conn: Connection, account_id: str, status: AccountStatus) -> None:
    """What the operator wants."""
    _change(conn, account_id, status=status.value)


def set_trading_state(conn: Connection, account_id: str, state: TradingState) -> None:
    """What risk allows."""
    _change(conn, account_id, trading_state=state.value)


def save_peak(conn: Connection, account_id: str, peak: Decimal, *, is_moved: bool = False) -> None:
    """Highest equity so far (quote); a lower value than the stored one changes nothing.

    `is_moved`: a deposit or withdrawal has moved the peak along, so it may fall as well.
    """
    value = literal(peak, Money)
    _change(
        conn,
        account_id,
        peak_equity=value if is_moved else func.greatest(accounts.c.peak_equity, value),
    )


def _change(conn: Connection, account_id: str, **values: object) -> None:
    done = conn.execute(update(accounts).where(accounts.c.id == account_id).values(**values))
    if done.rowcount == 0:
        raise UnknownAccount(account_id, tuple(s.account.id for s in list_accounts(conn)))


def _columns(account: Account) -> dict[str, object]:
    return {
        "id": account.id,
        "name": account.name,
        "kind": account.kind.value,
        "mode": account.mode.value,
        "venue": account.venue,
        "initial_equity": account.initial_equity,
    }


def _require_same_baseline(stored: Row, account: Account) -> None:
    is_measured = account.mode is Mode.LIVE  # at the venue, when it was permitted
    if not is_measured and stored.initial_equity != account.initial_equity:
        raise StoreError(
            f"account {account.id} started with {plain(stored.initial_equity)} and cannot be "
            f"changed to {plain(account.initial_equity)}, because all its returns are measured "
            f"from there; add another account instead"
        )
    for name in ("mode", "venue"):
        if getattr(stored, name) != str(getattr(account, name)):
            raise StoreError(
                f"account {account.id} has {name} {getattr(stored, name)} and cannot be changed "
                f"to {getattr(account, name)}; add another account instead"
            )


def _require_same_original(conn: Connection, account: Account, version: int) -> None:
    before = conn.scalar(
        select(account_versions.c.config["twin_of"].astext).where(
            account_versions.c.account_id == account.id, account_versions.c.version == version
        )
    )
    if before == account.twin_of:
        return
    was, wanted = (
        "no twin" if original is None else f"the twin of {original}"
        for original in (before, account.twin_of)
    )
    raise StoreError(
        f"account {account.id} is {was} and cannot be changed to {wanted}; add another account"
        " instead"
    )


def _insert_version(conn: Connection, account: Account, version: int) -> None:
    conn.execute(
        insert(account_versions).values(
            account_id=account.id,
            version=version,
            config=account_to_json(account),
            config_hash=config_hash(account),
        )
    )


def _stored_hash(conn: Connection, account_id: str, version: int) -> str | None:
    return conn.scalar(
        select(account_versions.c.config_hash).where(
            account_versions.c.account_id == account_id, account_versions.c.version == version
        )
    )


def _newest() -> Select:
    return select(accounts, account_versions.c.config).join(
        account_versions,
        (account_versions.c.account_id == accounts.c.id)
        & (account_versions.c.version == accounts.c.config_version),
    )


def _stored(row: Row) -> StoredAccount:
    account = account_from_json(row.config)
    return StoredAccount(
        # A live account's baseline is what the venue held when it was permitted.
        account=replace(account, initial_equity=row.initial_equity)
        if account.mode is Mode.LIVE
        else account,
        version=row.config_version,
        status=AccountStatus(row.status),
        trading_state=TradingState(row.trading_state),
        operator_state=OperatorState(row.operator_state),
        peak_equity=row.peak_equity,
    )
