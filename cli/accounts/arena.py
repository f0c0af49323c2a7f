"""What a change of accounts has to know about the arena: its market, its clock, who is there.

Read in one go; a change reads it again in its own transaction (`changing`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Connection

from adapters.config.settings import Settings
from adapters.market.errors import RecordedDataError
from adapters.store.accounts import StoredAccount, list_accounts
from adapters.store.arena import Arena, load_arena
from adapters.store.errors import StoreError
from adapters.store.instruments import load_instruments
from cli.exit_codes import ExitCode
from cli.failures import CommandFailed
from cli.live.market_fit import require_live_market
from cli.up.markets import MarketPlan, open_again, require_candles
from deployments.pools import POOLS
from deployments.schedule import asks_model, require_bearable_speed
from trading.account import Account
from trading.errors import BadMarketData, InvalidRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class ArenaNow:
    """The arena as a command finds it."""

    arena: Arena
    market: MarketPlan
    accounts: tuple[StoredAccount, ...]
    removed: tuple[StoredAccount, ...]
    is_alive: bool
    """Whether `perpflow up` keeps its time going."""
    at: datetime = field(repr=False)
    """Market time up to which it is known to have run; new wallets begin here."""


def read_arena(conn: Connection) -> ArenaNow:
    """The arena with its accounts. Raises `StoreError` and `CommandFailed`."""
    arena = load_arena(conn)
    if arena is None:
        raise StoreError(
            "no arena has been started on this database, so there is no market to trade on; "
            "start one with: perpflow up"
        )
    return ArenaNow(
        arena=arena,
        market=_market(conn, arena),
        accounts=list_accounts(conn),
        removed=list_accounts(conn, removed=True),
        is_alive=arena.is_alive(datetime.now(UTC)),
        at=arena.going_on_from(datetime.now(UTC)),
    )


def require_fit(now: ArenaNow, accounts: Sequence[Account], settings: Settings) -> None:
    """The market has the candles and is that of live accounts, and the clock leaves the time.

    Raises `CommandFailed`.
    """
    require_live_market(accounts, now.market.name)
    require_candles(tuple(accounts), now.market)
    if not now.is_alive:
        return  # the next `up` may run at another speed, and checks it
    for account in accounts:
        try:
            require_bearable_speed(
                now.arena.clock.speed,
                account.interval,
                POOLS[settings.worker],
                with_model=asks_model(account),
            )
        except InvalidRecord as refusal:
            raise CommandFailed(
                ExitCode.INVALID_CONFIGURATION,
                f"account {account.id}: {refusal}; give it a longer interval",
            ) from None


def _market(conn: Connection, arena: Arena) -> MarketPlan:
    try:
        source = open_again(arena.source, arena.settings)
    except (InvalidRecord, BadMarketData, RecordedDataError) as error:
        raise CommandFailed(
            ExitCode.INVALID_CONFIGURATION,
            f"the market {arena.market} of this arena cannot be opened: {error}",
        ) from None
    return MarketPlan(
        name=arena.market,
        source=arena.source,
        settings=arena.settings,
        instruments=load_instruments(conn, arena.market),
        base_timeframe=source.base_timeframe,
        starts_at=arena.started_at,
        ends_at=arena.clock.ends_at,
    )
