"""Who runs the control loop: one process at a time, known to everybody who can reach the database.

The lock belongs to a database session, so it is free again the moment its process or connection
dies. A command looks at it to learn whether somebody will carry out what it leaves pending.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

_KEY = "hashtextextended('perpflow-control-loop', 0)"


def take_control(conn: Connection) -> bool:
    """Become the one control loop for as long as this session lives; False when there is one.

    The connection must be in autocommit, since a session idle in a transaction is ended.
    """
    return bool(conn.scalar(text(f"select pg_try_advisory_lock({_KEY})")))


def is_controlled(conn: Connection) -> bool:
    """Whether a control loop lives."""
    free = conn.scalar(text(f"select pg_try_advisory_xact_lock_shared({_KEY})"))
    return not free
