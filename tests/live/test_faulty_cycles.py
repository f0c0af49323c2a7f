"""No order twice, none lost, no position without its stop, however the venue behaves (P01 to P03)."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest

from adapters.venues.aster import limits
from adapters.venues.aster.venue import AsterVenue
from tests.live.faulty_run import GROUPED_POSTS, POSTS, Seen, run
from tests.live.live_arena import LiveArena

pytestmark = pytest.mark.db
PLENTY = 10**8


def require_clean(seen: Seen) -> None:
    assert seen.is_clean, seen
    assert seen.faults > seen.cycles / 4, seen


@pytest.fixture
def soon_settled(live: LiveArena, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hours of cycles in minutes.

    A sandbox that did not take an order never takes it later, so no minute has to be waited for;
    and limits of requests, which have tests of their own, are out of the way.
    """
    monkeypatch.setattr(AsterVenue, "settles_after", timedelta(milliseconds=300))
    monkeypatch.setattr(limits, "HOST_WEIGHT", PLENTY)
    monkeypatch.setattr(limits, "ACCOUNT_ORDERS", PLENTY)
    live.sandbox.venue.settings.weight_limit = PLENTY
    live.sandbox.venue.settings.order_limit = PLENTY


async def test_forty_cycles_among_faults_leave_our_record_equal_to_the_venues(
    live: LiveArena, soon_settled: None
) -> None:
    require_clean(await run(live, cycles=40, seed=1))


async def test_twenty_cycles_in_groups_among_faults_leave_our_record_equal_to_the_venues(
    grouped: LiveArena, soon_settled: None
) -> None:
    require_clean(await run(grouped, cycles=20, seed=3, posts=GROUPED_POSTS))


@pytest.mark.slow
@pytest.mark.timeout(4 * 3600)
@pytest.mark.parametrize(
    ("account", "posts"),
    [
        pytest.param("live", POSTS, id="each order by itself"),
        pytest.param("grouped", GROUPED_POSTS, id="brackets in groups"),
    ],
)
async def test_ten_thousand_cycles_among_faults_leave_our_record_equal_to_the_venues(
    request: pytest.FixtureRequest,
    soon_settled: None,
    account: str,
    posts: tuple[str, ...],
) -> None:
    cycles = int(os.environ.get("PERPFLOW_FAULTY_CYCLES", "10000"))
    live: LiveArena = request.getfixturevalue(account)
    seen = await run(live, cycles=cycles, seed=2, posts=posts)
    print(seen)
    require_clean(seen)
