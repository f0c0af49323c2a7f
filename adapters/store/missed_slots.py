"""Slots that went by without any run: each leaves a row, with the reason.

A slot counts only if the account was in the arena, with this interval, and not paused at that
market time (`market_at` of its commands). Slots are market times; on simulated and recorded markets
time stands still while the arena is down, so a stop makes no missed slots; in an arena in real time
it does, and they are not made up for. Set-based, and bounded:
of a long gap the newest slots get rows and the older ones one line in the diary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from adapters.store.diary import write_diary

NO_RUN = "no_run: no run came up"
ARENA_DOWN = "arena_down: the arena was not running"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotOwner:
    """An account whose slots are looked after."""

    account_id: str
    config_version: int
    interval: str
    real_since: datetime
    """When the account, or its present configuration, was created."""
    first_slot: datetime | None
    """The first slot that left a row since then."""
    newest_slot: datetime | None
    """Newest slot with a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotSpan:
    """Slots of one account from `first` to `last`, both included, `seconds` of market time apart."""

    account_id: str
    config_version: int
    first: datetime
    last: datetime
    seconds: int


_OWNERS = text(
    """
    select a.id, a.config_version, v.config ->> 'interval' as interval,
           greatest(a.real_created_at, v.real_created_at) as real_since,
           (select slot from app.cycles c where c.account_id = a.id
            and c.real_started_at >= greatest(a.real_created_at, v.real_created_at)
            order by c.real_started_at limit 1) as first_slot,
           (select max(slot) from app.cycles c where c.account_id = a.id) as newest_slot
    from app.accounts a
    join app.account_versions v on v.account_id = a.id and v.version = a.config_version
    where a.real_removed_at is null
      and (a.status = 'active' or exists (
          select from app.commands c where c.account_id = a.id and c.kind in ('pause', 'stop')))
    order by a.id
    """
)

# A slot in a pause is nobody's fault: the newest change of status before it says what held then.
_UNPAUSED = """
    select span.account_id, span.config_version, slot
    from unnest(cast(:account_ids as text[]), cast(:versions as int[]),
                cast(:firsts as timestamptz[]), cast(:lasts as timestamptz[]),
                cast(:seconds as int[]))
         as span(account_id, config_version, first, last, seconds)
    cross join lateral generate_series(
        span.first, span.last, make_interval(secs => span.seconds)) as slot
    where coalesce((
        select kind from app.commands c
        where c.account_id = span.account_id and c.kind in ('pause', 'stop', 'resume')
          and cast(c.arguments ->> 'market_at' as timestamptz) <= slot
        order by c.id desc limit 1
    ), 'resume') = 'resume'
"""

_RECORD = text(
    f"""
    insert into app.cycles
        (id, account_id, slot, trigger, status, reason, config_version,
         real_started_at, real_finished_at)
    select gen_random_uuid(), account_id, slot, 'schedule', 'missed',
           case when slot < :ran_from then :arena_down else :no_run end, config_version,
           :real_now, :real_now
    from ({_UNPAUSED}) as candidate
    where not exists (select from app.cycles c
                      where c.account_id = candidate.account_id and c.slot = candidate.slot)
    on conflict (account_id, slot) do nothing
    returning account_id, slot
    """  # noqa: S608 - constants of this module
)

_COUNT = text(f"select count(*) from ({_UNPAUSED}) as candidate")  # noqa: S608 - as above


def load_slot_owners(conn: Connection) -> tuple[SlotOwner, ...]:
    """Accounts that have, or had until a pause, slots to be accounted for."""
    return tuple(
        SlotOwner(
            account_id=row.id,
            config_version=row.config_version,
            interval=row.interval,
            real_since=row.real_since,
            first_slot=row.first_slot,
            newest_slot=row.newest_slot,
        )
        for row in conn.execute(_OWNERS)
    )


def record_missed(
    conn: Connection, spans: Sequence[SlotSpan], *, ran_from: datetime, real_now: datetime
) -> tuple[tuple[str, datetime], ...]:
    """Give every slot of the spans without a row one; the (account, slot) pairs it wrote.

    `ran_from` is the market time from which the arena has been running: earlier slots were lost
    because it was not.
    """
    if not spans:
        return ()
    values = _columns(spans) | {
        "ran_from": ran_from,
        "real_now": real_now,
        "no_run": NO_RUN,
        "arena_down": ARENA_DOWN,
    }
    return tuple((row.account_id, row.slot) for row in conn.execute(_RECORD, values))


def note_older_gap(conn: Connection, span: SlotSpan, *, at: datetime) -> int:
    """One diary line for slots too far back to get a row each; how many they are."""
    count = conn.execute(_COUNT, _columns([span])).scalar_one()
    if count:
        entry = {
            "event": "slots_missed",
            "count": count,
            "first": span.first,
            "last": span.last,
            "sentence": f"{count} slots from {span.first:%Y-%m-%d %H:%M} to"
            f" {span.last:%Y-%m-%d %H:%M} UTC went by without a run",
        }
        write_diary(
            conn, at=at, account_id=span.account_id, kind="account", asset=None, entry=entry
        )
    return count


def _columns(spans: Sequence[SlotSpan]) -> dict[str, object]:
    return {
        "account_ids": [span.account_id for span in spans],
        "versions": [span.config_version for span in spans],
        "firsts": [span.first for span in spans],
        "lasts": [span.last for span in spans],
        "seconds": [span.seconds for span in spans],
    }
