"""Row 25 of the costly bugs: ten accounts with ten instruments stay under half of the venue's limit."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from adapters.venues.aster import limits
from tests.aster_sandbox.server import Sandbox
from tests.live.conftest import on_database
from tests.live.weight_run import weigh

pytestmark = pytest.mark.db
HALF = 1200


async def test_row_25_ten_accounts_with_ten_instruments_stay_under_half_of_the_minutes_weight(
    engine: Engine, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "HOST_WEIGHT", 10**8)  # the preparation takes more than a minute's
    monkeypatch.setattr(limits, "ACCOUNT_ORDERS", 10**8)
    with on_database(engine, monkeypatch):
        weighed = await weigh(engine, sandbox, monkeypatch)
    print(weighed, weighed.total)
    assert weighed.total < HALF, weighed
