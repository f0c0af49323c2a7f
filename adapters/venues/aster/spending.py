"""What a request costs, before it is sent, and what its answer says of limits, afterwards.

Before: a refusal of the budget, or a budget that cannot be asked, means that nothing is sent. After:
nothing may raise, because the answer to an order is worth more than the book of limits.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from adapters.venues.aster.answers import Answer, NoAnswer, error_in
from adapters.venues.aster.codes import TOO_MANY_ORDERS, TOO_MANY_REQUESTS
from adapters.venues.aster.errors import Unreachable
from adapters.venues.aster.limits import (
    Limits,
    RateLimitRow,
    blocked_until,
    counted,
    seconds_to_wait,
)
from trading.errors import TradingError
from trading.ports import WeightBudget
from trading.weights import Priority, WeightScope

_log = logging.getLogger("perpflow.aster")


@dataclass(slots=True, kw_only=True)
class Spending:
    """The budgets that an account's requests are paid from."""

    budget: WeightBudget
    limits: Limits
    real_now: Callable[[], datetime]

    def learn(self, rows: tuple[RateLimitRow, ...]) -> None:
        """Use the limits that the venue publishes from now on."""
        self.limits = self.limits.published(rows)

    async def spend(self, what: str, weight: int, orders: int, priority: Priority) -> None:
        """Raises `WeightRefused`, or `Unreachable` when the budget itself cannot be asked."""
        try:
            for scope in self.limits.host_scopes():
                await self.budget.spend(scope, weight, priority)
            if orders:
                for scope in self.limits.order_scopes():
                    await self.budget.spend(scope, orders, priority)
        except TradingError:
            raise
        except Exception as error:
            raise Unreachable(
                what, f"nothing was sent: the request budget failed ({type(error).__name__})"
            ) from error

    async def hear(self, outcome: Answer | NoAnswer) -> datetime | None:
        """Tell the budgets; the instant until which the host is blocked, when it is."""
        if isinstance(outcome, NoAnswer):
            return None
        now = self.real_now()
        code, text = error_in(outcome)
        wait = seconds_to_wait(outcome.headers, text, now)
        # What a 5xx says is no verdict, so it blocks nobody who would ask what became of an order.
        is_verdict = outcome.status < 500
        host_status = 429 if is_verdict and code == TOO_MANY_REQUESTS else outcome.status
        if host_status == 403 and code is not None:
            host_status = 200  # the venue speaks of one account; its firewall sends a page
        order_status = 429 if is_verdict and code == TOO_MANY_ORDERS else 200
        if order_status == 429 and host_status == 429:
            host_status = 200  # whatever status it comes with, it is one account that has to wait
        used = {(kind, seconds): count for kind, seconds, count in counted(outcome.headers)}
        for scope in self.limits.host_scopes():
            count = used.get(("used-weight", scope.window_seconds))
            await self._tell(scope, host_status, count, wait)
        for scope in self.limits.order_scopes():
            count = used.get(("order-count", scope.window_seconds))
            await self._tell(scope, order_status, count, wait)
        blocking = host_status if host_status in (403, 418) else max(host_status, order_status)
        return blocked_until(blocking, wait, now)

    async def _tell(
        self, scope: WeightScope, status: int, used: int | None, wait: float | None
    ) -> None:
        if used is None and status not in (403, 418, 429):
            return
        try:
            await self.budget.heard(scope, status=status, used=used, retry_after=wait)
        except Exception as error:  # noqa: BLE001 - an order's answer must not be lost to it
            _log.warning(
                "%s: limits not noted (%s); the answer stands", scope.name, type(error).__name__
            )
