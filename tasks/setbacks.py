"""What fails for one position or order must not keep the others from their way out.

Each is tried; the first error is raised when all have had their turn. Only what holds for the account
as a whole ends it at once: a lost lease, and a venue that takes nothing from it.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tasks.run_log import run_log
from trading.errors import AccountBarred, LeaseLost

if TYPE_CHECKING:
    from tasks.cycle import Cycle


class Setbacks:
    """The errors of several attempts."""

    def __init__(self, cycle: Cycle) -> None:
        self._account_id = cycle.account.id
        self._first: Exception | None = None

    @contextmanager
    def survived(self, what: str) -> Generator[None]:
        """Around one attempt. Raises `LeaseLost` and `AccountBarred`."""
        try:
            yield
        except (LeaseLost, AccountBarred):
            raise
        except Exception as error:  # noqa: BLE001 - `raise_first` raises it when all had their turn
            run_log().error("%s: %s failed, the rest goes on: %s", self._account_id, what, error)
            self._first = self._first or error

    def raise_first(self) -> None:
        """Raise the first error there was; nothing without one."""
        if self._first is not None:
            raise self._first
