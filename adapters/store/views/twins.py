"""Pairs of a live account and its paper twin: entries side by side, answers, position sync.

Sums only; the ratios are `trading.performance.twins`'.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from trading.orders import Side
from trading.performance.twins import EntryPair, FilledEntry, VenueAnswers

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairIds:
    """Which two accounts."""

    live: str
    paper: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionSync:
    """How well our record of the live account agrees with the venue."""

    real_reconciled_at: datetime | None
    """Real instant of the newest cycle that was done; None: never."""
    differences: int | None
    """In the last 24 hours; None when nobody has looked in that time."""
    frozen: tuple[str, ...] | None
    """Symbols in which nothing may be opened now; None when nobody has ever looked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentOrders:
    """Answers to the live account's orders."""

    wanted: VenueAnswers
    """Entries and exits."""
    protection: VenueAnswers
    """Stops and targets."""


_PAIR = text(
    """
    select twin.id as paper, original.id as live
    from app.accounts twin
    join app.account_versions v on v.account_id = twin.id and v.version = twin.config_version
    join app.accounts original on original.id = v.config ->> 'twin_of'
    where twin.real_removed_at is null and original.real_removed_at is null
      and :id in (twin.id, original.id)
    order by twin.id limit 1
    """
)

_PAIRS = text(
    """
    with repeated as (
        select id, twin_decision_id, symbol, action from app.decisions
        where account_id = :paper and twin_decision_id is not null and action in ('buy', 'sell')
    ), filled as (
        select i.decision_id, sum(f.quantity) as quantity, sum(f.quantity * f.price) as notional
        from app.intents i join app.fills f using (account_id, client_order_id)
        where i.account_id in (:live, :paper) and i.leg = 'entry'
        group by i.decision_id
    )
    select r.twin_decision_id as decision_id, r.id as twin_decision_id, r.symbol, r.action,
           d.decided_at, live.quantity as live_quantity, live.notional as live_notional,
           paper.quantity as paper_quantity, paper.notional as paper_notional
    from repeated r
    join app.decisions d on d.id = r.twin_decision_id and d.account_id = :live
    left join filled live on live.decision_id = r.twin_decision_id
    left join filled paper on paper.decision_id = r.id
    order by d.decided_at desc, r.symbol
    """
)

_ANSWERS = text(
    """
    select leg in ('entry', 'exit') as is_wanted, count(*) as sent,
           count(*) filter (where state = 'filled') as filled,
           count(*) filter (where state = 'refused') as refused,
           count(*) filter (where real_unknown_at is not null) as unknown,
           count(*) filter (where state = 'closed' and venue_order_id is null
                            and real_unknown_at is null) as unreached
    from app.intents
    where account_id = :live and real_sent_at is not null
    group by 1
    """
)

_RECONCILED = text(
    "select max(real_finished_at) from app.cycles where account_id = :live and status = 'done'"
)

_DIFFERENCES = text(
    """
    select count(*) from app.diary
    where account_id = :live and kind = 'reconcile' and at > :since
    """
)

# What the last comparison left: an outcome that is not known, or a part that is not ours.
_FROZEN = text(
    """
    select symbol from app.intents
    where account_id = :live and state in ('submitting', 'unknown')
    union
    select symbol
    from (select symbol, quantity from app.positions where account_id = :live) as reported
    full join (select symbol, open_quantity from app.trades
               where account_id = :live and status = 'open') as own using (symbol)
    where coalesce(reported.quantity, 0) <> coalesce(own.open_quantity, 0)
    order by 1
    """
)


async def find_pair(conn: AsyncConnection, account_id: str) -> PairIds | None:
    """The pair that an account belongs to, whichever of the two it is; None without one."""
    row = (await conn.execute(_PAIR, {"id": account_id})).one_or_none()
    return None if row is None else PairIds(live=row.live, paper=row.paper)


async def load_entry_pairs(conn: AsyncConnection, pair: PairIds) -> tuple[EntryPair, ...]:
    """Every entry that was decided for both, newest first."""
    rows = await conn.execute(_PAIRS, {"live": pair.live, "paper": pair.paper})
    return tuple(_entry_pair(row) for row in rows)


async def load_answers(conn: AsyncConnection, live_id: str) -> SentOrders:
    """How the venue answered everything that the live account has sent."""
    found = {
        row.is_wanted: VenueAnswers(
            sent=row.sent,
            filled=row.filled,
            refused=row.refused,
            unknown=row.unknown,
            unreached=row.unreached,
        )
        for row in await conn.execute(_ANSWERS, {"live": live_id})
    }
    nothing = VenueAnswers()
    return SentOrders(wanted=found.get(True, nothing), protection=found.get(False, nothing))


async def load_position_sync(
    conn: AsyncConnection, live_id: str, *, at: datetime, real_now: datetime
) -> PositionSync:
    """As of market time `at`."""
    reconciled = await conn.scalar(_RECONCILED, {"live": live_id})
    if reconciled is None:
        return PositionSync(real_reconciled_at=None, differences=None, frozen=None)
    frozen = await conn.scalars(_FROZEN, {"live": live_id})
    return PositionSync(
        real_reconciled_at=reconciled,
        differences=await conn.scalar(_DIFFERENCES, {"live": live_id, "since": at - _DAY})
        if reconciled > real_now - _DAY
        else None,
        frozen=tuple(frozen),
    )


def _entry_pair(row: Row[Any]) -> EntryPair:
    return EntryPair(
        decision_id=row.decision_id,
        twin_decision_id=row.twin_decision_id,
        symbol=row.symbol,
        side=Side(row.action),
        decided_at=row.decided_at,
        live=_filled(row.live_quantity, row.live_notional),
        paper=_filled(row.paper_quantity, row.paper_notional),
    )


def _filled(quantity: Decimal | None, notional: Decimal | None) -> FilledEntry | None:
    if quantity is None or notional is None:
        return None
    return FilledEntry(quantity=quantity, notional=notional)
