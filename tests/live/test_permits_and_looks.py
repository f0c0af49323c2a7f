"""Who may trade real money, and what happens between two cycles."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import text

from adapters.store.accounts import load_account, save_account
from adapters.store.permits import end_permit
from tasks.aside import claim_aside
from tasks.cycle import Skip, claim_slot, holding_lease
from tasks.flattening import flatten_account
from tasks.orders import submit
from tasks.watching import watch_account, watched_accounts
from tests.live.live_arena import KEY_VARIABLE, LONG, LiveArena
from tests.tasks.wishes import ENTRY
from trading.account import Network, OperatorState
from trading.errors import InvalidRecord

pytestmark = pytest.mark.db


async def test_an_account_without_a_permit_skips_its_slots_and_names_the_command(
    live: LiveArena,
) -> None:
    with live.engine.begin() as conn:
        end_permit(conn, "live", reason="test")
    skipped = await claim_slot.fn("live")
    assert isinstance(skipped, Skip)
    assert "perpflow accounts go-live live" in skipped.sentence
    with pytest.raises(InvalidRecord, match="go-live"):
        await claim_aside("live", trigger="watch")
    assert not [r for r in live.sandbox.venue.requests if "signature" in r.parameters]


async def test_of_a_live_account_that_never_was_permitted_there_is_nothing_to_flatten(
    live: LiveArena,
) -> None:
    with live.engine.begin() as conn:
        account = load_account(conn, "live").account
        save_account(conn, replace(account, id="waiting"))
    done = await flatten_account("waiting", sentence="test")
    assert done is not None
    assert done.sentence == "there was no open position"


async def test_what_an_account_left_open_when_its_permit_ended_is_not_called_closed(
    live: LiveArena,
) -> None:
    await live.cycle(LONG)
    with live.engine.begin() as conn:
        end_permit(conn, "live", reason="test")
    with pytest.raises(InvalidRecord, match="go-live"):
        await flatten_account("live", sentence="test")


async def test_keys_of_another_wallet_than_the_permitted_one_send_nothing(
    live: LiveArena,
) -> None:
    with live.engine.begin() as conn:
        account = load_account(conn, "live").account
        assert account.venue_keys is not None
        keys = replace(account.venue_keys, user_address="0x" + "11" * 20)
        save_account(conn, replace(account, venue_keys=keys))
    live.sandbox.venue.requests.clear()
    with pytest.raises(InvalidRecord, match="restore the keys"):
        await live.cycle(LONG)
    assert not [r for r in live.sandbox.venue.requests if r.method == "POST"]
    assert live.rows("select status from app.cycles") == [("failed",)]


async def test_an_account_of_another_network_than_the_arena_is_skipped(live: LiveArena) -> None:
    with live.engine.begin() as conn:
        account = load_account(conn, "live").account
        assert account.venue_keys is not None
        keys = replace(account.venue_keys, network=Network.MAINNET)
        save_account(conn, replace(account, venue_keys=keys))
    skipped = await claim_slot.fn("live")
    assert isinstance(skipped, Skip)
    assert skipped.code == "other_market"


async def test_a_key_that_is_missing_fails_the_cycle_by_the_name_of_its_reference(
    live: LiveArena, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(KEY_VARIABLE)
    with pytest.raises(InvalidRecord, match=KEY_VARIABLE):
        await live.cycle(LONG)
    assert live.entries_at_venue() == 0


async def test_a_look_after_a_target_filled_books_it_and_takes_the_stop_away(
    live: LiveArena,
) -> None:
    await live.cycle(LONG)
    live.sandbox.set_price("BTCUSDT", Decimal(66_100))
    watched = await watch_account("live", "user stream")
    assert watched is not None
    assert (live.held, live.resting, watched.positions) == (0, [], 0)
    assert live.rows("select close_reason from app.trades") == [("target",)]
    live.require_equal_ledgers()


async def test_a_look_puts_back_a_stop_that_somebody_has_cancelled(live: LiveArena) -> None:
    await live.cycle(LONG)
    for record in live.user.open_records():
        from tests.aster_sandbox.desk import cancel_order

        cancel_order(
            live.sandbox.venue,
            live.user,
            {"symbol": "BTCUSDT", "orderId": record.order.venue_order_id},
        )
    assert live.resting == []
    await watch_account("live", "poll")
    assert [kind for kind, *_ in live.resting] == ["stop_market", "take_profit_market"]


async def test_while_a_cycle_runs_there_is_nothing_to_look_after(live: LiveArena) -> None:
    cycle = await live.begin()
    async with holding_lease(cycle):
        assert await watch_account("live", "poll") is None


async def test_looks_are_for_accounts_with_something_at_stake(live: LiveArena) -> None:
    assert watched_accounts() == ()
    await live.cycle(LONG)
    assert watched_accounts() == ("live",)


async def test_a_halted_account_keeps_its_stop_and_opens_nothing(live: LiveArena) -> None:
    await live.cycle(LONG)
    with live.engine.begin() as conn:
        conn.execute(text("update app.accounts set operator_state = 'halted'"))
        assert load_account(conn, "live").operator_state is OperatorState.HALTED
    cycle = await live.begin()
    async with holding_lease(cycle):
        refused = await submit(cycle, ENTRY)
    assert refused.reason == "operator halt"
    await live.cycle()
    assert [kind for kind, *_ in live.resting] == ["stop_market", "take_profit_market"]


async def test_row_25_after_a_ban_nothing_leaves_until_it_ends_and_the_stop_rests_at_the_venue(
    live: LiveArena,
) -> None:
    await live.cycle(LONG)
    body = '{"code":-1003,"msg":"Way too much request weight used; IP banned"}'
    live.sandbox.fail(
        "accountWithJoinMargin", status=418, body=body, headers={"Retry-After": "600"}
    )
    with pytest.raises(Exception, match="418"):
        await live.cycle()
    live.sandbox.venue.requests.clear()
    for _ in range(3):
        with pytest.raises(Exception, match="blocked until"):
            await live.cycle()
    assert list(live.sandbox.venue.requests) == []
    assert [kind for kind, *_ in live.resting] == ["stop_market", "take_profit_market"]
