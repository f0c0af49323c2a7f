"""How each arm starts what runs the flow, and how its accounts become due.

Work pool, deployments and worker are those of `perpflow up` (deployments/pools.py, register.py);
`stock` is the same process worker without our command, so that Prefect starts runs as it ships.
"""

from __future__ import annotations

import asyncio
import sys
import time
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import DeploymentUpdate
from prefect.exceptions import ObjectNotFound

from bench.runtime.place import INTERVAL, Place
from deployments.market_deployment import MARKET_FLOW, market_deployment, register_market
from deployments.pools import PROCESS, WARM, WorkPool
from deployments.register import (
    FLOW_NAME,
    AccountDeployment,
    ensure_work_pool,
    interval_schedule,
    register_accounts,
)
from deployments.schedule import RealSchedule, prefetch_seconds

_REGISTER_SECONDS = 120.0


class Arm:
    """One way of starting flow runs, on a place that runs."""

    def __init__(self, place: Place, client: PrefectClient) -> None:
        self.place = place
        self.client = client
        self.name = place.spec.arm

    @property
    def pool(self) -> WorkPool:
        return WARM if self.name == "warm" else PROCESS

    @property
    def prefetch(self) -> int:
        """Seconds before the due instant at which runs may be handed out."""
        if self.name == "serve":
            return 10  # Prefect's own, not settable through `serve`
        chosen = self.place.spec.prefetch_seconds
        return prefetch_seconds(INTERVAL.length) if chosen is None else chosen

    @property
    def runs_at_once(self) -> int:
        return self.place.spec.runs_at_once or self.pool.runs_at_once

    async def start(self) -> None:
        """Start the worker or the served deployments; returns when they can take runs."""
        if self.name == "serve":
            accounts = [account.id for account in self.place.accounts]
            module = "bench.runtime.serve_accounts"
            market = self.place.arena.market
            limit = str(self.runs_at_once)
            arguments = [sys.executable, "-m", module, limit, market, *accounts]
            self.place.start("worker", arguments, self.place.worker_environment())
            await self._deployed(f"{FLOW_NAME}/{accounts[-1]}")
            return
        await ensure_work_pool(self.client, self.pool.name, self.pool.worker_type)
        self.place.start("worker", self._worker_command(), self.place.worker_environment())

    async def register(
        self, account_ids: list[str], schedule: RealSchedule | None
    ) -> dict[str, UUID]:
        """Make these accounts (and no others) due by the schedule; ids by account."""
        if self.name == "serve":
            return await self._schedule_served(account_ids, schedule)
        ids = await register_accounts(
            self.client,
            [
                AccountDeployment(account_id=each, description="bench", schedule=schedule)
                for each in account_ids
            ],
            work_folder=self.place.work,
            pool=self.pool.name,
            worker_type=self.pool.worker_type,
        )
        if self.name == "stock":
            for deployment_id in ids.values():
                variables = {"working_dir": str(self.place.work)}
                await self.client.update_deployment(
                    deployment_id, DeploymentUpdate(job_variables=variables)
                )
        return ids

    async def register_collector(self) -> None:
        """The collector of the arena's market, where `perpflow up` would have one."""
        wanted = market_deployment(self.place.arena)
        if self.name == "serve":
            if wanted is not None:
                await self._schedule(f"{MARKET_FLOW}/{wanted.market}", wanted.schedule)
            return
        await register_market(
            self.client,
            wanted,
            work_folder=self.place.work,
            pool=self.pool.name,
            worker_type=self.pool.worker_type,
        )

    def _worker_command(self) -> list[str]:
        options = {
            "--pool": self.pool.name,
            "--type": self.pool.worker_type,
            "--name": "perpflow",
            "--limit": str(self.runs_at_once),
            "--prefetch-seconds": str(self.prefetch),
            "--install-policy": "never",
        }
        words = [word for option in options.items() for word in option]
        return [sys.executable, "-m", "prefect", "worker", "start", *words]

    async def _deployed(self, name: str) -> None:
        """Wait until `serve` has registered the last of its deployments."""
        deadline = time.monotonic() + _REGISTER_SECONDS
        while time.monotonic() < deadline:
            try:
                await self.client.read_deployment_by_name(name)
            except ObjectNotFound:
                await asyncio.sleep(0.5)
            else:
                return
        raise RuntimeError(f"serve did not register its deployments in {_REGISTER_SECONDS:.0f} s")

    async def _schedule_served(
        self, account_ids: list[str], schedule: RealSchedule | None
    ) -> dict[str, UUID]:
        return {each: await self._schedule(f"{FLOW_NAME}/{each}", schedule) for each in account_ids}

    async def _schedule(self, name: str, schedule: RealSchedule | None) -> UUID:
        found = await self.client.read_deployment_by_name(name)
        if schedule is not None:
            planned = interval_schedule(schedule, active=True)
            await self.client.create_deployment_schedules(found.id, [planned])
        return found.id
