"""The operator's halt against real senders: what leaves, what waits, what still protects."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.store import send_gate
from adapters.store.commands import load_commands
from adapters.store.halting import Halt, Halted, halt, release
from adapters.venues.paper.venue import PaperVenue
from tasks import last_look, orders
from tasks.cycle import Cycle
from tasks.decide import Decided
from tasks.orders import submit
from tests.arena import TestArena, build_account
from tests.tasks.wishes import ENTRY
from tests.waiting import wait_until
from trading.account import OperatorState
from trading.orders import IntentState, Leg, Order, OrderRequest, OrderType, Side

pytestmark = pytest.mark.db

ROOT = Path(__file__).parents[2]
ALL = Halt(account_id=None, requested_by="test", reason="fire")
STOP = replace(
    ENTRY,
    leg=Leg.STOP,
    side=Side.SELL,
    order_type=OrderType.STOP_MARKET,
    stop_price=Decimal(10_000),
)


class Slow(PaperVenue):
    """Answers after half a second."""

    async def submit(self, request: OrderRequest) -> Order:
        await asyncio.sleep(0.5)
        return await PaperVenue.submit(self, request)


class Hanging(PaperVenue):
    """Never answers."""

    async def submit(self, request: OrderRequest) -> Order:
        await asyncio.Event().wait()
        raise AssertionError


@pytest.fixture
def through(monkeypatch: pytest.MonkeyPatch):
    """Send submits through another venue class."""
    plain = orders.venue_of

    def use(kind: type[PaperVenue]) -> None:
        def venue_of(cycle: Cycle) -> PaperVenue:
            one = plain(cycle)
            assert isinstance(one, PaperVenue)
            return kind(
                book=one.book, market=one.market, as_of=one.as_of, account_id=one.account_id
            )

        monkeypatch.setattr(orders, "venue_of", venue_of)

    return use


def _wait_until_announced(arena: TestArena) -> None:
    wait_until(lambda: arena.rows("select 1 from app.intents where state = 'submitting'"))


async def test_a_halted_account_opens_nothing_and_says_why(arena: TestArena, cycle: Cycle) -> None:
    halt(arena.engine, ALL)
    result = await submit(cycle, ENTRY)
    assert (result.state, result.reason) == (IntentState.REFUSED, "operator halt")
    assert arena.one("select count(*) from app.paper_orders") == (0,)


async def test_a_halted_account_still_gets_its_stop_and_may_leave(
    arena: TestArena, cycle: Cycle
) -> None:
    await submit(cycle, ENTRY)
    halt(arena.engine, ALL)
    assert (await submit(cycle, STOP)).state is IntentState.OPEN
    leave = replace(ENTRY, leg=Leg.EXIT, side=Side.SELL)
    assert (await submit(cycle, leave)).state is IntentState.FILLED


async def test_after_its_release_an_account_opens_positions_again(
    arena: TestArena, cycle: Cycle
) -> None:
    halt(arena.engine, ALL)
    with arena.engine.begin() as conn:
        released = release(conn, account_id="momentum", reason="", requested_by="test")
    assert released == ("momentum",)
    assert (await submit(cycle, ENTRY)).state is IntentState.FILLED


async def test_halt_writes_its_command_and_the_state_in_one_transaction(
    arena: TestArena, cycle: Cycle
) -> None:
    halted = halt(arena.engine, replace(ALL, account_id="momentum", flatten=True))
    with arena.engine.connect() as conn:
        panic, flatten = load_commands(conn, [halted.command_id, *halted.flatten_ids])
    assert (panic.kind, panic.state, panic.arguments["reason"]) == ("panic", "done", "fire")
    assert (flatten.kind, flatten.state, flatten.account_id) == ("flatten", "pending", "momentum")
    assert arena.one("select operator_state from app.accounts") == (OperatorState.HALTED.value,)
    assert arena.one("select kind, channel, payload ->> 'reason' from app.events") == (
        "operator.halted",
        "system",
        "fire",
    )


async def test_halting_one_account_leaves_the_others_trading(
    arena: TestArena, cycle: Cycle
) -> None:
    arena.add(build_account("grid"))
    halt(arena.engine, replace(ALL, account_id="grid"))
    assert (await submit(cycle, ENTRY)).state is IntentState.FILLED


async def test_a_halt_waits_for_the_entry_that_is_on_its_way(
    arena: TestArena, cycle: Cycle, through
) -> None:
    through(Slow)
    sending = asyncio.create_task(submit(cycle, ENTRY))
    await asyncio.to_thread(_wait_until_announced, arena)
    waited_for: list[object] = []
    halted = await asyncio.to_thread(halt, arena.engine, ALL, on_wait=waited_for.append)
    assert (await sending).state is IntentState.FILLED
    assert len(waited_for) == 1
    assert halted.in_flight == ()


async def test_a_venue_that_hangs_does_not_hang_the_halt_and_is_named(
    arena: TestArena, cycle: Cycle, through
) -> None:
    through(Hanging)
    sending = asyncio.create_task(submit(cycle, ENTRY))
    await asyncio.to_thread(_wait_until_announced, arena)
    began = time.monotonic()
    halted: Halted = await asyncio.to_thread(halt, arena.engine, ALL, is_in_a_hurry=lambda: True)
    assert time.monotonic() - began < send_gate.ANNOUNCED_SECONDS + 1
    [entry] = halted.in_flight
    assert (entry.account_id, entry.symbol) == ("momentum", "BTCUSDT")
    assert arena.one("select operator_state from app.accounts") == ("halted",)
    sending.cancel()
    await asyncio.wait({sending})


async def test_an_entry_that_meets_the_bar_is_refused_and_a_stop_passes_it(
    arena: TestArena, cycle: Cycle
) -> None:
    with arena.engine.begin() as conn:
        send_gate.bar_gate(conn, None)
        refused = await submit(cycle, ENTRY)
        assert (refused.state, refused.reason) == (IntentState.REFUSED, "operator halt")
        stop = await submit(cycle, STOP)
        # The venue was asked; it refuses because there is no position to reduce.
        assert stop.reason is not None
        assert stop.reason.startswith("-2022")


async def test_a_process_held_up_after_the_check_does_not_send_when_it_wakes_up(
    arena: TestArena, cycle: Cycle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(last_look, "ANNOUNCED_SECONDS", -0.001)
    result = await submit(cycle, ENTRY)
    assert result.state is IntentState.CLOSED
    assert "held up" in (result.reason or "")
    assert arena.one("select count(*) from app.paper_orders") == (0,)


async def test_the_venue_gets_a_limited_time_for_its_answer(
    arena: TestArena, cycle: Cycle, through, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(last_look, "SEND_SECONDS", 0.05)
    through(Hanging)
    assert (await submit(cycle, ENTRY)).state is IntentState.UNKNOWN


@pytest.mark.timeout(240)
def test_no_order_leaves_after_the_halt_is_committed_whatever_the_senders_do(
    arena: TestArena,
) -> None:
    arena.add(build_account("grid"), build_account("ml_scalper"))
    senders = [_sender(arena, account) for account in ("momentum", "grid", "ml-scalper")]
    try:
        _wait_for_fills(arena, each=8, accounts=3)
        halted = halt(arena.engine, ALL)
        told = [sender.communicate(timeout=60)[0].split("\n") for sender in senders]
    finally:
        for sender in senders:
            sender.kill()
            sender.wait()
    (committed,) = arena.one(
        "select real_created_at from app.commands where id = :id", id=halted.command_id
    )
    assert isinstance(committed, datetime)
    for *calls, reason, _ in told:
        instants = [datetime.fromisoformat(call).astimezone(UTC) for call in calls]
        assert len(instants) >= 8
        assert [instant for instant in instants if instant > committed] == []
        assert reason == "operator halt"
    assert halted.in_flight == ()


def _sender(arena: TestArena, account_id: str) -> subprocess.Popen[str]:
    url = arena.engine.url.render_as_string(hide_password=False)
    return subprocess.Popen(
        [sys.executable, "-m", "tests.tasks.entry_sender", account_id],
        env={**os.environ, "DATABASE_URL": url, "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false"},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def _wait_for_fills(arena: TestArena, *, each: int, accounts: int) -> None:
    def are_going() -> bool:
        rows = arena.rows("select count(*) from app.paper_orders group by account_id")
        return len(rows) == accounts and all(int(str(count)) >= each for (count,) in rows)

    # The three processes import Prefect first, which takes long on a busy machine.
    wait_until(are_going, 120, otherwise="the senders did not get going")


def test_the_cycle_of_a_halted_account_records_why_its_entries_were_denied(
    arena: TestArena, cycle: Cycle
) -> None:
    from tasks.account_state import reconcile
    from tasks.decide import decide
    from tasks.market import fetch_klines
    from tasks.risk import check_risk
    from trading.decisions import Action

    async def judge() -> None:
        state = await reconcile(cycle)
        markets = await fetch_klines.fn(cycle)
        decided = await decide.fn(cycle, state, markets)
        entries = tuple(_as_entry(item) for item in decided)
        assert await check_risk.fn(cycle, state, markets, entries) == ()

    def _as_entry(item: Decided) -> Decided:
        return replace(item, decision=replace(item.decision, action=Action.BUY))

    halt(arena.engine, ALL)
    asyncio.run(judge())
    assert arena.rows("select distinct verdict, verdict_code from app.decisions") == [
        ("denied", "operator_halt")
    ]
