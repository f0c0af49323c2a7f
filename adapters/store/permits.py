"""Permits: an operator's word that an account may trade real money. Without one nothing is sent.

A permit names the venue account by a fingerprint, which only one account can hold at a time. The
opening figures are those of the account's first permit: they are its baseline and never change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, Row, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from adapters.store.accounts import load_account
from adapters.store.documents import clean_text, to_document
from adapters.store.errors import StoreError
from adapters.store.tables import accounts, live_permits
from trading.account import Mode, Network


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueIdentity:
    """Which account at which venue."""

    venue: str
    network: Network
    place: str
    """Host and port that it is reached by: two test networks are two worlds."""
    owner: str
    """Main wallet, or a hash of the V1 key; never a secret."""

    @property
    def fingerprint(self) -> str:
        return f"{self.venue} {self.network} {self.place} {self.owner}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """A permit that holds."""

    id: UUID
    account_id: str
    fingerprint: str
    owner: str
    network: Network
    opening_wallet: Decimal
    """Quote; our ledger of the account begins with it."""
    opening_equity: Decimal
    """Quote; the baseline of all returns."""
    opened_at: datetime
    """Nothing that happened before belongs to the account's record."""
    real_granted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """The venue account at the moment it was taken over."""

    wallet: Decimal
    equity: Decimal
    at: datetime


def grant_permit(
    conn: Connection,
    account_id: str,
    identity: VenueIdentity,
    *,
    opening: Opening,
    checks: Mapping[str, Any],
    granted_by: str,
) -> Permit:
    """Let the account trade; its earlier permit ends. The baseline of the first permit stays.

    Raises
    ------
    StoreError
        The account is not live, has traded another venue account before, or another account
        holds this one.
    """
    account = load_account(conn, account_id).account
    if account.mode is not Mode.LIVE:
        raise StoreError(
            f"account {account_id} is a paper account and stays one; add another account with"
            " mode: live"
        )
    first = load_first_permit(conn, account_id)
    if first is not None and first.fingerprint != identity.fingerprint:
        raise StoreError(
            f"account {account_id} has traded the venue account {first.owner} ({first.network}),"
            f" and these keys belong to {identity.owner} ({identity.network}); its returns are"
            " measured from there: add another account instead"
        )
    end_permit(conn, account_id, reason="replaced by a newer permit")
    start = (
        opening
        if first is None
        else Opening(wallet=first.opening_wallet, equity=first.opening_equity, at=first.opened_at)
    )
    try:
        with conn.begin_nested():
            row = conn.execute(
                insert(live_permits)
                .values(
                    id=uuid4(),
                    account_id=account_id,
                    venue=identity.venue,
                    network=identity.network.value,
                    fingerprint=identity.fingerprint,
                    owner=identity.owner,
                    opening_wallet=start.wallet,
                    opening_equity=start.equity,
                    opened_at=start.at,
                    checks=to_document(checks),
                    granted_by=granted_by,
                )
                .returning(live_permits)
            ).one()
    except IntegrityError as error:
        raise StoreError(
            f"the venue account {identity.owner} ({identity.network}) is traded by another account"
            " of this arena; two agents must not share one: use a venue account of its own"
        ) from error
    if first is None:
        conn.execute(
            update(accounts)
            .where(accounts.c.id == account_id)
            .values(initial_equity=start.equity, peak_equity=None)
        )
    return _permit(row)


def load_permit(conn: Connection, account_id: str) -> Permit | None:
    """The permit that holds, if there is one."""
    row = conn.execute(
        select(live_permits).where(
            live_permits.c.account_id == account_id, live_permits.c.real_ended_at.is_(None)
        )
    ).one_or_none()
    return None if row is None else _permit(row)


def find_holder(conn: Connection, fingerprint: str) -> str | None:
    """The account that is permitted to trade a venue account now."""
    return conn.scalar(
        select(live_permits.c.account_id).where(
            live_permits.c.fingerprint == fingerprint, live_permits.c.real_ended_at.is_(None)
        )
    )


def end_permit(conn: Connection, account_id: str, *, reason: str) -> bool:
    """Take the permit back; False when none holds."""
    done = conn.execute(
        update(live_permits)
        .where(live_permits.c.account_id == account_id, live_permits.c.real_ended_at.is_(None))
        .values(real_ended_at=func.clock_timestamp(), ended_reason=clean_text(reason))
    )
    return done.rowcount == 1


def load_first_permit(conn: Connection, account_id: str) -> Permit | None:
    """The permit that the baseline comes from, ended or not; None when there never was one."""
    row = conn.execute(
        select(live_permits)
        .where(live_permits.c.account_id == account_id)
        .order_by(live_permits.c.real_granted_at)
        .limit(1)
    ).one_or_none()
    return None if row is None else _permit(row)


def _permit(row: Row[Any]) -> Permit:
    return Permit(
        id=row.id,
        account_id=row.account_id,
        fingerprint=row.fingerprint,
        owner=row.owner,
        network=Network(row.network),
        opening_wallet=row.opening_wallet,
        opening_equity=row.opening_equity,
        opened_at=row.opened_at,
        real_granted_at=row.real_granted_at,
    )
