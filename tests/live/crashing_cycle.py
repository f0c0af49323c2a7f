"""One cycle of a live account in a process of its own, to be killed.

A process that has loaded everything is forked for each: `crash(point, what, environment, reached)`.
`point` says where the process itself stands still; it says so when it has come there. At `venue` it
goes on, and the sandbox holds it up.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping
from multiprocessing.connection import Connection
from typing import Any

from prefect.logging import disable_run_logger
from prefect.settings import temporary_settings

from tasks import closing, orders, protection
from tasks.account_state import reconcile_account
from tasks.aside import claim_aside
from tasks.closing import flatten
from tasks.cycle import holding_lease
from tasks.exits import manage_exits
from tasks.market import fetch_klines
from tasks.settling import resolve_unknown_orders
from tests.live.live_arena import LONG
from tests.tasks.conftest import NO_SERVER
from tests.tasks.scripted_market import enter


def crash(point: str, what: str, environment: Mapping[str, str], reached: Connection) -> None:
    """A cycle that enters or closes, until it is killed; the database and key are in `environment`."""
    os.environ.clear()
    os.environ.update(environment)
    with disable_run_logger(), temporary_settings(NO_SERVER):
        asyncio.run(_run(point, what, reached))


def _arm(point: str, reached: Connection) -> None:
    """Make the process stand still at a point of its own."""

    def stand_still(*_: Any, **__: Any) -> Any:
        reached.send(point)
        time.sleep(600)

    if point == "planned":
        orders.start_submitting = stand_still
    elif point == "answered":
        orders.settled = stand_still
    elif point == "filled":
        # The entry is committed; its protection is what comes next.
        protection.settled_holding = stand_still
    elif point == "closed":
        closing.sweep_orphans = stand_still
    elif point != "venue":
        raise ValueError(f"no such point: {point}")


async def _run(point: str, what: str, reached: Connection) -> None:
    cycle = await claim_aside("live", trigger="manual")
    assert cycle is not None
    async with holding_lease(cycle):
        await resolve_unknown_orders.fn(cycle)
        state = await reconcile_account.fn(cycle)
        await manage_exits.fn(cycle, state, await fetch_klines.fn(cycle))
        _arm(point, reached)
        if what == "close":
            await flatten(cycle, "BTCUSDT", code="decision", sentence="test", decision_id=None)
        else:
            await enter(cycle, LONG)
        await reconcile_account.fn(cycle)
