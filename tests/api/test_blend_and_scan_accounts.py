"""An account that blends or scans says so in the API."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import httpx
import pytest
from sqlalchemy import Engine

from adapters.store.accounts import save_account
from tests.api.seeding import make_account
from trading.blend_plan import BLEND, Blend, Member
from trading.scan_plan import Scan

pytestmark = pytest.mark.db


async def test_the_account_tells_its_members_and_how_it_finds_its_instruments(
    client: httpx.AsyncClient, seeded: datetime, engine: Engine
) -> None:
    both = replace(
        make_account("both"),
        strategy=BLEND,
        parameters={},
        assets=(),
        scan=Scan(count=3),
        blend=Blend(members=(Member(name="grid", strategy="grid"),)),
    )
    with engine.begin() as conn:
        save_account(conn, both)
    account = (await client.get("/api/v1/accounts/both")).json()
    assert account["strategy"] == "blend"
    assert account["blend"]["members"] == {"grid": {"strategy": "grid", "weight": "1"}}
    assert (account["assets"], account["scan"]) == ([], {"count": 3})
    plain = (await client.get("/api/v1/accounts/momentum")).json()
    assert (plain["blend"], plain["scan"]) == (None, None)
