"""The store's part of a start: database up and at this code's revision, arena, accounts, wallets.

Accounts in the store are the truth. A file given to `up` is applied to it; without a file the
stored accounts go on, and only an empty store gets the demo accounts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import OperationalError

from adapters.store.accounts import list_accounts, mark_removed, save_account
from adapters.store.arena import Arena, load_arena, save_arena, touch_arena
from adapters.store.embedded.errors import ServerError
from adapters.store.embedded.server import EmbeddedServer
from adapters.store.engine import open_engine
from adapters.store.errors import StoreError
from adapters.store.instruments import save_instruments
from adapters.store.paper_books import create_paper_wallet
from adapters.store.schema import upgrade
from adapters.store.tables import api_tokens
from adapters.store.tokens import TokenScope, create_token
from cli.exit_codes import ExitCode
from cli.failures import CommandFailed
from cli.up.clock import anchored, next_arena
from cli.up.plan import UpPlan
from deployments.pools import POOLS
from deployments.schedule import require_bearable_speed
from trading.account import Account
from trading.errors import InvalidRecord
from trading.paper_book import PaperFees

_TOKEN_LABEL = "operator, made by perpflow up"  # noqa: S105 - a label, not a token


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """A running database at this code's revision."""

    url: str
    engine: Engine
    server: EmbeddedServer | None
    """Ours to stop; None for a database that was given."""
    label: str

    def close(self) -> None:
        """Let go of the connections, and stop the server if it is ours."""
        self.engine.dispose()
        if self.server is not None:
            self.server.down()


def open_database(plan: UpPlan) -> Database:
    """Start or reach the database and upgrade it. Raises `CommandFailed`."""
    given = plan.settings.database_url
    try:
        if given is not None:
            return _ready(given.get_secret_value(), None, "PostgreSQL from DATABASE_URL")
        server = EmbeddedServer(plan.home)
        try:
            return _ready(server.up(), server, "embedded PostgreSQL")
        except Exception:
            _stop_quietly(server)
            raise
    except (StoreError, ServerError, OperationalError) as error:
        raise _failure(error) from None


def _ready(url: str, server: EmbeddedServer | None, kind: str) -> Database:
    upgrade(url)
    engine = open_engine(url, application="perpflow-up", pool_size=2)
    with engine.connect() as conn:
        version = conn.exec_driver_sql("show server_version").scalar_one().split()[0]
    return Database(url=url, engine=engine, server=server, label=f"{kind} {version}")


def prepare_arena(
    engine: Engine, plan: UpPlan, *, real: datetime
) -> tuple[Arena, tuple[Account, ...]]:
    """Arena, accounts and wallets in one transaction. Raises `CommandFailed`, nothing changed."""
    speed = 1.0 if plan.once else plan.settings.speed
    try:
        with engine.begin() as conn:
            stored = load_arena(conn)
            arena = next_arena(stored, plan.market, speed=speed, real=real)
            accounts = _apply_accounts(conn, plan, is_first=stored is None)
            save_arena(conn, arena)
            save_instruments(conn, plan.market.name, plan.market.instruments)
            for account in accounts:
                create_paper_wallet(
                    conn,
                    account.id,
                    wallet=account.initial_equity,
                    at=arena.seen_at,
                    fees=PaperFees(),
                )
    except (StoreError, OperationalError, InvalidRecord) as error:
        raise _failure(error) from None
    return arena, accounts


def anchor_arena(engine: Engine, arena: Arena, *, real: datetime) -> Arena:
    """Let market time go on from now."""
    moved = anchored(arena, real=real)
    with engine.begin() as conn:
        save_arena(conn, moved)
    return moved


def note_alive(engine: Engine, arena: Arena) -> None:
    """Write down the market time up to which the arena has run."""
    with engine.begin() as conn:
        touch_arena(conn, arena.clock.market_at(datetime.now(UTC)))


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
    if plan.is_demo and stored and not is_first:
        _require_speed(plan, stored)
        return stored
    for account in plan.accounts:
        save_account(conn, account)
    kept = {account.id for account in plan.accounts}
    for account in stored:
        if account.id not in kept:
            mark_removed(conn, account.id)
    return plan.accounts


def _require_speed(plan: UpPlan, accounts: Sequence[Account]) -> None:
    if not plan.once:
        for account in accounts:
            require_bearable_speed(
                plan.settings.speed, account.interval, POOLS[plan.settings.worker]
            )


def _failure(error: Exception) -> CommandFailed:
    match error:
        case StoreError():
            return CommandFailed(ExitCode.REFUSED, str(error))
        case ServerError():
            return CommandFailed(ExitCode.UNREACHABLE, f"the embedded database: {error}")
        case OperationalError():
            cause = str(error.orig).strip().splitlines()[0]
            return CommandFailed(ExitCode.UNREACHABLE, f"the database cannot be used: {cause}")
        case _:
            return CommandFailed(ExitCode.INVALID_CONFIGURATION, str(error))


def _stop_quietly(server: EmbeddedServer) -> None:
    try:
        server.down()
    except ServerError:
        return  # the first error is the one to report
