"""What happens by the clock alone: funding, prices that move by themselves, dead-man switches, listen keys that run out."""

from __future__ import annotations

from tests.aster_sandbox import desk
from tests.aster_sandbox.users import User
from tests.aster_sandbox.venue import Venue


def tick(venue: Venue) -> None:
    """Do what has become due."""
    venue.settle_funding()
    if venue.mover is not None:
        venue.mover.move(venue)
    now = venue.time.now_ms
    for user in venue.users.values():
        for symbol, due in tuple(user.countdowns.items()):
            if due <= now:
                del user.countdowns[symbol]
                desk.cancel_all(venue, user, symbol)
        if user.listen_key is not None and user.listen_key_until_ms <= now:
            expire_listen_key(venue, user)


def expire_listen_key(venue: Venue, user: User) -> None:
    """Say so on the stream; nothing more is heard there."""
    key = user.listen_key
    if key is None:
        return
    venue.hub.tell_user(key, {"e": "listenKeyExpired", "E": venue.time.now_ms, "listenKey": key})
    user.listen_key = None
