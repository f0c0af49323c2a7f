"""Entries with their stop and target in one message (OTOCO), where account and venue take them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.live.live_arena import LONG, LiveArena
from trading.account import AccountStatus

pytestmark = pytest.mark.db
PROTECTED = ["stop_market", "take_profit_market"]


async def test_an_entry_its_stop_and_its_target_leave_in_one_message(grouped: LiveArena) -> None:
    await grouped.cycle(LONG)
    assert len(grouped.sandbox.sent_to("placeStrategyOrder")) == 1
    assert grouped.sandbox.sent_to("order", "POST") == []
    assert grouped.held == Decimal("0.01")
    assert [kind for kind, *_ in grouped.resting] == PROTECTED
    assert grouped.intents() == ["filled", "open", "open"]
    grouped.require_equal_ledgers()


@pytest.mark.parametrize("how", [{"status": 503}, {"drop": True}])
async def test_a_group_whose_answer_is_lost_is_found_leg_by_leg_and_never_sent_again(
    grouped: LiveArena, how: dict[str, Any]
) -> None:
    grouped.sandbox.fail("placeStrategyOrder", execute=True, **how)
    await grouped.cycle(LONG)
    await grouped.cycle()
    assert (grouped.entries_at_venue(), grouped.held) == (1, Decimal("0.01"))
    assert [kind for kind, *_ in grouped.resting] == PROTECTED
    assert grouped.intents() == ["filled", "open", "open"]


async def test_an_exit_that_cannot_be_asked_for_keeps_no_entry_from_its_stop(
    grouped: LiveArena,
) -> None:
    grouped.sandbox.fail("placeStrategyOrder", execute=True, drop=True)
    # Asked for by its id: the entry after the lost answer, then the stop, which cannot be read.
    grouped.sandbox.fail("order", method="GET", nth=2, status=500)
    await grouped.cycle(LONG)
    assert grouped.held == Decimal("0.01")
    assert [kind for kind, *_ in grouped.resting] == PROTECTED
    await grouped.cycle()
    assert grouped.intents() == ["filled", "open", "open"]


async def test_keys_that_the_venue_refuses_a_group_pause_the_account(grouped: LiveArena) -> None:
    body = '{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."}'
    grouped.sandbox.fail("placeStrategyOrder", status=401, body=body)
    await grouped.cycle(LONG)
    assert grouped.status is AccountStatus.PAUSED
    assert "account_stopped" in grouped.alerts()
    assert grouped.held == 0


async def test_a_group_that_the_venue_refuses_leaves_nothing(grouped: LiveArena) -> None:
    body = '{"code":-2019,"msg":"Margin is insufficient."}'
    grouped.sandbox.fail("placeStrategyOrder", status=400, body=body)
    await grouped.cycle(LONG)
    assert (grouped.held, grouped.resting) == (0, [])
    assert grouped.intents() == ["refused", "refused", "refused"]


async def test_a_group_that_never_arrived_keeps_its_symbol_shut_until_that_is_sure(
    grouped: LiveArena,
) -> None:
    grouped.sandbox.fail("placeStrategyOrder", status=503)
    await grouped.cycle(LONG)
    assert grouped.intents() == ["unknown", "unknown", "unknown"]
    await grouped.cycle(LONG)
    assert grouped.held == 0
    assert grouped.intents("entry") == ["unknown", "refused"]


async def test_a_target_that_fills_takes_the_stop_of_its_group_away_at_the_venue(
    grouped: LiveArena,
) -> None:
    await grouped.cycle(LONG)
    grouped.sandbox.set_price("BTCUSDT", Decimal(66_100))
    assert (grouped.held, grouped.resting) == (0, [])
    await grouped.cycle()
    assert grouped.rows("select close_reason from app.trades") == [("target",)]
    grouped.require_equal_ledgers()
