"""What is held and what rests, read from a venue whose lists may lag or that does not answer for now."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tasks.holdings import own_holding
from tasks.own_record import OwnRecord, own_record
from tasks.run_log import run_log
from trading.errors import VenueError, VenueUnavailable
from trading.exits.protection import is_protected
from trading.ports import Holding
from trading.units import ZERO

if TYPE_CHECKING:
    from tasks.cycle import Cycle

POLL_SECONDS = 0.5
LATE_SECONDS = 2.0
"""For so long a list may not show what our orders have executed, before the answers are believed."""


async def settled_holding(cycle: Cycle, symbol: str) -> Holding:
    """The account's own holding, with what its orders have executed lately.

    Where the venue's list does not show that, or cannot be read, the answers are believed after
    `LATE_SECONDS`: the stop of a position must not wait for a list. Raises `VenueError` where nothing
    was executed lately and nothing can be read.
    """
    record = own_record(cycle, symbol)
    until = asyncio.get_running_loop().time() + LATE_SECONDS
    while True:
        holding, failure = await _read_holding(cycle, symbol, until)
        if holding is not None and not _is_late(record, holding):
            return holding
        if failure is not None and not record.recent:
            raise failure
        if asyncio.get_running_loop().time() + POLL_SECONDS > until:
            break
        await asyncio.sleep(POLL_SECONDS)
    run_log().warning(
        "%s %s: the venue does not show yet what was executed (%s); its answers are believed.",
        cycle.account.id, symbol, failure or "its list is late",
    )  # fmt: skip
    return _believed(record, symbol, holding)


async def _read_holding(
    cycle: Cycle, symbol: str, deadline: float
) -> tuple[Holding | None, VenueError | None]:
    """One reading, broken off at the deadline (the loop's time) but given one pause at least."""
    until = max(deadline, asyncio.get_running_loop().time() + POLL_SECONDS)
    try:
        async with asyncio.timeout_at(until):
            return await own_holding(cycle, symbol), None
    except TimeoutError:
        return None, VenueUnavailable("the venue did not answer in time")
    except VenueError as error:
        return None, error


def _believed(record: OwnRecord, symbol: str, holding: Holding | None) -> Holding:
    listed = None if holding is None else holding.position
    return Holding(
        position=record.as_listed_later(symbol, listed),
        open_orders=() if holding is None else holding.open_orders,
    )


def _is_late(record: OwnRecord, holding: Holding) -> bool:
    held = holding.position
    return record.is_ahead_of(ZERO if held is None else held.position.quantity)


async def read_back(cycle: Cycle, symbol: str, deadline: float) -> bool | None:
    """Until resting stops cover what is held; False: they do not. None: nothing could be read.

    `deadline` is the loop's time.
    """
    record = own_record(cycle, symbol)
    has_read = False
    while True:
        holding, _ = await _read_holding(cycle, symbol, deadline)
        if holding is not None:
            has_read = True
            is_late = _is_late(record, holding)
            seen = _believed(record, symbol, holding) if is_late else holding
            if seen.position is None or is_protected(seen.position.position, seen.open_orders):
                return True
        if asyncio.get_running_loop().time() + POLL_SECONDS > deadline:
            return False if has_read else None
        await asyncio.sleep(POLL_SECONDS)
