"""Raises an alert for an account whose cycles do not come to their end, and clears it when they do.

An active account is silent after three of its intervals without a cycle that was done, in real
time, counted from the latest of: that cycle, its creation, its resumption, the start of the arena.
Nothing is judged while the market's time stands still.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from adapters.store.alerts import Alert, AlertSeverity, clear_alert, open_alerts, raise_alert
from adapters.store.arena import Arena
from adapters.store.watch import RECENT, Pulse, load_pulses
from trading.arena_clock import ArenaClock
from trading.timeframes import Timeframe

SILENT = "no_finished_cycle"
FAILING = "cycles_failing"
SILENT_INTERVALS = 3
SHORTEST_SILENCE = timedelta(seconds=30)
"""However short the interval: a flow run takes some seconds to come up on a busy machine."""
_LONGEST_REASON = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that is wrong with one account."""

    account_id: str
    code: str
    sentence: str


def watch_cycles(conn: Connection, arena: Arena, real_now: datetime) -> tuple[Finding, ...]:
    """Raise and clear the alerts of this module; returns what is newly wrong.

    After the end of recorded data nobody has to do cycles any more, and no alert stays open.
    """
    pulses = () if arena.has_ended(real_now) else load_pulses(conn)
    at = arena.market_time(real_now)
    findings = tuple(
        finding for pulse in pulses for finding in find_problems(pulse, arena.clock, real_now)
    )
    new = tuple(
        finding
        for finding in findings
        if raise_alert(
            conn,
            account_id=finding.account_id,
            code=finding.code,
            severity=AlertSeverity.CRITICAL,
            sentence=finding.sentence,
            at=at,
        )
    )
    still = {(finding.account_id, finding.code) for finding in findings}
    by_id = {pulse.account_id: pulse for pulse in pulses}
    for alert in open_alerts(conn):
        is_ours = alert.code in (SILENT, FAILING)
        is_found = (alert.account_id, alert.code) in still
        if is_ours and not is_found and _is_over(alert, by_id.get(alert.account_id or "")):
            clear_alert(conn, code=alert.code, account_id=alert.account_id, at=at)
    return new


def find_problems(pulse: Pulse, clock: ArenaClock, real_now: datetime) -> Iterator[Finding]:
    """What is wrong with one account now; nothing, as a rule."""
    interval = Timeframe(pulse.interval)
    known = (pulse.real_created_at, pulse.real_resumed_at, pulse.real_done_at, clock.real_anchor)
    since = max(instant for instant in known if instant is not None)
    silence = real_now - since
    if silence > max(SILENT_INTERVALS * clock.real_length(interval.length), SHORTEST_SILENCE):
        yield Finding(
            account_id=pulse.account_id,
            code=SILENT,
            sentence=f"{pulse.account_id} has not finished a cycle for {_span(silence)}; one is"
            f" due every {_span(clock.real_length(interval.length))}. Its stops rest at the venue,"
            " but nothing else looks after its positions.",
        )
    if pulse.recent == ("failed",) * RECENT:
        reason = (pulse.last_failure or "no reason kept")[:_LONGEST_REASON]
        yield Finding(
            account_id=pulse.account_id,
            code=FAILING,
            sentence=f"The last {RECENT} cycles of {pulse.account_id} failed: {reason}",
        )


def _is_over(alert: Alert, pulse: Pulse | None) -> bool:
    """A cycle was done since, or the account no longer has to do any. A restart alone ends nothing."""
    if pulse is None:
        return True
    return pulse.real_done_at is not None and pulse.real_done_at > alert.real_raised_at


def _span(length: timedelta) -> str:
    seconds = int(length.total_seconds())
    if seconds < 120:
        return f"{seconds} s"
    minutes = seconds // 60
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
