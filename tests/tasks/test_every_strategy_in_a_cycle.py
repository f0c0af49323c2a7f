"""Every strategy of the catalogue runs as an account: its whole cycle finds all that it reads."""

import pytest

from tests.arena import TestArena, build_account
from tests.tasks.whole_cycle import run_cycle
from trading.strategies.catalogue import STRATEGIES

pytestmark = pytest.mark.db

MISSING = ("candles are there", "not known", "unknown", "no book", "no volume")
"""Words of a strategy that lacks something to read."""


async def rationales(arena: TestArena, name: str) -> dict[object, str]:
    """What a first cycle with that strategy says of each asset."""
    account = build_account(name, id=f"all-{name.replace('_', '-')}")
    arena.add(account)
    await run_cycle(account.id)
    rows = arena.rows(
        "select asset, rationale from app.decisions where account_id = :id", id=account.id
    )
    return {asset: str(rationale) for asset, rationale in rows}


async def test_its_decisions_speak_of_measures_and_of_nothing_missing(arena: TestArena):
    for name in STRATEGIES:
        found = await rationales(arena, name)
        assert set(found) == {"BTC", "ETH"}, name
        for rationale in found.values():
            assert "close " in rationale, name
            assert not [words for words in MISSING if words in rationale], (name, rationale)


async def test_funding_arbitrage_sees_what_was_paid_in_its_market(arena: TestArena):
    for rationale in (await rationales(arena, "funding_arbitrage")).values():
        assert " a day paid by " in rationale
