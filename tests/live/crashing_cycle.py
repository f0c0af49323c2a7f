"""One cycle of a live account in a process of its own, to be killed: `python -m tests.live.crashing_cycle POINT`.

The database and the key come from the environment. `POINT` says where the process itself stands still;
it prints a line when it has come there. At `venue` it goes on, and the sandbox holds it up.
"""

from __future__ import annotations

import asyncio
import sys
import time
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

REACHED = "reached"


def _stand_still(*_: Any, **__: Any) -> Any:
    sys.stdout.write(f"{REACHED}\n")
    sys.stdout.flush()
    time.sleep(600)


def _arm(point: str) -> None:
    """Make the process stand still at a point of its own."""
    if point == "planned":
        orders.start_submitting = _stand_still
    elif point == "answered":
        orders.settled = _stand_still
    elif point == "filled":
        # The entry is committed; its protection is what comes next.
        protection.own_holding = _stand_still
    elif point == "closed":
        closing.sweep_orphans = _stand_still
    elif point != "venue":
        raise SystemExit(f"no such point: {point}")


async def _run(point: str, what: str) -> None:
    cycle = await claim_aside("live", trigger="manual")
    assert cycle is not None
    async with holding_lease(cycle):
        await resolve_unknown_orders.fn(cycle)
        state = await reconcile_account.fn(cycle)
        await manage_exits.fn(cycle, state, await fetch_klines.fn(cycle))
        _arm(point)
        if what == "close":
            await flatten(cycle, "BTCUSDT", code="decision", sentence="test", decision_id=None)
        else:
            await enter(cycle, LONG)
        await reconcile_account.fn(cycle)


if __name__ == "__main__":
    with disable_run_logger(), temporary_settings(NO_SERVER):
        asyncio.run(_run(sys.argv[1], sys.argv[2]))
