"""Whole cycles of a live account at the sandbox, when nothing goes wrong."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tasks import placing
from tests.live.live_arena import LONG, LiveArena
from trading.errors import VenueUnavailable

pytestmark = pytest.mark.db


async def test_an_entry_rests_with_stop_and_target_by_mark_and_the_ledgers_agree(
    live: LiveArena,
) -> None:
    state = await live.cycle(LONG)
    assert live.held == Decimal("0.01")
    assert live.resting == [
        ("stop_market", Decimal("0.01"), Decimal(58_000)),
        ("take_profit_market", Decimal("0.01"), Decimal(66_000)),
    ]
    working = {record.words.working_type for record in live.user.open_records("BTCUSDT")}
    assert working == {"MARK_PRICE"}
    assert live.intents() == ["filled", "open", "open"]
    assert state.balance.wallet == live.user.ledger.wallet
    live.require_equal_ledgers()


async def test_the_diary_tells_an_entry_after_which_orders_cannot_be_listed(
    live: LiveArena, monkeypatch: pytest.MonkeyPatch
) -> None:
    protect = placing.protect

    async def protect_last(*arguments: Any, **more: Any) -> bool:
        is_protected = await protect(*arguments, **more)
        live.sandbox.fail("openOrders", times=0, status=503)
        return is_protected

    monkeypatch.setattr(placing, "protect", protect_last)
    with pytest.raises(VenueUnavailable):
        await live.cycle(LONG)
    stop, target = live.user.open_records("BTCUSDT")
    assert live.rows(
        "select entry->>'amount', entry->>'sl_oid', entry->>'tp_oid' from app.diary"
        " where kind = 'order' and entry->>'action' = 'buy'"
    ) == [("0.01", stop.order.venue_order_id, target.order.venue_order_id)]


async def test_the_diary_tells_an_entry_whose_protection_failed(
    live: LiveArena, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def protect(*_: Any, **__: Any) -> bool:
        raise VenueUnavailable("the venue does not answer")

    monkeypatch.setattr(placing, "protect", protect)
    with pytest.raises(VenueUnavailable):
        await live.cycle(LONG)
    assert live.rows(
        "select entry->>'amount', entry->>'sl_oid' from app.diary where kind = 'order'"
    ) == [("0.01", None)]


async def test_a_decision_to_close_leaves_nothing_behind(live: LiveArena) -> None:
    await live.cycle(LONG)
    live.sandbox.set_price("BTCUSDT", Decimal(61_000))
    state = await live.cycle(close=True)
    assert (live.held, live.resting, state.positions) == (0, [], ())
    assert live.rows("select status, close_reason from app.trades") == [("closed", "exit")]
    live.require_equal_ledgers()


async def test_a_cycle_that_changes_nothing_asks_for_little(live: LiveArena) -> None:
    await live.cycle(LONG)
    live.sandbox.venue.requests.clear()
    await live.cycle()
    asked = {(each.method, each.path) for each in live.sandbox.venue.requests}
    assert not {path for _, path in asked if path.endswith(("userTrades", "income"))}
    assert not {path for method, path in asked if method != "GET"}
