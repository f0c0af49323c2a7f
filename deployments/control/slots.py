"""Gives every slot that went by without a run its row.

A slot is over when half its interval and a grace have passed: a run that starts later would be
skipped as late. Each pass looks at what is new since the last one; the first at the newest
`MOST_SLOTS` of each account, and sums up what lies before them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from adapters.store.arena import Arena
from adapters.store.missed_slots import (
    SlotOwner,
    SlotSpan,
    load_slot_owners,
    note_older_gap,
    record_missed,
)
from trading.timeframes import Timeframe

GRACE = timedelta(seconds=30)
"""Real time that a run on a busy machine may take to come up."""
MOST_SLOTS = 288
"""Per account and pass: a day of five-minute slots."""
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class _Seen:
    """How far an account's slots have been looked after, for one configuration."""

    config_version: int
    until: datetime


class SlotKeeper:
    """Remembers between passes what it has looked at; forgetting costs one wider pass."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}

    def record(
        self, conn: Connection, arena: Arena, real_now: datetime
    ) -> tuple[tuple[str, datetime], ...]:
        """One pass; the (account, slot) pairs that were missed. Nothing while time stands still."""
        spans: list[SlotSpan] = []
        for owner in load_slot_owners(conn):
            span = self._span(owner, arena, real_now)
            if span is None:
                continue
            seen = self._seen.get(owner.account_id)
            if seen is None:
                _sum_up(conn, owner, span, arena, real_now)
            self._seen[owner.account_id] = _Seen(owner.config_version, span.last)
            spans.append(span)
        return record_missed(conn, spans, ran_from=arena.clock.market_anchor, real_now=real_now)

    def forget(self) -> None:
        """After a pass that was rolled back."""
        self._seen.clear()

    def _span(self, owner: SlotOwner, arena: Arena, real_now: datetime) -> SlotSpan | None:
        interval = Timeframe(owner.interval)
        last = _last_over(arena, interval, real_now)
        first = last - (MOST_SLOTS - 1) * interval.length
        first = max(first, interval.floor(_begin(owner, arena)) + interval.length)
        seen = self._seen.get(owner.account_id)
        if seen is not None and seen.config_version == owner.config_version:
            first = max(first, seen.until + interval.length)
        if first > last:
            return None
        return SlotSpan(
            account_id=owner.account_id,
            config_version=owner.config_version,
            first=first,
            last=last,
            seconds=interval.seconds,
        )


def _last_over(arena: Arena, interval: Timeframe, real_now: datetime) -> datetime:
    """The newest slot that no run can do any more."""
    clock = arena.clock
    # Not `market_at`, which stops at the end of recorded data: its last slots get over as well.
    market = clock.market_anchor + (real_now - clock.real_anchor) * clock.speed
    over = market - interval.length / 2 - GRACE * clock.speed
    if clock.ends_at is not None:
        over = min(over, clock.ends_at - _INSTANT)
    return interval.floor(over)


def _begin(owner: SlotOwner, arena: Arena) -> datetime:
    """Market time after which the account has slots to account for.

    Real time tells the market time only within this run of the arena; what was created before it
    counts from its first row, or from the beginning of the run when there is none. In an arena in real
    time the two are the same, and slots of a stop were missed.
    """
    if arena.is_real_time:
        return owner.real_since
    if owner.real_since >= arena.clock.real_anchor:
        return arena.clock.market_at(owner.real_since)
    return arena.clock.market_anchor if owner.first_slot is None else owner.first_slot


def _sum_up(
    conn: Connection, owner: SlotOwner, span: SlotSpan, arena: Arena, real_now: datetime
) -> None:
    """Slots between the newest row and the first slot of the span, as one line of the diary."""
    newest = owner.newest_slot
    if newest is None:
        return
    interval = Timeframe(owner.interval)
    first = interval.floor(max(newest, _begin(owner, arena))) + interval.length
    last = span.first - interval.length
    if first <= last:
        older = SlotSpan(
            account_id=span.account_id,
            config_version=span.config_version,
            first=first,
            last=last,
            seconds=span.seconds,
        )
        note_older_gap(conn, older, at=arena.market_time(real_now))
