"""Measures one cell in a process of its own: `python -m bench.runtime.cell HOME RUN_ID < spec`.

Writes its result as JSON to `HOME/result.json`: figures per run, CPU and memory per part. An idle
span of the same arena follows the busy one, so that what runs anyway is not counted as cost.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.runtime.figures import Usage, summarise
from bench.runtime.meters import MemoryWatch
from bench.runtime.place import FIRST_SLOT, INTERVAL, WARM_UP, Place, open_place, sleep_until
from bench.runtime.spec import CellSpec
from deployments.prefect_settings import client_environment

if TYPE_CHECKING:
    from bench.runtime.arms import Arm
    from bench.runtime.runs import Due

RESULT = "result.json"
_SETTLE_SECONDS = 5.0
_WARM_UP_LEAD = timedelta(seconds=25)


def main(arguments: list[str]) -> None:
    """Measure and write the result; an error is part of it."""
    home, run_id = Path(arguments[0]), arguments[1]
    spec = CellSpec.from_json(sys.stdin.read())
    place = open_place(home / "data", spec, run_id)
    try:
        # Before Prefect is imported: its client reads its settings then.
        os.environ.update(client_environment(place.prefect, os.environ))
        result = asyncio.run(_measured(place))
    finally:
        place.close()
    (home / RESULT).write_text(json.dumps(result))


async def _measured(place: Place) -> dict[str, Any]:
    from prefect.client.orchestration import PrefectClient

    from bench.runtime.arms import Arm

    async with PrefectClient(place.prefect.api_url) as client:
        arm = Arm(place, client)
        await arm.start()
        await _warm_up(arm)
        due = await (_single(arm) if place.spec.single_slots else _all_at_once(arm))
        return await _measure(arm, due)


async def _warm_up(arm: Arm) -> None:
    """One run of an account that is not measured: caches, candles in the store, the first import."""
    from bench.runtime.runs import planned_runs, wait_for_runs
    from deployments.schedule import schedule_for

    due = datetime.now(UTC) + _WARM_UP_LEAD
    clock = arm.place.stand_before(FIRST_SLOT, due)
    ids = await arm.register([WARM_UP], schedule_for(clock, INTERVAL))
    runs = await planned_runs(arm.client, ids, due, until=due)
    if not await wait_for_runs(arm.client, arm.place.engine, runs, seconds=180):
        raise RuntimeError("the run that warms the arm up did not end within 180 s")


async def _all_at_once(arm: Arm) -> list[Due]:
    """The measured accounts, all due at the next slot."""
    from bench.runtime.runs import planned_runs
    from deployments.schedule import schedule_for

    due = datetime.now(UTC) + timedelta(seconds=arm.place.spec.lead_seconds)
    clock = arm.place.stand_before(FIRST_SLOT + INTERVAL.length, due, collects=True)
    ids = await arm.register(_measured_ids(arm), schedule_for(clock, INTERVAL))
    await arm.register_collector()
    return await planned_runs(arm.client, ids, due, until=due - timedelta(seconds=arm.prefetch + 2))


async def _single(arm: Arm) -> list[Due]:
    """One account, slot after slot, each planned ahead."""
    from prefect.states import Scheduled
    from prefect.types import DateTime

    from bench.runtime.runs import Due

    spec = arm.place.spec
    (account_id,) = _measured_ids(arm)
    ids = await arm.register([account_id], None)
    first = datetime.now(UTC) + timedelta(seconds=arm.prefetch + 10)
    arm.place.stand_before(FIRST_SLOT + INTERVAL.length, first)
    planned: list[Due] = []
    for number in range(spec.single_slots):
        at = first + timedelta(seconds=spec.single_every * number)
        scheduled = Scheduled(scheduled_time=DateTime.fromtimestamp(at.timestamp(), tz=UTC))
        run = await arm.client.create_flow_run_from_deployment(ids[account_id], state=scheduled)
        planned.append(Due(run_id=run.id, account_id=account_id, at=at))
    return planned


def _measured_ids(arm: Arm) -> list[str]:
    return [account.id for account in arm.place.measured]


async def _measure(arm: Arm, due: list[Due]) -> dict[str, Any]:
    from bench.runtime.runs import read_figures, wait_for_runs

    place, spec = arm.place, arm.place.spec
    engine = place.engine
    await sleep_until(due[0].at - timedelta(seconds=arm.prefetch + 2))
    with MemoryWatch(place.meters) as memory:
        began, before = time.monotonic(), _cpu(place)
        ahead = (due[-1].at - datetime.now(UTC)).total_seconds()
        complete = await wait_for_runs(
            arm.client, engine, due, seconds=max(0.0, ahead) + spec.time_limit
        )
        await asyncio.sleep(_SETTLE_SECONDS)
        busy_seconds, busy = time.monotonic() - began, _since(before, _cpu(place))
    runs = await read_figures(arm.client, engine, due)
    idle_seconds, idle = await _idle(place, min(busy_seconds, spec.idle_limit), quiet=complete)
    usage = Usage(
        busy_seconds=busy_seconds,
        busy_cpu=busy,
        idle_seconds=idle_seconds,
        idle_cpu=idle,
        peak_mb=memory.peak_mb(),
        counted_by=place.counted_by,
    )
    return {
        "summary": summarise(runs, usage),
        "runs": [asdict(run) for run in runs],
        "error": None if complete else f"not all runs ended within {spec.time_limit:.0f} s",
        "settings": {"runs_at_once": arm.runs_at_once, "prefetch_seconds": arm.prefetch},
    }


async def _idle(place: Place, seconds: float, *, quiet: bool) -> tuple[float, dict[str, float]]:
    """CPU of a span in which nothing is due; nothing to subtract when runs are still going on."""
    if not quiet:
        return 1.0, {}
    began, before = time.monotonic(), _cpu(place)
    await asyncio.sleep(seconds)
    return time.monotonic() - began, _since(before, _cpu(place))


def _cpu(place: Place) -> dict[str, float]:
    return {part: meter.cpu_seconds() for part, meter in place.meters.items()}


def _since(before: dict[str, float], now: dict[str, float]) -> dict[str, float]:
    return {part: used - before[part] for part, used in now.items()}


if __name__ == "__main__":
    main(sys.argv[1:])
