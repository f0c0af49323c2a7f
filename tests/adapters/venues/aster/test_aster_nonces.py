"""Nonces of one process: growing, and not stuck behind a clock that was once wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from adapters.venues.aster.client import AsterClient
from adapters.venues.aster.credentials import Credentials
from adapters.venues.aster.nonces import UNREACHABLE_MICROSECONDS, OwnNonces, following
from tests.adapters.venues.aster.demo_keys import SIGNER
from tests.adapters.venues.aster.local_venue import LocalVenue

NOW = 1_800_000_000_000_000


@given(st.lists(st.integers(-UNREACHABLE_MICROSECONDS // 2, UNREACHABLE_MICROSECONDS // 2)))
def test_nonces_grow_whatever_a_clock_does_that_is_roughly_right(jumps: list[int]) -> None:
    last, seen = None, []
    for jump in jumps:
        last = following(last, NOW + jump)
        seen.append(last)
    assert seen == sorted(set(seen))


def test_a_nonce_of_an_hour_ahead_is_forgotten() -> None:
    hour = 3600 * 1_000_000
    assert following(NOW + hour, NOW) == NOW
    assert following(NOW + UNREACHABLE_MICROSECONDS, NOW) == NOW + UNREACHABLE_MICROSECONDS + 1
    assert following(None, NOW) == NOW


async def test_two_signers_do_not_share_their_numbers() -> None:
    nonces = OwnNonces()
    assert await nonces.next_nonce("a", NOW) == await nonces.next_nonce("b", NOW) == NOW
    assert await nonces.next_nonce("a", NOW - 5) == NOW + 1


async def test_a_hundred_and_twenty_requests_at_once_of_two_clients_are_all_accepted(
    open_client: Callable[..., AsterClient], agent: Credentials, venue: LocalVenue
) -> None:
    nonces = OwnNonces()
    clients = [open_client(agent, nonces=nonces) for _ in range(2)]
    for client in clients:
        await client.read_clock()
    for _ in range(6):
        await asyncio.gather(*(client.orders.cancel_all("X") for client in clients * 10))
    used = [int(each.parameters["nonce"]) for each in venue.sent_to("allOpenOrders")]
    assert len(set(used)) == len(used) == 120
    assert len(venue.nonces[SIGNER.lower()]) == 100
