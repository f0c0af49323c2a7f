"""No order twice, none lost, no position without its stop, however the venue behaves (P01 to P03)."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest

from adapters.venues.aster import limits
from adapters.venues.aster.venue import AsterVenue
from tests.live.faulty_run import Seen, run
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


@pytest.mark.slow
@pytest.mark.timeout(4 * 3600)
async def test_ten_thousand_cycles_among_faults_leave_our_record_equal_to_the_venues(
    live: LiveArena, soon_settled: None
) -> None:
    cycles = int(os.environ.get("PERPFLOW_FAULTY_CYCLES", "10000"))
    seen = await run(live, cycles=cycles, seed=2)
    print(seen)
    require_clean(seen)
