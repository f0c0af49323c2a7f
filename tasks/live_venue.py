"""The venue of a live account during one cycle: permitted, opened once, closed with the cycle.

Nothing is sent for an account without a permit, or with keys of another venue account than the one
that was permitted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID

from adapters.store.intents import load_unsettled
from adapters.store.permits import Permit
from adapters.store.trades import load_open_trades
from tasks.at_stake import has_open_matters
from tasks.resources import memory_of, store_engine
from tasks.told_brackets import keep_told_brackets
from trading.account import BracketPolicy
from trading.errors import InvalidRecord
from trading.timeframes import floor_instant
from trading.units import ZERO

if TYPE_CHECKING:
    from adapters.venues.aster.client import AsterClient
    from adapters.venues.aster.venue import AsterVenue
    from tasks.cycle import Cycle

_HOUR = timedelta(hours=1)


@dataclass(slots=True)
class OpenVenue:
    """What a cycle of a live account works with."""

    client: AsterClient
    venue: AsterVenue
    foreign: dict[str, Decimal] = field(default_factory=dict[str, Decimal])
    """Signed quantity by symbol that is not the account's own, as last reconciled."""


_open: dict[UUID, OpenVenue] = {}


async def open_live(cycle: Cycle) -> None:
    """Open the venue of a cycle.

    Raises
    ------
    InvalidRecord
        No keys, or not those of the permitted venue account.
    VenueError
        The market's instruments could not be read.
    """
    # Only what trades real money pays for the client: half a second and some megabytes.
    from adapters.venues.aster.venue import AsterVenue, VenueParts
    from tasks.live_access import client_for, credentials_of, identity_of

    permit = _require_permit(cycle)
    credentials = credentials_of(cycle.account)
    identity = identity_of(cycle.account, credentials)
    if identity.fingerprint != permit.fingerprint:
        raise InvalidRecord(
            f"account {cycle.account.id} is permitted for {permit.owner} ({permit.network}), but"
            f" its keys belong to {identity.owner} ({identity.network}): restore the keys, or"
            " add another account for the other venue account"
        )
    market = memory_of(cycle.arena).market
    listed = await market.instruments()
    symbols = {each.base: each.symbol for each in listed}
    client = client_for(cycle.account, credentials)
    _open[cycle.id] = OpenVenue(
        client,
        AsterVenue(
            VenueParts(
                client=client,
                # An entry by rules that nobody has confirmed may be one that cannot be protected.
                instruments=market.told_instruments,
                symbols=frozenset(symbols[a] for a in cycle.account.assets if a in symbols)
                | _unsettled_symbols(cycle),
                is_at_stake=_is_at_stake(cycle),
                takes_groups=cycle.account.bracket is BracketPolicy.GROUP,
                opened_at=lambda symbol: _opened_at(cycle, symbol),
                sweeps_everything=_is_first_of_hour(cycle),
            )
        ),
    )
    await keep_told_brackets(cycle, live_venue(cycle), listed, is_due=_is_first_of_hour(cycle))


async def close_live(cycle: Cycle) -> None:
    """Close what was opened; nothing when it was not."""
    opened = _open.pop(cycle.id, None)
    if opened is not None:
        await opened.client.aclose()


def live_venue(cycle: Cycle) -> AsterVenue:
    """The venue that was opened for the cycle."""
    return _open[cycle.id].venue


def foreign_quantity(cycle: Cycle, symbol: str) -> Decimal:
    """Signed quantity of a symbol that is not the account's own; zero on paper."""
    opened = _open.get(cycle.id)
    return ZERO if opened is None else opened.foreign.get(symbol, ZERO)


def note_foreign(cycle: Cycle, foreign: dict[str, Decimal]) -> None:
    """What the last reconciliation found to be not the account's own."""
    if cycle.id in _open:
        _open[cycle.id].foreign = foreign


def _require_permit(cycle: Cycle) -> Permit:
    if cycle.permit is None:
        raise InvalidRecord(
            f"account {cycle.account.id} is not permitted to trade real money; run: perpflow"
            f" accounts go-live {cycle.account.id}"
        )
    return cycle.permit


def _is_first_of_hour(cycle: Cycle) -> bool:
    """Once an hour everything is listed, so that orders in other symbols are seen as well."""
    return cycle.slot - floor_instant(cycle.slot, _HOUR) < cycle.account.interval.length


def _is_at_stake(cycle: Cycle) -> bool:
    with store_engine().connect() as conn:
        return has_open_matters(conn, cycle.account.id)


def _unsettled_symbols(cycle: Cycle) -> frozenset[str]:
    with store_engine().connect() as conn:
        unsettled = load_unsettled(conn, cycle.account.id)
    return frozenset(stored.intent.request.symbol for stored in unsettled)


def _opened_at(cycle: Cycle, symbol: str) -> datetime | None:
    """When our open trade of a symbol began; the venue does not say it of a position."""
    with store_engine().connect() as conn:
        trades = load_open_trades(conn, cycle.account.id)
    return next((t.trade.opened_at for t in trades if t.trade.symbol == symbol), None)
