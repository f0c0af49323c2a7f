"""Margin tables that the venue tells to an account serve everybody on its market."""

from __future__ import annotations

import pytest

from adapters.store.arena import load_arena
from adapters.store.instruments import load_instruments
from tests.live.live_arena import LiveArena
from trading.instruments import Instrument

pytestmark = pytest.mark.db


def stored(live: LiveArena) -> Instrument:
    with live.engine.connect() as conn:
        arena = load_arena(conn)
        assert arena is not None
        found = load_instruments(conn, arena.market)
    return next(each for each in found if each.symbol == "BTCUSDT")


async def test_the_first_live_cycle_replaces_the_stand_in(live: LiveArena) -> None:
    assert not stored(live).has_venue_brackets

    await live.cycle()

    told = live.sandbox.venue.market("BTCUSDT").instrument.brackets
    assert stored(live).has_venue_brackets
    assert stored(live).brackets == told


async def test_a_venue_that_does_not_tell_them_stops_nothing(live: LiveArena) -> None:
    live.sandbox.fail("leverageBracket", status=503, times=0)

    await live.cycle()

    assert not stored(live).has_venue_brackets
    assert live.rows("select distinct status from app.cycles") == [("done",)]
