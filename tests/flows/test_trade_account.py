"""One cycle of `trade_account`, all of it real: Prefect, Postgres, market, paper venue."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from adapters.store.accounts import set_status
from flows.trade_account import trade_account
from tests.arena import START, STRATEGIES, TestArena, build_account, hours
from trading.account import AccountStatus

pytestmark = [pytest.mark.db, pytest.mark.prefect, pytest.mark.timeout(300)]

LEDGER = """
    select w.wallet - :start
        - (select coalesce(sum(realized_pnl - fee), 0) from app.fills where account_id = w.account_id)
        - (select coalesce(sum(amount), 0) from app.income where account_id = w.account_id)
    from app.paper_wallets w where account_id = :account
"""


async def test_each_of_the_five_agents_decides_trades_and_leaves_its_record(
    arena: TestArena,
) -> None:
    arena.add(*(build_account(name) for name in STRATEGIES))
    for slot in (START, START + hours(1)):
        arena.stand_at(slot)
        for name in STRATEGIES:
            state = await trade_account(name.replace("_", "-"), return_state=True)
            assert state.is_completed()
            assert state.name == "Completed", state.message
    assert arena.rows("select distinct status from app.cycles") == [("done",)]
    for name in STRATEGIES:
        account = name.replace("_", "-")
        decided = arena.one("select count(*) from app.decisions where account_id = :a", a=account)
        assert decided == (4,)
        assert arena.one(LEDGER, account=account, start=Decimal(10_000)) == (Decimal(0),)
        snapshots = arena.rows(
            "select at from app.equity_snapshots where account_id = :a and cycle_id is not null"
            " order by at",
            a=account,
        )
        assert snapshots == [(START,), (START + hours(1),)]
    entered = arena.one("select count(*) from app.fills where account_id = 'buy-and-hold'")
    assert entered == (2,)


async def test_every_position_of_an_agent_with_stops_has_its_stop_resting_at_the_venue(
    arena: TestArena,
) -> None:
    arena.add(*(build_account(name) for name in STRATEGIES))
    arena.stand_at(START)
    for name in STRATEGIES:
        await trade_account(name.replace("_", "-"), return_state=True)
    held = arena.rows(
        "select account_id, symbol, abs(quantity) from app.positions where account_id <> 'buy-and-hold'"
    )
    assert held, "no agent opened a position: the test would prove nothing"
    stopped = arena.rows(
        "select account_id, symbol, quantity from app.paper_orders"
        " where order_type = 'stop_market' and status = 'new' and reduce_only"
    )
    assert sorted(stopped) == sorted(held)


async def test_the_same_slot_trades_once_however_often_it_is_started(arena: TestArena) -> None:
    arena.add(build_account("buy_and_hold"))
    states = await asyncio.gather(
        *(trade_account("buy-and-hold", return_state=True) for _ in range(3))
    )
    assert sorted(state.name or "" for state in states) == ["Completed", "Skipped", "Skipped"]
    assert arena.one("select count(*) from app.fills") == (2,)
    assert arena.one("select count(*) from app.intents where leg = 'entry'") == (2,)


async def test_a_paused_account_skips_its_cycle_and_says_why(arena: TestArena) -> None:
    arena.add(build_account("momentum"))
    with arena.engine.begin() as conn:
        set_status(conn, "momentum", AccountStatus.PAUSED)
    state = await trade_account("momentum", return_state=True)
    assert (state.name, state.message) == ("Skipped", "the account is paused")
    assert arena.one("select status, reason from app.cycles") == (
        "skipped",
        "account_paused: the account is paused",
    )


async def test_the_same_seed_gives_the_same_decisions_and_fills(arena: TestArena) -> None:
    twins = [build_account("ml_scalper", id=f"twin-{n}") for n in (1, 2)]
    arena.add(*twins)
    for twin in twins:
        for step in range(2):
            arena.stand_at(START + hours(step))
            await trade_account(twin.id, return_state=True)
    told = {
        twin.id: (
            arena.rows(
                "select decided_at, symbol, action, allocation_usd, stop_price, rationale"
                " from app.decisions where account_id = :a order by decided_at, symbol",
                a=twin.id,
            ),
            arena.rows(
                "select trade_id, symbol, side, quantity, price, fee, filled_at from app.fills"
                " where account_id = :a order by sequence",
                a=twin.id,
            ),
        )
        for twin in twins
    }
    assert told["twin-1"] == told["twin-2"]
    assert told["twin-1"][1], "the twins never traded: the test would prove nothing"


async def test_the_flow_run_log_reads_as_the_story_of_the_cycle(
    arena: TestArena, caplog: pytest.LogCaptureFixture
) -> None:
    arena.add(build_account("buy_and_hold"))
    await trade_account("buy-and-hold", return_state=True)
    story = [
        r.getMessage()
        for r in caplog.records
        if r.name in ("prefect.flow_runs", "prefect.task_runs")
    ]
    beats = ("takes slot", "at the venue: wallet", "last ", "decides buy BTC", "Risk approves buy",
             "filled at", "closes the cycle with equity")  # fmt: skip
    positions = [next((i for i, line in enumerate(story) if beat in line), None) for beat in beats]
    assert None not in positions, story
    assert positions == sorted(p for p in positions if p is not None)
