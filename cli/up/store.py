"""The store's part of a start: database up and at this code's revision, arena, accounts, wallets.

Accounts in the store are the truth. A file given to `up` is applied to it; without a file the
stored accounts go on, and only an empty store gets the demo accounts.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import OperationalError

from adapters.store.accounts import list_accounts, save_account
from adapters.store.arena import Arena, load_arena, save_arena, set_collector
from adapters.store.embedded.errors import ServerError
from adapters.store.engine import open_engine
from adapters.store.errors import StoreError
from adapters.store.instruments import save_instruments
from adapters.store.paper_books import create_paper_wallet, set_paper_terms
from adapters.store.schema import upgrade
from adapters.store.tables import api_tokens
from adapters.store.tokens import TokenScope, create_token
from cli.exit_codes import ExitCode
from cli.failures import CommandFailed
from cli.up.clock import anchored, next_arena
from cli.up.database import Database, start_database
from cli.up.place import ArenaPlace
from cli.up.plan import UpPlan
from deployments.pools import POOLS
from deployments.schedule import asks_model, require_bearable_speed
from trading.account import Account, Mode
from trading.decision.twin_account import renew_twins
from trading.errors import InvalidRecord

_TOKEN_LABEL = "operator, made by perpflow up"  # noqa: S105 - a label, not a token


def open_database(plan: ArenaPlace) -> Database:
    """Start or reach the database and upgrade it. Raises `CommandFailed`, nothing left running."""
    database = start_database(plan)
    try:
        upgrade_database(database.url)
    except CommandFailed:
        with suppress(ServerError):  # the first error is the one to report
            database.close()
        raise
    return database


def upgrade_database(url: str) -> str:
    """Bring it to this code's revision; its version, as people say it. Raises `CommandFailed`."""
    try:
        upgrade(url)
        engine = open_engine(url, application="perpflow-up")
        try:
            with engine.connect() as conn:
                return str(conn.exec_driver_sql("show server_version").scalar_one()).split()[0]
        finally:
            engine.dispose()
    except (StoreError, OperationalError) as error:
        raise _failure(error) from None


def prepare_arena(
    engine: Engine, plan: UpPlan, *, real: datetime
) -> tuple[Arena, tuple[Account, ...]]:
    """Arena, accounts and wallets in one transaction. Raises `CommandFailed`, nothing changed."""
    speed = 1.0 if plan.once else plan.settings.speed
    try:
        with engine.begin() as conn:
            stored = load_arena(conn)
            accounts = _apply_accounts(conn, plan, is_first=stored is None)
            arena = next_arena(stored, plan.market, speed=speed, real=real, accounts=len(accounts))
            save_arena(conn, arena)
            save_instruments(conn, plan.market.name, plan.market.instruments)
            for account in (each for each in accounts if each.mode is Mode.PAPER):
                create_paper_wallet(
                    conn,
                    account.id,
                    wallet=account.initial_equity,
                    at=arena.seen_at,
                    terms=account.paper,
                )
                set_paper_terms(conn, account.id, account.paper)
    except (StoreError, OperationalError, InvalidRecord) as error:
        raise _failure(error) from None
    return arena, accounts


def anchor_arena(engine: Engine, arena: Arena, *, real: datetime) -> Arena:
    """Let market time go on from now."""
    moved = anchored(arena, real=real)
    with engine.begin() as conn:
        save_arena(conn, moved)
    return moved


def plan_collector(engine: Engine, arena: Arena, accounts: Sequence[Account]) -> Arena:
    """Note how often the market is collected for these accounts, so that they look for its passes."""
    from deployments.market_deployment import collect_every

    every = collect_every(arena.source, accounts)
    with engine.begin() as conn:
        set_collector(conn, every)
    return replace(arena, collect_every=every)


def operator_token(engine: Engine, *, new: bool) -> str | None:
    """A token for the operator if there is none yet or a new one is wanted; shown once."""
    with engine.begin() as conn:
        existing = conn.scalar(
            select(func.count())
            .select_from(api_tokens)
            .where(
                api_tokens.c.scope == TokenScope.ADMIN.value,
                api_tokens.c.real_revoked_at.is_(None),
            )
        )
        return None if existing and not new else create_token(conn, TokenScope.ADMIN, _TOKEN_LABEL)


def _apply_accounts(conn: Connection, plan: UpPlan, *, is_first: bool) -> tuple[Account, ...]:
    stored = tuple(entry.account for entry in list_accounts(conn))
    if plan.goes_on_with_stored and stored and not is_first:
        _require_speed(plan, stored)
        return stored
    named = {account.id for account in plan.accounts}
    # An account that the file does not name was added by a command, and may hold positions: taking
    # it away is a command of its own.
    others = tuple(account for account in stored if account.id not in named)
    _require_speed(plan, others)
    accounts = renew_twins((*plan.accounts, *others))
    for account in accounts:
        if account.id in named or account not in others:  # a twin follows its original
            save_account(conn, account)
    return accounts


def _require_speed(plan: UpPlan, accounts: Sequence[Account]) -> None:
    if not plan.once:
        for account in accounts:
            require_bearable_speed(
                plan.settings.speed,
                account.interval,
                POOLS[plan.settings.worker],
                with_model=asks_model(account),
            )


def _failure(error: Exception) -> CommandFailed:
    match error:
        case StoreError():
            return CommandFailed(ExitCode.REFUSED, str(error))
        case OperationalError():
            cause = str(error.orig).strip().splitlines()[0]
            return CommandFailed(ExitCode.UNREACHABLE, f"the database cannot be used: {cause}")
        case _:
            return CommandFailed(ExitCode.INVALID_CONFIGURATION, str(error))
