"""Diary and events name the asset that the market's instrument names, whatever the symbol looks like."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.store.instruments import load_assets, save_instruments
from tasks.cycle import Cycle
from tasks.resources import store_engine
from tasks.story import tell_problem
from tests.arena import TestArena
from tests.builders import BTC

pytestmark = pytest.mark.db


def test_a_claimed_cycle_knows_the_assets_of_its_market(cycle: Cycle) -> None:
    assert [cycle.assets.of(symbol) for symbol in ("BTCUSDT", "ETHUSDT")] == ["BTC", "ETH"]


def test_a_symbol_of_another_quote_is_told_under_its_asset(arena: TestArena, cycle: Cycle) -> None:
    with store_engine().begin() as conn:
        save_instruments(conn, "perps", [replace(BTC, symbol="BTCPERP", quote="USD")])
        moved = replace(cycle, assets=load_assets(conn, "perps"))
        tell_problem(conn, moved, "BTCPERP", "stale")
        tell_problem(conn, moved, "ETHUSDT", "stale")  # of another market: no asset is known
    told = [("BTC", "BTC"), ("ETHUSDT", "ETHUSDT")]
    diary = "select asset, entry ->> 'asset' from app.diary where kind = 'market' order by id"
    assert arena.rows(diary) == told
    events = "select payload ->> 'asset' from app.events where kind = 'market.problem' order by id"
    assert [asset for (asset,) in arena.rows(events)] == [asset for asset, _ in told]
