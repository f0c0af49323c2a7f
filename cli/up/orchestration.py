"""Prefect from the parent's side: wait for it, register the accounts, run cycles, wind down.

Prefect is imported here only after its environment is set, and inside functions: the import takes
two seconds, which pass while its server starts.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from uuid import UUID

import httpx

from cli.exit_codes import ExitCode
from cli.failures import CommandFailed
from cli.up.parts import Part
from cli.up.plan import UpPlan
from deployments.pools import POOLS, WorkPool
from deployments.prefect_settings import client_environment
from deployments.schedule import RealSchedule, schedule_for
from trading.account import Account
from trading.arena_clock import ArenaClock

if TYPE_CHECKING:
    from prefect.client.orchestration import PrefectClient

START_SECONDS = 180.0
_POLL_SECONDS = 0.25
_ONCE_SECONDS = 600.0


def use_environment(plan: UpPlan, environ: Mapping[str, str]) -> None:
    """Point this process's Prefect client at our server; before anything imports Prefect."""
    for name in [name for name in os.environ if name.startswith("PREFECT_")]:
        del os.environ[name]
    os.environ.update(client_environment(plan.prefect, {**os.environ, "HOME": environ["HOME"]}))


async def preload() -> None:
    """Import what registering needs, in a thread, while the server starts."""
    from importlib import import_module

    await asyncio.to_thread(import_module, "deployments.register")


async def wait_until_healthy(part: Part, url: str, *, seconds: float = START_SECONDS) -> None:
    """Until the part answers 200 at `url`. Raises `CommandFailed` when it ends or takes too long."""
    deadline = time.monotonic() + seconds
    async with httpx.AsyncClient(timeout=2.0, trust_env=False) as client:
        while time.monotonic() < deadline:
            require_alive(part)
            try:
                if (await client.get(url)).status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(_POLL_SECONDS)
    raise CommandFailed(
        ExitCode.UNREACHABLE,
        f"{part.name} did not answer at {url} within {seconds:.0f} s; see {part.log}",
    )


def require_alive(part: Part) -> None:
    """Raises `CommandFailed` with the end of the part's log when it has ended."""
    if part.status is None:
        return
    raise CommandFailed(
        ExitCode.FAILED,
        f"{part.name} ended by itself with status {part.status}; the end of {part.log}:\n"
        f"{part.last_lines()}",
    )


@asynccontextmanager
async def prefect_client() -> AsyncIterator[PrefectClient]:
    """A client of our server. The import happens in a thread, so that signals still get through."""
    from importlib import import_module

    orchestration = await asyncio.to_thread(import_module, "prefect.client.orchestration")
    async with orchestration.get_client() as client:
        yield client


async def ensure_pool(pool: WorkPool) -> None:
    """The work pool, before the worker asks for it."""
    async with prefect_client() as client:
        from deployments.register import ensure_work_pool

        await ensure_work_pool(client, pool.name, pool.worker_type)


async def register(plan: UpPlan, accounts: Sequence[Account], clock: ArenaClock) -> dict[str, UUID]:
    """Deployments for all accounts, on the slots of the clock; ids by account id."""
    pool = POOLS[plan.settings.worker]
    async with prefect_client() as client:
        from deployments.register import AccountDeployment, register_accounts

        return await register_accounts(
            client,
            [
                AccountDeployment(
                    account_id=account.id,
                    description=_describe(account),
                    schedule=_schedule(plan, account, clock),
                    tags=(account.mode.value, account.strategy),
                )
                for account in accounts
            ],
            work_folder=plan.work,
            pool=pool.name,
            worker_type=pool.worker_type,
        )


async def run_once(deployment_ids: dict[str, UUID], worker: Part) -> tuple[str, ...]:
    """One cycle of every account; the ids of those that did not complete."""
    async with prefect_client() as client:
        from deployments.register import start_runs

        waiting = await start_runs(client, deployment_ids)
        failed: list[str] = []
        deadline = time.monotonic() + _ONCE_SECONDS
        while waiting and time.monotonic() < deadline:
            require_alive(worker)
            await asyncio.sleep(1.0)
            for account_id, run_id in list(waiting.items()):
                state = (await client.read_flow_run(run_id)).state
                if state is not None and state.is_final():
                    del waiting[account_id]
                    if not state.is_completed():
                        failed.append(account_id)
    return tuple(sorted([*failed, *waiting]))


async def end_schedules(deployment_ids: dict[str, UUID]) -> None:
    """No further cycles: recorded data has ended."""
    async with prefect_client() as client:
        from deployments.register import stop_schedules

        await stop_schedules(client, deployment_ids.values())


async def pause_pool(pool: WorkPool, *, paused: bool) -> None:
    """Hand out no further runs, or hand them out again."""
    async with prefect_client() as client:
        from deployments.register import pause_work_pool

        await pause_work_pool(client, paused=paused, pool=pool.name)


async def mark_unfinished(deployment_ids: dict[str, UUID]) -> None:
    """After the worker has gone: nothing may look as if it still ran."""
    async with prefect_client() as client:
        from deployments.left_overs import clear_left_over_runs

        await clear_left_over_runs(client, list(deployment_ids.values()))


def _schedule(plan: UpPlan, account: Account, clock: ArenaClock) -> RealSchedule | None:
    return None if plan.once else schedule_for(clock, account.interval)


def _describe(account: Account) -> str:
    return (
        f"{account.name}: {account.strategy} on {', '.join(account.assets)}, "
        f"every {account.interval} of market time, {account.mode.value}."
    )
