"""When each working account last came to the end of a cycle: what the watchdog judges.

All times are real ones. Cycles that an operator's flatten leaves are not counted: they say nothing
about the schedule.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

RECENT = 3
"""How many ended cycles are looked at for a row of failures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """One active account."""

    account_id: str
    interval: str
    """As configured, market time."""
    real_created_at: datetime
    real_resumed_at: datetime | None
    """When an operator last set it going again."""
    real_done_at: datetime | None
    """End of the newest cycle that was done."""
    recent: tuple[str, ...]
    """How the newest ended cycles ended, newest first: `done` or `failed`."""
    last_failure: str | None


_PULSES = text(
    """
    select a.id, a.real_created_at, v.config ->> 'interval' as interval,
           resumed.at as real_resumed_at, done.at as real_done_at,
           recent.statuses, recent.reasons
    from app.accounts a
    join app.account_versions v on v.account_id = a.id and v.version = a.config_version
    left join lateral (
        select real_created_at as at from app.commands
        where account_id = a.id and kind = 'resume' order by id desc limit 1
    ) resumed on true
    left join lateral (
        select real_finished_at as at from app.cycles
        where account_id = a.id and status = 'done'
          and (trigger = 'schedule' or flow_run_id is not null)
        order by slot desc limit 1
    ) done on true
    left join lateral (
        select array_agg(status) as statuses, array_agg(reason) as reasons from (
            select status, reason from app.cycles
            where account_id = a.id and status in ('done', 'failed')
              and (trigger = 'schedule' or flow_run_id is not null)
            order by slot desc limit :recent
        ) newest
    ) recent on true
    where a.real_removed_at is null and a.status = 'active'
    order by a.id
    """
)


def load_pulses(conn: Connection) -> tuple[Pulse, ...]:
    """Every active account, by id."""
    return tuple(
        Pulse(
            account_id=row.id,
            interval=row.interval,
            real_created_at=row.real_created_at,
            real_resumed_at=row.real_resumed_at,
            real_done_at=row.real_done_at,
            recent=tuple(row.statuses or ()),
            last_failure=(row.reasons or [None])[0],
        )
        for row in conn.execute(_PULSES, {"recent": RECENT})
    )
