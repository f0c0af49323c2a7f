"""Weight of requests per address and orders per account, by the minute: 429, then 418.

A request beyond the limit is answered 429 and counted against the patience of the venue; when that
is used up the address is banned, and every further request of the ban is answered 418.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from tests.aster_sandbox.refusals import VenueRefusal
from tests.aster_sandbox.settings import Settings

_MINUTE_MS = 60_000
_TEN_SECONDS_MS = 10_000
ORDERS_IN_TEN_SECONDS = 300


@dataclass(slots=True)
class _Window:
    length_ms: int = _MINUTE_MS
    number: int = -1
    used: int = 0
    beyond: int = 0
    banned_until_ms: int = 0
    bans: int = 0

    def roll(self, now_ms: int) -> None:
        if now_ms // self.length_ms != self.number:
            self.number, self.used = now_ms // self.length_ms, 0
            self.beyond = 0


@dataclass(slots=True)
class Scales:
    """What every address and account has used in this minute."""

    settings: Settings
    hosts: defaultdict[str, _Window] = field(default_factory=lambda: defaultdict(_Window))
    accounts: defaultdict[str, _Window] = field(default_factory=lambda: defaultdict(_Window))
    bursts: defaultdict[str, _Window] = field(
        default_factory=lambda: defaultdict(lambda: _Window(length_ms=_TEN_SECONDS_MS))
    )
    """Orders of an account in ten seconds, where the venue publishes that limit."""

    weight_ever: int = 0
    """Of all requests since the venue was made."""

    def spend(self, host: str, weight: int, now_ms: int) -> None:
        """Count a request; raises 429 or 418."""
        self.weight_ever += weight
        window = self.hosts[host]
        window.roll(now_ms)
        if now_ms < window.banned_until_ms:
            raise self._ban(window, now_ms)
        window.used += weight
        if window.used <= self.settings.weight_limit:
            return
        window.beyond += 1
        if window.beyond > self.settings.patience:
            window.bans += 1
            # Each ban is longer than the one before.
            length = self.settings.ban_seconds * 1000 * 2 ** (window.bans - 1)
            window.banned_until_ms = now_ms + length
            raise self._ban(window, now_ms)
        raise VenueRefusal(
            -1003,
            f"Too many requests; current limit is {self.settings.weight_limit} request weight per"
            " 1 MINUTE.",
            429,
            self._wait(_MINUTE_MS - now_ms % _MINUTE_MS),
        )

    def count_orders(self, account: str, orders: int, now_ms: int) -> None:
        """Count orders of an account; raises -1015 with 429."""
        limits = [(self.accounts[account], self.settings.order_limit, "1 MINUTE")]
        if self.settings.publishes_ten_second_orders:
            limits.append((self.bursts[account], ORDERS_IN_TEN_SECONDS, "10 SECOND"))
        for window, limit, period in limits:
            window.roll(now_ms)
            window.used += orders
            if window.used > limit:
                raise VenueRefusal(
                    -1015,
                    f"Too many new orders; current limit is {limit} orders per {period}.",
                    429,
                    self._wait(window.length_ms - now_ms % window.length_ms),
                )

    def headers(self, host: str, account: str | None, now_ms: int) -> dict[str, str]:
        """What every answer says of limits; of orders only where an account's orders were counted."""
        window = self.hosts[host]
        window.roll(now_ms)
        found = {"X-MBX-USED-WEIGHT-1M": str(window.used)}
        if account is not None:
            counted = self.accounts[account]
            counted.roll(now_ms)
            found["X-MBX-ORDER-COUNT-1M"] = str(counted.used)
            if self.settings.publishes_ten_second_orders:
                found["X-MBX-ORDER-COUNT-10S"] = str(self.bursts[account].used)
        return found

    def _ban(self, window: _Window, now_ms: int) -> VenueRefusal:
        until = window.banned_until_ms
        return VenueRefusal(
            -1003,
            f"Way too many requests; IP banned until {until}. Please use the websocket for live"
            " updates to avoid bans.",
            418,
            self._wait(until - now_ms),
        )

    def _wait(self, milliseconds: int) -> dict[str, str]:
        if not self.settings.sends_retry_after:
            return {}
        return {"Retry-After": str(-(-milliseconds // 1000))}
