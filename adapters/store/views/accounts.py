"""Accounts as the screens list them: configuration without references, newest cycle, newest money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import Row, Select, and_, exists, func, lateral, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.tables import (
    account_versions,
    accounts,
    cycles,
    equity_snapshots,
    live_permits,
)
from trading.account import Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleMark:
    """One cycle of an account, without what it knew."""

    slot: datetime
    status: str
    reason: str | None
    real_started_at: datetime
    real_finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyMark:
    """Money of an account at its newest snapshot (quote)."""

    at: datetime
    real_at: datetime
    wallet: Decimal
    unrealized: Decimal
    equity: Decimal
    margin_used: Decimal
    available: Decimal
    gross_exposure: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountView:
    """An account that has not been removed. Limits and parameters are as configured."""

    id: str
    name: str
    kind: str
    mode: str
    venue: str
    network: str | None
    """mainnet or testnet; None on paper."""
    is_permitted: bool | None
    """Whether an operator has let it trade at its venue; None on paper."""
    status: str
    trading_state: str
    operator_state: str
    """`halted` by a panic, else `active`."""
    config_version: int
    initial_equity: Decimal
    peak_equity: Decimal | None
    real_created_at: datetime
    strategy: str | None
    assets: tuple[str, ...]
    interval: str | None
    parameters: dict[str, Any]
    limits: dict[str, Any]
    exits: dict[str, Any]
    """Tiers and pullback; empty for a version from before there were any settings of them."""
    blend: dict[str, Any] | None
    """Members and weights, of an account that blends strategies."""
    scan: dict[str, Any] | None
    """How many instruments it chooses at each cycle; None: all of `assets`, always."""
    twin_of: str | None
    """Of a paper twin: the live account whose decisions it repeats."""
    last_cycle: CycleMark | None
    """Newest by slot, whatever became of it."""
    last_done: CycleMark | None
    """Newest that came to its end."""
    money: MoneyMark | None


def _newest_cycle(name: str, *, done_only: bool) -> Any:
    query = select(cycles).where(cycles.c.account_id == accounts.c.id)
    if done_only:
        query = query.where(cycles.c.status == "done")
    return lateral(query.order_by(cycles.c.slot.desc()).limit(1)).alias(name)


async def load_accounts(
    conn: AsyncConnection, *, only: str | None = None
) -> tuple[AccountView, ...]:
    """Accounts by id; `only` narrows to one, which may give an empty tuple."""
    query = _all_accounts()
    if only is not None:
        query = query.where(accounts.c.id == only)
    return tuple(_account(row) for row in await conn.execute(query))


@cache
def _all_accounts() -> Select[Any]:
    """Built once: putting the statement together costs more than reading an account."""
    newest = _newest_cycle("newest", done_only=False)
    done = _newest_cycle("done", done_only=True)
    snapshot = lateral(
        select(equity_snapshots)
        .where(equity_snapshots.c.account_id == accounts.c.id)
        .order_by(equity_snapshots.c.at.desc())
        .limit(1)
    ).alias("snapshot")
    return (
        select(
            accounts,
            account_versions.c.config,
            exists()
            .where(
                live_permits.c.account_id == accounts.c.id, live_permits.c.real_ended_at.is_(None)
            )
            .label("is_permitted"),
            *_labelled(newest, "newest", _CYCLE_COLUMNS),
            *_labelled(done, "done", _CYCLE_COLUMNS),
            *_labelled(snapshot, "snapshot", _MONEY_COLUMNS),
        )
        .outerjoin(
            account_versions,
            and_(
                account_versions.c.account_id == accounts.c.id,
                account_versions.c.version == accounts.c.config_version,
            ),
        )
        .outerjoin(newest, true())
        .outerjoin(done, true())
        .outerjoin(snapshot, true())
        .where(accounts.c.real_removed_at.is_(None))
        .order_by(accounts.c.id)
    )


async def account_exists(conn: AsyncConnection, account_id: str) -> bool:
    """Whether the account is there and has not been removed."""
    query = select(func.count()).where(
        accounts.c.id == account_id, accounts.c.real_removed_at.is_(None)
    )
    return bool(await conn.scalar(query))


_CYCLE_COLUMNS = ("slot", "status", "reason", "real_started_at", "real_finished_at")
_MONEY_COLUMNS = (
    "at",
    "real_at",
    "wallet",
    "unrealized",
    "equity",
    "margin_used",
    "available",
    "gross_exposure",
)


def _labelled(source: Any, prefix: str, names: Sequence[str]) -> list[Any]:
    return [source.c[name].label(f"{prefix}__{name}") for name in names]


def _part(row: Row[Any], prefix: str, names: Sequence[str]) -> dict[str, Any] | None:
    values = {name: row._mapping[f"{prefix}__{name}"] for name in names}
    return None if values[names[0]] is None else values


def _network(mode: str, config: dict[str, Any]) -> str | None:
    keys: dict[str, Any] = config.get("venue_keys") or {}
    return keys.get("network") if mode == Mode.LIVE else None


def _account(row: Row[Any]) -> AccountView:
    config: dict[str, Any] = row.config or {}
    newest = _part(row, "newest", _CYCLE_COLUMNS)
    done = _part(row, "done", _CYCLE_COLUMNS)
    money = _part(row, "snapshot", _MONEY_COLUMNS)
    return AccountView(
        id=row.id,
        name=row.name,
        kind=row.kind,
        mode=row.mode,
        venue=row.venue,
        network=_network(row.mode, config),
        is_permitted=row.is_permitted if row.mode == Mode.LIVE else None,
        status=row.status,
        trading_state=row.trading_state,
        operator_state=row.operator_state,
        config_version=row.config_version,
        initial_equity=row.initial_equity,
        peak_equity=row.peak_equity,
        real_created_at=row.real_created_at,
        strategy=config.get("strategy"),
        assets=tuple(config.get("assets") or ()),
        interval=config.get("interval"),
        parameters=config.get("parameters") or {},
        limits=config.get("limits") or {},
        exits=config.get("exits") or {},
        blend=config.get("blend"),
        scan=config.get("scan"),
        twin_of=config.get("twin_of"),
        last_cycle=CycleMark(**newest) if newest else None,
        last_done=CycleMark(**done) if done else None,
        money=MoneyMark(**money) if money else None,
    )
