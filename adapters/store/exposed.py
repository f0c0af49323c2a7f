"""Who has something at stake between two cycles: an open position, or an order whose end is unknown.

Light enough to be asked every few seconds, for all accounts at once.
"""

from __future__ import annotations

from sqlalchemy import Connection, select, union

from adapters.store.intents import UNSETTLED
from adapters.store.tables import accounts, intents, live_permits, positions
from trading.account import AccountStatus, Mode


def exposed_accounts(conn: Connection) -> frozenset[str]:
    """Ids of accounts with an open position or an unsettled intent; stopped ones are left alone."""
    at_stake = union(
        select(positions.c.account_id),
        select(intents.c.account_id).where(intents.c.state.in_(UNSETTLED)),
    ).subquery()
    query = select(accounts.c.id).where(
        accounts.c.id.in_(select(at_stake.c.account_id)),
        accounts.c.status != AccountStatus.STOPPED.value,
        accounts.c.real_removed_at.is_(None),
    )
    return frozenset(conn.scalars(query))


def permitted_accounts(conn: Connection) -> frozenset[str]:
    """Ids of live accounts with a permit that holds; paused ones as well, stopped ones not."""
    query = (
        select(accounts.c.id)
        .join(live_permits, live_permits.c.account_id == accounts.c.id)
        .where(
            live_permits.c.real_ended_at.is_(None),
            accounts.c.status != AccountStatus.STOPPED.value,
            accounts.c.mode == Mode.LIVE.value,
            accounts.c.real_removed_at.is_(None),
        )
    )
    return frozenset(conn.scalars(query))
