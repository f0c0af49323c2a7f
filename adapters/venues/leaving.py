"""Until when an order may leave: looked at again right before its first byte is written.

Between the last check of an order and its socket lie a budget, a nonce and a connection, each of
which may take seconds. A halt that has waited for what was announced must have seen the last one go.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_before: ContextVar[datetime | None] = ContextVar("leaving_before", default=None)


class TooLate(OSError):
    """Its time to leave has passed: nothing was written."""


@contextmanager
def leaving_before(until: datetime) -> Iterator[None]:
    """What writes to a venue inside this leaves before that real instant, or not at all."""
    token = _before.set(until)
    try:
        yield
    finally:
        _before.reset(token)


def require_in_time() -> None:
    """Raises `TooLate`."""
    until = _before.get()
    if until is not None and datetime.now(UTC) > until:
        raise TooLate("the order was held up after it had been checked")
