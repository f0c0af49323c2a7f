"""The arena's clock over starts: where market time begins, and where it goes on.

While nothing runs, market time stands still, unless the prices are the world's: then it is real
time always. The clock is anchored anew right before the schedules
are, so that no market time passes while Prefect starts.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from adapters.store.arena import ASTER, Arena
from cli.exit_codes import ExitCode
from cli.failures import CommandFailed
from deployments.schedule import lead_for
from trading.arena_clock import ArenaClock
from trading.timeframes import Timeframe

if TYPE_CHECKING:
    from cli.up.markets import MarketPlan

_FIRST_SLOT = Timeframe.H1
"""A first start begins just before a full hour, so that the first cycles come at once."""


def next_arena(
    stored: Arena | None, market: MarketPlan, *, speed: float, real: datetime, accounts: int = 0
) -> Arena:
    """The arena of this start: the stored one going on, or the first with so many accounts.

    Raises `CommandFailed` when the stored one belongs to another market.
    """
    if stored is None:
        return _first(market, speed=speed, real=real, lead=lead_for(accounts))
    _require_same_market(stored, market)
    goes_on = stored.going_on_from(real)
    clock = replace(stored.clock, ends_at=market.ends_at).resumed(
        real=real, market=goes_on, speed=speed
    )
    return replace(stored, settings=dict(market.settings), clock=clock, seen_at=goes_on)


def anchored(arena: Arena, *, real: datetime) -> Arena:
    """The same arena with its clock going on now: from the last seen market time, or in real time."""
    goes_on = arena.going_on_from(real)
    return replace(arena, clock=arena.clock.resumed(real=real, market=goes_on), seen_at=goes_on)


def has_ended(arena: Arena, *, real: datetime) -> bool:
    """Whether recorded data has come to its end."""
    ends_at = arena.clock.ends_at
    return ends_at is not None and arena.clock.market_at(real) >= ends_at


def _first(market: MarketPlan, *, speed: float, real: datetime, lead: timedelta) -> Arena:
    if market.source == ASTER:
        return _arena(market, start=real, speed=speed, real=real)
    # The lead is taken from market time before the first slot: recorded data has its warm-up there.
    slot = _FIRST_SLOT.floor(market.starts_at or real)
    return _arena(market, start=Timeframe.M1.floor(slot - lead * speed), speed=speed, real=real)


def _arena(market: MarketPlan, *, start: datetime, speed: float, real: datetime) -> Arena:
    return Arena(
        market=market.name,
        source=market.source,
        settings=dict(market.settings),
        clock=ArenaClock(
            real_anchor=real, market_anchor=start, speed=speed, ends_at=market.ends_at
        ),
        started_at=start,
        seen_at=start,
    )


def _require_same_market(stored: Arena, market: MarketPlan) -> None:
    if stored.market == market.name:
        return
    raise CommandFailed(
        ExitCode.REFUSED,
        f"the accounts in this data folder have traded on the market {stored.market}, and their "
        f"history makes no sense on {market.name}; start the other market in a folder of its own "
        "with PERPFLOW_HOME=<another folder>, or leave --market, --seed, --data and --network as they were",
    )


def at_next_slot(arena: Arena, interval: Timeframe) -> Arena:
    """The arena moved on to the first slot after the last seen market time: for `up --once`.

    Real time cannot be moved on: then the one cycle stands for the moment at which it runs.
    """
    if arena.is_real_time:
        return arena
    slot = interval.floor(arena.seen_at) + interval.length
    return replace(arena, seen_at=slot)
