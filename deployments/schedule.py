"""From market time to real time: when an account's cycle is due on the wall clock.

Slots are the multiples of the account's interval in market time (since the Unix epoch, UTC). The
arena's clock turns them into real instants that are `interval / speed` apart. The anchor is a slot,
so every run that Prefect plans falls on one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from deployments.pools import WorkPool
from trading.account import Account, AgentKind
from trading.arena_clock import ArenaClock
from trading.errors import InvalidRecord
from trading.timeframes import Timeframe

LEAD = timedelta(seconds=6)
"""Real time between a start and the first slot: the scheduler's loop plus the worker's query."""
_LEAD_PER_ACCOUNT = timedelta(seconds=0.15)
"""Prefect's server takes this long to save a deployment with its schedule."""
MODEL_INTERVAL = timedelta(seconds=60)
"""Real time of an account that asks a language model, at the shortest: its answer may take 30 s, and a
decision has half an interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RealSchedule:
    """Every `interval` of real time, counted from `anchor` (aware UTC)."""

    interval: timedelta
    anchor: datetime


def lead_for(accounts: int) -> timedelta:
    """Real time to leave before the first slot of so many accounts."""
    return LEAD + accounts * _LEAD_PER_ACCOUNT


def schedule_for(clock: ArenaClock, interval: Timeframe) -> RealSchedule:
    """The real schedule of an account that decides every `interval` of market time.

    The anchor is the first slot at or after the clock's market anchor.
    """
    slot = interval.floor(clock.market_anchor)
    if slot < clock.market_anchor:
        slot += interval.length
    return RealSchedule(interval=clock.real_length(interval.length), anchor=clock.real_at(slot))


def require_bearable_speed(
    speed: float, interval: Timeframe, pool: WorkPool, *, with_model: bool = False
) -> None:
    """Raises `InvalidRecord` when cycles would come faster than they can be carried out.

    That depends on how fast the pool starts them and, `with_model`, on how fast a model answers.
    """
    real = interval.length / speed
    shortest = max(pool.shortest_interval, MODEL_INTERVAL if with_model else timedelta(0))
    if real < shortest:
        fastest = interval.length / shortest
        whose = "an account that asks a language model, with" if with_model else "an account with"
        raise InvalidRecord(
            f"speed {speed:g} makes a cycle of {whose} interval {interval} due every "
            f"{real.total_seconds():.2g} s; the fastest bearable speed is {int(fastest)} "
            f"(one cycle every {shortest.seconds} s)"
        )


def asks_model(account: Account) -> bool:
    """Whether its cycles wait for a language model; those of a twin do not."""
    return account.kind is AgentKind.LLM and account.twin_of is None


def next_slot(clock: ArenaClock, interval: Timeframe, *, real: datetime) -> datetime:
    """Real instant of the first slot after a real instant."""
    market = clock.market_at(real)
    return clock.real_at(interval.floor(market) + interval.length)


def prefetch_seconds(shortest: timedelta) -> int:
    """How early the worker may take a run that is due; a warm one then starts it on the second.

    Half of the shortest real interval, at most 20 s: a hundred runs need that long to be handed
    over, and what is handed over can no longer be withdrawn by switching the schedule off.
    """
    return max(1, min(20, int(shortest.total_seconds() / 2)))
