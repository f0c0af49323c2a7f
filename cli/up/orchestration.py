"""Prefect from the registrar's side: register the accounts, run cycles, end the schedules.

Prefect is imported here only after its environment is set, and inside functions: the import takes
two seconds, which pass while its server starts.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx

from adapters.store.arena import Arena
from cli.exit_codes import ExitCode
from cli.failures import CommandFailed
from cli.up.environments import with_home
from cli.up.parts import Part
from cli.up.place import ArenaPlace
from deployments.account_deployment import deployment_for
from deployments.pools import POOLS, WorkPool
from deployments.prefect_settings import client_environment
from trading.account import Account

if TYPE_CHECKING:
    from prefect.client.orchestration import PrefectClient

START_SECONDS = 180.0
_POLL_SECONDS = 0.25
_ONCE_SECONDS = 600.0


def use_environment(place: ArenaPlace) -> None:
    """Point this process's Prefect client at our server; before anything imports Prefect."""
    for name in [name for name in os.environ if name.startswith("PREFECT_")]:
        del os.environ[name]
    home = with_home(place.environ, place)["HOME"]
    os.environ.update(client_environment(place.prefect, {**os.environ, "HOME": home}))


def preload() -> None:
    """Import what registering needs, while the server starts."""
    from importlib import import_module

    import_module("deployments.register")
    import_module("prefect.client.orchestration")


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
    """A client of our server."""
    from prefect.client.orchestration import get_client

    async with get_client() as client:
        yield client


async def ensure_pool(pool: WorkPool) -> None:
    """The work pool, before the worker asks for it."""
    async with prefect_client() as client:
        from deployments.register import ensure_work_pool

        await ensure_work_pool(client, pool.name, pool.worker_type)


async def register(plan: ArenaPlace, accounts: Sequence[Account], arena: Arena) -> dict[str, UUID]:
    """Deployments for all accounts, the collector and the round, on the slots of the arena's clock.

    Ids by account id.
    """
    pool = POOLS[plan.settings.worker]
    async with prefect_client() as client:
        from deployments.market_deployment import MARKET_FLOW, market_deployment
        from deployments.register import register_accounts
        from deployments.single_deployment import register_single
        from deployments.watch_deployment import WATCH_FLOW, watch_deployment

        clock = None if plan.once else arena.clock
        place: dict[str, Any] = {
            "work_folder": plan.work,
            "pool": pool.name,
            "worker_type": pool.worker_type,
        }
        ids = await register_accounts(
            client, [deployment_for(account, clock) for account in accounts], **place
        )
        await register_single(client, MARKET_FLOW, market_deployment(arena), **place)
        round_ = None if plan.once else watch_deployment(arena)
        await register_single(client, WATCH_FLOW, round_, **place)
        return ids


async def run_once(deployment_ids: dict[str, UUID]) -> tuple[str, ...]:
    """One cycle of every account; the ids of those that did not complete."""
    async with prefect_client() as client:
        from deployments.register import start_runs

        waiting = await start_runs(client, deployment_ids)
        failed: list[str] = []
        deadline = time.monotonic() + _ONCE_SECONDS
        while waiting and time.monotonic() < deadline:
            await asyncio.sleep(1.0)
            for account_id, run_id in list(waiting.items()):
                state = (await client.read_flow_run(run_id)).state
                if state is not None and state.is_final():
                    del waiting[account_id]
                    if not state.is_completed():
                        failed.append(account_id)
    return tuple(sorted([*failed, *waiting]))


async def end_schedules() -> None:
    """No further cycles of any account, and nothing to collect: recorded data has ended."""
    async with prefect_client() as client:
        from deployments.market_deployment import MARKET_FLOW
        from deployments.register import FLOW_NAME, deployments_of, stop_schedules

        for flow in (FLOW_NAME, MARKET_FLOW):
            found = await deployments_of(client, flow)
            await stop_schedules(client, [each.id for each in found])
