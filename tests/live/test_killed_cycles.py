"""A process of a live account that is killed at the worst moments, and what the next cycle makes of it.

Rows 2, 6 and 12 of the costly bugs, and the kill points of a cycle: between submit and answer, answer
and commit, fill and stop, close and sweep.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from collections.abc import Callable
from decimal import Decimal

import pytest
from sqlalchemy import text

from tests.live.crashing_cycle import crash
from tests.live.live_arena import LONG, LiveArena

pytestmark = [pytest.mark.db, pytest.mark.timeout(120)]
PROTECTED = ["stop_market", "take_profit_market"]


WARM = multiprocessing.get_context("forkserver")
WARM.set_forkserver_preload([crash.__module__])  # what a cycle imports takes seconds


async def kill_at(
    live: LiveArena, point: str, what: str = "enter", *, when: Callable[[], bool] | None = None
) -> None:
    """Run a cycle in another process and kill it there; its lease then runs out."""
    receiver, reached = WARM.Pipe(duplex=False)
    child = WARM.Process(target=crash, args=(point, what, dict(os.environ), reached))
    child.start()
    reached.close()
    async with asyncio.timeout(60):
        while not (when() if when is not None else receiver.poll()):
            assert child.is_alive(), "the cycle ended before it was killed"
            await asyncio.sleep(0.05)
    if when is None:
        assert receiver.recv() == point
    child.kill()
    await asyncio.to_thread(child.join)
    with live.engine.begin() as conn:
        conn.execute(
            text("update app.leases set real_expires_at = clock_timestamp() - interval '1 second'")
        )


def has_received(live: LiveArena, order_type: str, method: str = "POST") -> Callable[[], bool]:
    def look() -> bool:
        return any(
            each.parameters.get("type") == order_type
            for each in live.sandbox.sent_to("order", method)
        )

    return look


async def test_killed_before_the_entry_is_sent_nothing_is_sent_afterwards(live: LiveArena) -> None:
    await kill_at(live, "planned")
    assert live.intents() == ["planned"]
    await live.cycle()
    assert live.intents() == ["closed"]
    assert (live.entries_at_venue(), live.held) == (0, 0)


async def test_killed_between_submit_and_answer_the_entry_is_found_and_protected_first(
    live: LiveArena,
) -> None:
    live.sandbox.fail("order", method="POST", where={"type": "MARKET"}, answer_delay=30)
    await kill_at(live, "venue", when=lambda: live.held != 0)
    assert (live.intents(), live.resting) == (["submitting"], [])
    await live.cycle()
    assert live.intents("entry") == ["filled"]
    assert live.entries_at_venue() == 1
    assert [kind for kind, *_ in live.resting] == PROTECTED
    live.require_equal_ledgers()


async def test_killed_between_answer_and_commit_the_entry_is_booked_once_and_protected(
    live: LiveArena,
) -> None:
    await kill_at(live, "answered")
    assert live.held == Decimal("0.01")
    await live.cycle()
    assert live.entries_at_venue() == 1
    assert [kind for kind, *_ in live.resting] == PROTECTED
    live.require_equal_ledgers()


async def test_killed_between_fill_and_stop_the_next_cycle_protects_before_anything_else(
    live: LiveArena,
) -> None:
    await kill_at(live, "filled")
    assert (live.held, live.resting) == (Decimal("0.01"), [])
    live.sandbox.venue.requests.clear()
    await live.cycle()
    posts = [each for each in live.sandbox.venue.requests if each.method == "POST"]
    assert [each.parameters.get("type") for each in posts] == [
        "STOP_MARKET",
        "TAKE_PROFIT_MARKET",
    ]
    assert [trigger for _, _, trigger in live.resting] == [LONG.stop, LONG.target]
    live.require_equal_ledgers()


async def test_killed_while_the_stop_is_on_its_way_exactly_one_stop_rests_afterwards(
    live: LiveArena,
) -> None:
    live.sandbox.fail("order", method="POST", where={"type": "STOP_MARKET"}, answer_delay=30)
    await kill_at(live, "venue", when=lambda: bool(live.resting))
    await live.cycle()
    assert [kind for kind, *_ in live.resting] == PROTECTED
    live.require_equal_ledgers()


async def test_row_6_killed_between_the_close_and_the_sweep_the_next_cycle_sweeps(
    live: LiveArena,
) -> None:
    await live.cycle(LONG)
    await kill_at(live, "closed", "close")
    assert live.held == 0
    assert [kind for kind, *_ in live.resting] == PROTECTED
    await live.cycle()
    assert live.resting == []
    live.require_equal_ledgers()


async def test_row_6_killed_before_the_close_is_executed_the_stop_still_protects(
    live: LiveArena,
) -> None:
    await live.cycle(LONG)
    live.sandbox.fail("order", method="POST", where={"type": "MARKET"}, drop=True, delay=0.5)
    seen = len(live.sandbox.sent_to("order", "POST"))
    await kill_at(
        live,
        "venue",
        "close",
        when=lambda: len(live.sandbox.sent_to("order", "POST")) > seen,
    )
    assert live.held == Decimal("0.01")
    assert [kind for kind, *_ in live.resting] == PROTECTED
    await live.cycle()
    assert live.held == Decimal("0.01")
    assert [kind for kind, *_ in live.resting] == PROTECTED
