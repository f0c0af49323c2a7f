"""Creates and updates deployments with Prefect's own client, as `perpflow up` does.

Prefect's client takes seconds to import, so it is loaded at the first change, not at the start.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from deployments.account_deployment import AccountDeployment
from deployments.control.prefect_rest import FLOW
from deployments.pools import WorkPool


@dataclass(frozen=True, slots=True, kw_only=True)
class Registrar:
    """Where deployments go and how their runs are started."""

    api_url: str
    pool: WorkPool
    work_folder: Path
    flow: str = FLOW

    async def __call__(self, wanted: AccountDeployment, is_on: bool) -> None:  # noqa: FBT001 - a callable of the mirror
        """Create or update one deployment. Raises `httpx.HTTPError`."""
        register = await asyncio.to_thread(import_module, "deployments.register")
        orchestration = await asyncio.to_thread(import_module, "prefect.client.orchestration")
        async with orchestration.PrefectClient(self.api_url) as client:
            await register.register_account(
                client,
                wanted,
                work_folder=self.work_folder,
                switched_on=is_on,
                flow=register.FlowReference(name=self.flow),
                pool=self.pool.name,
                worker_type=self.pool.worker_type,
            )
