"""Nonces of signing wallets in Postgres: one row per signer, so no two processes draw the same.

One statement takes the row, raises it and commits. A nonce that lies unreachably far ahead came from
a wrong clock and is forgotten; otherwise the numbers of a signer only grow. The caller's time is
the venue's, in microseconds.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, case, func, text
from sqlalchemy.dialects.postgresql import insert

from adapters.store.in_thread import in_thread
from adapters.store.tables import signer_nonces


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresNonces:
    """Nonces that all processes share through one database."""

    engine: Engine
    unreachable_microseconds: int = 70_000_000
    """How far ahead of the venue's clock no nonce was ever accepted (its window is 60 s)."""

    async def next_nonce(self, signer: str, now_microseconds: int) -> int:
        """The venue's time now, or one more than the signer's last nonce if that is later."""
        return await in_thread(self._next, signer, now_microseconds)

    def _next(self, signer: str, now: int) -> int:
        last = signer_nonces.c.last_nonce
        statement = insert(signer_nonces).values(signer=signer, last_nonce=now)
        statement = statement.on_conflict_do_update(
            index_elements=[signer_nonces.c.signer],
            set_={
                "last_nonce": case(
                    (last - now > self.unreachable_microseconds, now),
                    else_=func.greatest(last + 1, now),
                ),
                "real_used_at": text("clock_timestamp()"),
            },
        ).returning(signer_nonces.c.last_nonce)
        with self.engine.begin() as conn:
            return conn.execute(statement).scalar_one()
