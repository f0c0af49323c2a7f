"""Nonces of V3 requests: microseconds of the venue's clock, each used once, growing per signer.

All processes that sign with one wallet draw from one source, or two of them would meet (reference:
aster 1.4). The store has the shared source; `OwnNonces` is for a signer that one process owns.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import Protocol

UNREACHABLE_MICROSECONDS = 70_000_000
"""A nonce further ahead of the venue's clock was never accepted: the window is 60 s at most."""


class NonceSource(Protocol):
    """Where nonces come from."""

    async def next_nonce(self, signer: str, now_microseconds: int) -> int:
        """The venue's time now, or one more than the last nonce of that signer if that is later."""
        ...


def following(last: int | None, now_microseconds: int) -> int:
    """The nonce after `last`.

    One that lies unreachably far ahead is forgotten: it came from a wrong clock, the venue refused
    it, and going on from there would have everything refused until the clock arrives at it.
    """
    if last is None or last - now_microseconds > UNREACHABLE_MICROSECONDS:
        return now_microseconds
    return max(last + 1, now_microseconds)


@dataclass(slots=True)
class OwnNonces:
    """Nonces of signers that nothing outside this process uses."""

    _last: dict[str, int] = field(default_factory=dict[str, int])
    _lock: Lock = field(default_factory=Lock)

    async def next_nonce(self, signer: str, now_microseconds: int) -> int:
        """See `NonceSource`."""
        with self._lock:
            nonce = following(self._last.get(signer), now_microseconds)
            self._last[signer] = nonce
            return nonce
