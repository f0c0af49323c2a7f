"""Alerts of the streams: a user stream that is away, a margin call. See docs/operations.md."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine

from adapters.store.alerts import AlertSeverity, clear_alert, open_alerts, raise_alert
from adapters.store.arena import load_arena
from adapters.store.in_thread import in_thread

STREAM_DOWN = "user_stream_down"
MARGIN_CALL = "margin_call"


class Alarms:
    """Writes them, each in a transaction of its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def raise_stream_down(self, account_id: str, why: str) -> None:
        """The account is looked at every minute only."""
        sentence = (
            f"The user stream of {account_id} is away ({why}); its orders and positions are"
            " looked at every minute instead of at once. Its stops rest at the venue."
        )
        await in_thread(self._raise, account_id, STREAM_DOWN, AlertSeverity.WARNING, sentence)

    async def clear_stream_down(self, account_id: str) -> None:
        """It is heard again, or need not be heard any more."""
        await in_thread(self._clear, account_id, STREAM_DOWN)

    async def raise_margin_call(self, account_id: str, what: str) -> None:
        """The venue is about to liquidate."""
        sentence = (
            f"The venue calls for margin on {account_id}: {what}. Add funds or close positions"
            f" (perpflow panic --flatten --account {account_id}) before it liquidates them."
        )
        await in_thread(self._raise, account_id, MARGIN_CALL, AlertSeverity.CRITICAL, sentence)

    async def clear_what_is_over(self, followed: frozenset[str], quiet: timedelta) -> None:
        """Streams that nobody follows any more, and margin calls that were not repeated for `quiet`."""
        await in_thread(self._clear_what_is_over, followed, quiet)

    def _raise(self, account_id: str, code: str, severity: AlertSeverity, sentence: str) -> None:
        with self._engine.begin() as conn:
            raise_alert(
                conn,
                account_id=account_id,
                code=code,
                severity=severity,
                sentence=sentence,
                at=_market_time(conn),
            )

    def _clear(self, account_id: str, code: str) -> None:
        with self._engine.begin() as conn:
            clear_alert(conn, code=code, account_id=account_id, at=_market_time(conn))

    def _clear_what_is_over(self, followed: frozenset[str], quiet: timedelta) -> None:
        with self._engine.begin() as conn:
            for alert in open_alerts(conn):
                is_left = alert.code == STREAM_DOWN and alert.account_id not in followed
                age = datetime.now(UTC) - alert.real_seen_at
                if is_left or (alert.code == MARGIN_CALL and age > quiet):
                    clear_alert(
                        conn,
                        code=alert.code,
                        account_id=alert.account_id,
                        at=_market_time(conn),
                    )


def _market_time(conn: Connection) -> datetime:
    now, arena = datetime.now(UTC), load_arena(conn)
    return now if arena is None else arena.market_time(now)
