"""State of exits in Postgres: one row per position, locked while it is looked at.

A row of another position is never read, and an older look never replaces a newer one, so a retried
or replayed task leaves the same state behind.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import insert

from adapters.store.tables import exit_states, fills
from trading.exits.plan import PositionKey
from trading.exits.state import ExitState

_KEY = ["account_id", "symbol", "opened_at", "direction"]


def load_exit_state(conn: Connection, account_id: str, key: PositionKey) -> ExitState | None:
    """The state of one position, its row locked until the commit; None before the first look."""
    row = conn.execute(
        select(exit_states)
        .where(
            exit_states.c.account_id == account_id,
            exit_states.c.symbol == key.symbol,
            exit_states.c.opened_at == key.opened_at,
            exit_states.c.direction == key.direction.value,
        )
        .with_for_update()
    ).one_or_none()
    if row is None:
        return None
    return ExitState(
        key=key,
        entry_price=row.entry_price,
        measured_from=row.measured_from,
        best_price=row.best_price,
        looked_at=row.looked_at,
    )


def save_exit_state(conn: Connection, account_id: str, state: ExitState) -> None:
    """Store the state of one position, unless a later look is stored already."""
    values = {
        "entry_price": state.entry_price,
        "measured_from": state.measured_from,
        "best_price": state.best_price,
        "looked_at": state.looked_at,
    }
    statement = insert(exit_states).values(
        account_id=account_id,
        symbol=state.key.symbol,
        opened_at=state.key.opened_at,
        direction=state.key.direction.value,
        **values,
    )
    conn.execute(
        statement.on_conflict_do_update(
            index_elements=_KEY,
            set_=values,
            where=exit_states.c.looked_at <= statement.excluded.looked_at,
        )
    )


def last_increase_at(conn: Connection, account_id: str, key: PositionKey) -> datetime | None:
    """Market time of the last booked fill that opened or increased the position; None: none of ours."""
    return conn.scalar(
        select(func.max(fills.c.filled_at)).where(
            fills.c.account_id == account_id,
            fills.c.symbol == key.symbol,
            fills.c.side == key.direction.entry_side.value,
            fills.c.filled_at >= key.opened_at,
        )
    )
