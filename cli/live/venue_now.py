"""`perpflow accounts show --venue`: the account as its venue has it now, paper or live.

A live account is asked for with its own keys, every symbol included; nothing is sent or changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from adapters.store.accounts import load_account
from adapters.store.arena import Arena, require_arena
from adapters.store.intents import load_unsettled
from adapters.store.paper_books import PostgresPaperBook
from adapters.store.trades import load_open_trades
from adapters.venues.aster.errors import AccountRefused
from adapters.venues.aster.venue import AsterVenue, VenueParts
from adapters.venues.paper.venue import PaperVenue
from cli.command_settings import print_json
from cli.exit_codes import ExitCode
from cli.failures import CommandFailed
from cli.live.steps_here import arena_with_steps
from cli.live.venue_document import venue_document
from cli.live.venue_screen import show_venue
from tasks.live_access import client_for, credentials_of
from tasks.resources import market_of, store_engine
from trading.account import Account, Mode
from trading.errors import BadMarketData, InvalidRecord, VenueError
from trading.ports import MarketSource, VenueAccount

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from adapters.config.settings import Settings


def run_show_venue(
    settings: Settings, environ: Mapping[str, str], account_id: str, *, as_json: bool
) -> None:
    """Ask the venue and print what it says. Raises `CommandFailed`."""
    with arena_with_steps(settings, application="perpflow-accounts") as database:
        found = asyncio.run(read_document(database.engine, account_id, environ))
    print_json(found) if as_json else show_venue(found)


async def read_document(
    engine: Engine, account_id: str, environ: Mapping[str, str]
) -> dict[str, Any]:
    """The account at its venue, as data. Raises `CommandFailed`, `UnknownAccount`, `StoreError`."""
    with engine.connect() as conn:
        account = load_account(conn, account_id).account
        arena = require_arena(conn)
    try:
        seen = await _read(account, arena, environ)
    except (AccountRefused, InvalidRecord) as refusal:
        raise CommandFailed(
            ExitCode.BAD_CREDENTIALS, f"{refusal}. See: perpflow doctor --account {account_id}"
        ) from None
    except (VenueError, BadMarketData) as error:
        raise CommandFailed(ExitCode.UNREACHABLE, f"the venue cannot be read: {error}") from None
    return {
        "schema_version": 1,
        "id": account_id,
        "venue": _named(account),
        "market_time": arena.market_time(datetime.now(UTC)).isoformat(),
        **venue_document(seen, _own(engine, account, seen), _under_way(engine, account, seen)),
    }


async def _read(account: Account, arena: Arena, environ: Mapping[str, str]) -> VenueAccount:
    market = market_of(arena)
    if account.mode is Mode.PAPER:
        venue = PaperVenue(
            book=PostgresPaperBook(store_engine(), account.id),
            market=market,
            as_of=arena.market_time(datetime.now(UTC)),
            account_id=account.id,
        )
        return await venue.account()
    async with client_for(account, credentials_of(account, environ)) as client:
        return await AsterVenue(
            VenueParts(
                client=client,
                instruments=market.instruments,
                symbols=await _symbols(account, market),
                sweeps_everything=True,
            )
        ).account()


async def _symbols(account: Account, market: MarketSource) -> frozenset[str]:
    known = {each.base: each.symbol for each in await market.instruments()}
    return frozenset(known[asset] for asset in account.assets if asset in known)


def _own(engine: Engine, account: Account, seen: VenueAccount) -> dict[str, Decimal]:
    """On paper everything is the account's own; live it is what its open trades hold."""
    if account.mode is Mode.PAPER:
        return {each.position.symbol: each.position.quantity for each in seen.positions}
    with engine.connect() as conn:
        trades = load_open_trades(conn, account.id)
    return {each.trade.symbol: each.trade.open_quantity for each in trades}


def _under_way(engine: Engine, account: Account, seen: VenueAccount) -> frozenset[str]:
    """Symbols with an order of ours that has ended, or was just sent, and is not booked yet."""
    resting = {order.request.client_order_id for order in seen.open_orders}
    with engine.connect() as conn:
        unsettled = load_unsettled(conn, account.id)
    requests = [stored.intent.request for stored in unsettled]
    return frozenset(each.symbol for each in requests if each.client_order_id not in resting)


def _named(account: Account) -> str:
    if account.mode is Mode.PAPER or account.venue_keys is None:
        return "paper"
    return f"{account.venue} {account.venue_keys.network}"
