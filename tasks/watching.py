"""A look at an account between its cycles: what the venue did is booked, what is held is protected.

It opens nothing and asks nobody: fills are booked, siblings of exits that are gone are taken away,
a price beyond a level is acted on, and a position without its stop gets it or is closed. It works
under the account's lease and beside its slots; while a cycle runs there is nothing to look after.
"""

from __future__ import annotations

from dataclasses import dataclass

from adapters.store.accounts import list_accounts
from adapters.store.arena import load_arena
from adapters.store.permits import load_permit
from tasks.account_state import AccountState, reconcile
from tasks.aside import claim_aside
from tasks.at_stake import has_open_matters
from tasks.cycle import Cycle, holding_lease, why_not_live
from tasks.exits import manage_exits
from tasks.market import Markets
from tasks.market_now import quotes_now
from tasks.market_reading import Reading
from tasks.resources import market_of, store_engine
from tasks.run_log import run_log
from tasks.settling import resolve_unknown_orders
from trading.account import AccountStatus
from trading.errors import VenueError
from trading.market import MarketView, Quote


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What a look has found."""

    positions: int
    open_orders: int
    settled: int
    """Orders whose outcome had been open."""


async def watch_account(account_id: str, why: str) -> Watched | None:
    """Look at an account now. None: a cycle of it is running; try again when it has ended.

    Raises
    ------
    UnknownAccount
        There is no such account.
    TradingError
        The venue could not be used, or the lease was lost on the way.
    """
    cycle = await claim_aside(account_id, trigger="watch")
    if cycle is None:
        return None
    async with holding_lease(cycle):
        settled = await resolve_unknown_orders.fn(cycle)
        state = await reconcile(cycle)
        if state.positions or state.open_orders:
            state = await manage_exits.fn(cycle, state, await _quoted(cycle, state))
    run_log().info(
        "%s was looked at (%s): %d position(s), %d open order(s).",
        account_id, why, len(state.positions), len(state.open_orders),
    )  # fmt: skip
    return Watched(
        positions=len(state.positions), open_orders=len(state.open_orders), settled=settled
    )


def watched_accounts() -> tuple[str, ...]:
    """Accounts to which something may happen between their cycles, by id.

    Only on a market whose time is real: elsewhere nothing happens between the slots. Paused accounts
    are looked after as well, as long as something of theirs is at the venue.
    """
    with store_engine().connect() as conn:
        arena = load_arena(conn)
        if arena is None or not arena.is_real_time:
            return ()
        return tuple(
            stored.account.id
            for stored in list_accounts(conn)
            if stored.status is not AccountStatus.STOPPED
            and why_not_live(stored.account, arena, load_permit(conn, stored.account.id)) is None
            and has_open_matters(conn, stored.account.id)
        )


async def _quoted(cycle: Cycle, state: AccountState) -> Markets:
    """Quotes of what is held, without candles: exits that need those wait for the cycle.

    Those that cannot be had now are left out: a stop whose level is known needs none.
    """
    market = market_of(cycle.arena)
    instruments = {each.symbol: each for each in await market.instruments()}
    symbols = [held.position.symbol for held in state.positions]
    try:
        quotes = await quotes_now(cycle, symbols)
    except VenueError as error:
        run_log().warning("%s is looked after without prices: %s", cycle.account.id, error)
        quotes = {}
    views = {
        symbol: MarketView(instrument=instruments[symbol], quote=quote)
        for symbol, quote in quotes.items()
        if isinstance(quote, Quote)
    }
    return Markets(Reading(cycle.as_of, quotes, {}), views, {}, is_shared=False)
