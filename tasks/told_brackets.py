"""Margin tables that the venue tells to live accounts, kept for everybody who trades on its market.

Read while a stand-in is in use for one of the account's instruments, else once an hour. That they
cannot be read stops nothing: the stand-ins are stricter.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from adapters.store.in_thread import in_thread
from adapters.store.instruments import save_brackets
from tasks.resources import store_engine
from tasks.run_log import run_log
from trading.errors import VenueError
from trading.instruments import Instrument, MaintenanceBracket
from trading.ports import Venue

if TYPE_CHECKING:
    from tasks.cycle import Cycle


async def keep_told_brackets(
    cycle: Cycle, venue: Venue, listed: Iterable[Instrument], *, is_due: bool
) -> None:
    """Ask the venue, where that is due, and store what it says."""
    assets = set(cycle.account.assets)
    if not is_due and all(each.has_venue_brackets for each in listed if each.base in assets):
        return
    try:
        told = {
            each.symbol: each.brackets
            for each in await venue.instruments()
            if each.has_venue_brackets
        }
    except VenueError as error:
        run_log().warning("The margin tables of the venue could not be read: %s", error)
        return
    await in_thread(_save, cycle.arena.market, told)


def _save(market: str, told: dict[str, tuple[MaintenanceBracket, ...]]) -> None:
    with store_engine().begin() as conn:
        save_brackets(conn, market, told)
