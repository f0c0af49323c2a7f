"""What is held and what rests, read from a venue whose lists may lag or that does not answer for now."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from adapters.store.orders import load_resting
from tasks.holdings import own_holding
from tasks.own_record import OwnRecord, own_record
from tasks.resources import store_engine
from tasks.run_log import run_log
from trading.errors import VenueError, VenueUnavailable
from trading.exits.protection import is_protected
from trading.ports import Holding

if TYPE_CHECKING:
    from tasks.cycle import Cycle

POLL_SECONDS = 0.5
LATE_SECONDS = 2.0
"""For so long a list may not show what our orders have executed, before the answers are believed."""


@dataclass(frozen=True, slots=True)
class _Look:
    """One reading beside our own evidence of that moment."""

    holding: Holding | None
    """None: it could not be had."""
    failure: VenueError | None
    record: OwnRecord

    @property
    def is_late(self) -> bool:
        """The list shows what was held before our last executions, or cannot be had."""
        if self.holding is None:
            return True
        return self.record.is_ahead_of(self.holding.position)


async def settled_holding(cycle: Cycle, symbol: str, deadline: float) -> Holding:
    """The account's own holding, with what its orders have executed lately.

    Where the venue's list does not show that, or cannot be read, the answers are believed after
    `LATE_SECONDS`: the stop of a position must not wait for a list. Raises `VenueError` where nothing
    was executed lately and nothing can be read before the deadline (the loop's time).
    """
    late_at = asyncio.get_running_loop().time() + LATE_SECONDS
    has_evidence = bool(own_record(cycle, symbol).recent)
    until = min(late_at, deadline) if has_evidence else deadline
    look = await _look_until(
        cycle, symbol, until, lambda look: not look.is_late or not look.record.recent
    )
    if look.holding is not None and not look.is_late:
        return look.holding
    if not look.record.recent:
        raise look.failure or VenueUnavailable("the venue did not answer in time")
    run_log().warning(
        "%s %s: the venue does not show yet what was executed (%s); its answers are believed.",
        cycle.account.id, symbol, look.failure or "its list is late",
    )  # fmt: skip
    return _believed(cycle, symbol, look)


async def read_back(cycle: Cycle, symbol: str, deadline: float) -> bool | None:
    """Until resting stops cover what is held; False: they do not. None: nothing could be read.

    `deadline` is the loop's time.
    """
    newest: bool | None = None

    def covers(look: _Look) -> bool:
        nonlocal newest
        newest = newest if look.holding is None else _covers(cycle, symbol, look)
        return newest is True

    await _look_until(cycle, symbol, deadline, covers)
    return newest


async def _look_until(
    cycle: Cycle, symbol: str, deadline: float, is_enough: Callable[[_Look], bool]
) -> _Look:
    """The first reading that is enough, or the last one before the deadline."""
    loop = asyncio.get_running_loop()
    while True:
        holding, failure = await _read(cycle, symbol, deadline)
        # Loaded after the reading, which stores what it hears of orders that have ended.
        look = _Look(holding, failure, own_record(cycle, symbol))
        if is_enough(look) or loop.time() + POLL_SECONDS > deadline:
            return look
        await asyncio.sleep(POLL_SECONDS)


async def _read(
    cycle: Cycle, symbol: str, deadline: float
) -> tuple[Holding | None, VenueError | None]:
    """One reading, broken off at the deadline but given one pause at least."""
    until = max(deadline, asyncio.get_running_loop().time() + POLL_SECONDS)
    try:
        async with asyncio.timeout_at(until):
            return await own_holding(cycle, symbol), None
    except TimeoutError:
        return None, VenueUnavailable("the venue did not answer in time")
    except VenueError as error:
        return None, error


def _covers(cycle: Cycle, symbol: str, look: _Look) -> bool:
    if look.holding is None:
        return False
    seen = _believed(cycle, symbol, look) if look.is_late else look.holding
    held = seen.position
    return held is None or is_protected(held.position, seen.open_orders)


def _believed(cycle: Cycle, symbol: str, look: _Look) -> Holding:
    """What will be listed, by the answers to our orders; orders as listed, or as stored."""
    if look.holding is not None:
        listed = look.record.as_listed_later(symbol, look.holding.position)
        return replace(look.holding, position=listed)
    with store_engine().connect() as conn:
        resting = load_resting(conn, cycle.account.id, symbol)
    return Holding(position=look.record.as_listed_later(symbol, None), open_orders=resting)
