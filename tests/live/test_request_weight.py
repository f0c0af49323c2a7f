"""Row 25 of the costly bugs: ten accounts with ten instruments stay under half of the venue's limit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator

import pytest
from sqlalchemy import Engine

from adapters.venues.aster import limits
from tests.aster_sandbox.server import Sandbox
from tests.live.conftest import on_database
from tests.live.weight_run import Weighed, weigh

pytestmark = pytest.mark.db
ACCOUNTS = 10
HALF = 1200


@pytest.fixture
def weighed(
    engine: Engine, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[int], Awaitable[Weighed]]]:
    """Weighs so many accounts; the preparation takes more than a minute's weight."""
    monkeypatch.setattr(limits, "HOST_WEIGHT", 10**8)
    monkeypatch.setattr(limits, "ACCOUNT_ORDERS", 10**8)
    with on_database(engine, monkeypatch):
        yield lambda count: weigh(engine, sandbox, monkeypatch, accounts=count)


async def test_row_25_ten_times_the_dearest_of_two_accounts_is_under_half_of_the_minutes_weight(
    weighed: Callable[[int], Awaitable[Weighed]],
) -> None:
    found = await weighed(2)
    assert found.market + ACCOUNTS * max(found.per_account) < HALF, found


@pytest.mark.slow
async def test_row_25_ten_accounts_with_ten_instruments_stay_under_half_of_the_minutes_weight(
    weighed: Callable[[int], Awaitable[Weighed]],
) -> None:
    found = await weighed(ACCOUNTS)
    print(found, found.total)
    assert found.total < HALF, found
