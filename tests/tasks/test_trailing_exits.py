"""Tiers move the stop that rests on the venue, and a pullback closes: real Postgres, real paper venue."""

from __future__ import annotations

from decimal import Decimal

import pytest

from adapters.store.trades import set_trade_levels
from tasks import resources
from tasks.account_state import reconcile_account
from tasks.exits import manage_exits
from tasks.market import fetch_klines
from tests.tasks.scripted_market import (
    FILL,
    FLAT,
    STOP,
    TARGET,
    Entry,
    Scripted,
    Step,
    enter,
    exits_at,
    later,
    resting,
    stops,
)
from trading.decisions import Action
from trading.exit_settings import ExitSettings
from trading.orders import OrderType

pytestmark = pytest.mark.db

TIER: Step = (51_500, 50_000, 51_450)
"""Peak +8.85 % leverage-adjusted: the first tier, whose stop is 50,025 x 1.01."""
FIRST_STOP = Decimal("50525.3")
END = "select status, close_reason from app.trades order by opened_at"


async def test_a_tier_moves_the_resting_stop_and_leaves_the_target(scripted: Scripted) -> None:
    arena, cycle = await scripted(TIER)
    await enter(cycle)
    assert await stops(cycle) == [STOP]
    await exits_at(cycle, 1)
    assert await stops(later(cycle, 1)) == [FIRST_STOP]
    (target,) = await resting(later(cycle, 1), OrderType.TAKE_PROFIT_MARKET)
    assert target.request.stop_price == TARGET
    assert arena.one("select stop_price from app.trades") == (FIRST_STOP,)
    assert arena.one(
        "select entry->>'sentence' from app.diary where entry->>'reason' = 'tier'"
    ) == ("The profit has reached a tier: the stop moves to 50525.3, it was 48000.",)


async def test_a_stop_that_a_tier_has_moved_protects_while_no_process_runs(
    scripted: Scripted,
) -> None:
    arena, cycle = await scripted(TIER, (51_450, 50_400, 50_600))
    await enter(cycle)
    await exits_at(cycle, 1)
    await reconcile_account.fn(later(cycle, 2))
    assert arena.rows(END) == [("closed", "stop")]
    (gain,) = arena.one("select gross_pnl from app.trades")
    assert gain == (Decimal(50_500) - Decimal(50_025)) * Decimal("0.01")  # less slippage


async def test_a_stop_that_is_tighter_than_the_tiers_own_stays(scripted: Scripted) -> None:
    arena, cycle = await scripted(TIER)
    await enter(cycle)
    tighter = Decimal(51_200)
    with arena.engine.begin() as conn:
        set_trade_levels(conn, "momentum", "BTCUSDT", tighter, TARGET, "")
    await exits_at(cycle, 1)
    assert await stops(later(cycle, 1)) == [tighter]
    assert arena.one("select stop_price from app.trades") == (tighter,)


async def test_a_short_earns_its_stop_below_its_entry(scripted: Scripted) -> None:
    _, cycle = await scripted((50_000, 48_500, 48_550))
    await enter(cycle, Entry(action=Action.SELL, stop=Decimal(52_000), target=Decimal(40_000)))
    await exits_at(cycle, 1)
    assert await stops(later(cycle, 1)) == [Decimal("49475.2")]  # 49,975 x 0.99, on its tick


async def test_a_peak_between_two_looks_counts_and_the_pullback_from_it_closes(
    scripted: Scripted,
) -> None:
    arena, cycle = await scripted(TIER, (51_450, 50_900, 51_000))
    await enter(cycle)
    after = await exits_at(cycle, 2)
    assert after.positions == ()
    assert after.open_orders == ()
    assert arena.rows(END) == [("closed", "pullback")]
    (told,) = arena.one(
        "select entry->>'sentence' from app.diary where entry->>'reason' = 'pullback'"
    )
    assert told == (
        "The leverage-adjusted profit fell from its peak of 8.8 % to 5.8 %;"
        " at most 30.0 % of a peak may be given back."
    )  # fmt: skip


async def test_a_peak_from_before_the_entry_counts_for_nothing(scripted: Scripted) -> None:
    arena, cycle = await scripted((56_000, 49_000, 50_000), FLAT, FLAT)
    await enter(later(cycle, 1))
    await exits_at(cycle, 3)
    assert arena.one("select best_price from app.exit_states") < (Decimal(50_100),)
    assert await stops(later(cycle, 3)) == [STOP]


async def test_the_peak_survives_a_restart_and_a_market_that_has_forgotten_it(
    scripted: Scripted,
) -> None:
    arena, cycle = await scripted(TIER, (51_450, 51_200, 51_300), (51_310, 50_950, 51_000))
    await enter(cycle)
    await exits_at(cycle, 2)
    seen = arena.rows("select * from app.exit_states")
    resources.forget()
    assert arena.rows("select * from app.exit_states") == seen
    await exits_at(cycle, 3)
    assert arena.rows(END) == [("closed", "pullback")]
    assert arena.one("select best_price from app.exit_states") == (51_500,)


async def test_the_same_slot_twice_leaves_the_same_state_and_the_same_orders(
    scripted: Scripted,
) -> None:
    arena, cycle = await scripted(TIER)
    await enter(cycle)
    await exits_at(cycle, 1)
    before = (
        arena.rows("select * from app.exit_states"),
        arena.rows("select client_order_id from app.intents order by client_order_id"),
        arena.rows("select entry from app.diary where kind = 'exit'"),
    )
    await exits_at(cycle, 1)
    assert before == (
        arena.rows("select * from app.exit_states"),
        arena.rows("select client_order_id from app.intents order by client_order_id"),
        arena.rows("select entry from app.diary where kind = 'exit'"),
    )


async def test_row_21_the_next_position_begins_without_a_peak(scripted: Scripted) -> None:
    arena, cycle = await scripted(TIER, (51_450, 50_900, 51_000), (51_010, 50_990, 51_000))
    await enter(cycle)
    await exits_at(cycle, 2)
    await enter(later(cycle, 2))
    await exits_at(cycle, 3)
    assert arena.rows(END) == [("closed", "pullback"), ("open", None)]
    assert arena.rows("select best_price from app.exit_states order by opened_at") == [
        (51_500,),
        (Decimal("51025.5"),),
    ]
    assert await stops(later(cycle, 3)) == [STOP]


async def test_a_flip_is_a_new_position_with_a_state_of_its_own(scripted: Scripted) -> None:
    arena, cycle = await scripted(TIER, (51_010, 50_990, 51_000))
    await enter(cycle)
    await exits_at(cycle, 1)
    short = Entry(
        action=Action.SELL,
        stop=Decimal(52_000),
        target=Decimal(45_000),
        quantity=Decimal("0.02"),
    )
    await enter(later(cycle, 1), short)
    await exits_at(cycle, 2)
    assert arena.rows("select direction, best_price from app.exit_states order by direction") == [
        ("long", 51_500),
        ("short", 50_990),
    ]
    assert await stops(later(cycle, 2)) == [52_000]


async def test_an_addition_measures_again_and_never_loosens_the_stop(scripted: Scripted) -> None:
    arena, cycle = await scripted(TIER, (51_450, 51_300, 51_310), (51_400, 51_200, 51_300))
    await enter(cycle)
    await exits_at(cycle, 1)
    await enter(later(cycle, 1), Entry(stop=Decimal(47_000), target=Decimal(61_000)))
    assert await stops(later(cycle, 1)) == [FIRST_STOP]
    await exits_at(cycle, 3)
    # From the mean entry 50,750.4 the peak of 51,450 is 4.1 % and no tier; the old one would be
    # given back already.
    assert arena.rows(END) == [("open", None)]
    best, since, entry = arena.one(
        "select best_price, measured_from, entry_price from app.exit_states"
    )
    assert (best, since) == (51_450, later(cycle, 1).as_of)
    assert round(Decimal(str(entry)), 1) == Decimal("50750.4")
    assert await stops(later(cycle, 3)) == [FIRST_STOP]


async def test_an_account_without_tiers_leaves_the_stop_where_it_is(scripted: Scripted) -> None:
    arena, cycle = await scripted(TIER, (51_450, 50_200, 50_300), exits=ExitSettings(tiers=()))
    await enter(cycle)
    await exits_at(cycle, 2)
    assert await stops(later(cycle, 2)) == [STOP]
    assert arena.rows(END) == [("open", None)]


async def test_a_position_in_no_trade_of_ours_keeps_its_resting_stop_and_earns_tiers(
    scripted: Scripted,
) -> None:
    arena, cycle = await scripted((50_000, 49_500, 49_550), TIER)
    await enter(cycle)
    with arena.engine.begin() as conn:
        conn.exec_driver_sql("delete from app.trades")
    await exits_at(cycle, 1)
    assert await stops(later(cycle, 1)) == [STOP]
    await exits_at(cycle, 2)
    assert await stops(later(cycle, 2)) == [FIRST_STOP]


async def test_without_market_data_levels_and_state_stay_as_they_are(scripted: Scripted) -> None:
    arena, cycle = await scripted(TIER)
    await enter(cycle)
    then = later(cycle, 1)
    state, markets = await reconcile_account.fn(then), await fetch_klines.fn(then)
    markets.views.clear()
    await manage_exits.fn(then, state, markets)
    assert await stops(then) == [STOP]
    assert arena.one("select best_price from app.exit_states") == (FILL,)
