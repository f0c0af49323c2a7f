"""What the worker needs to know of deployments and flows, asked for once and for many runs at once.

Prefect's own worker reads the deployment twice and the flow once for each run; a hundred runs due
at once would be three hundred requests in the busiest second.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId

if TYPE_CHECKING:
    from prefect.client.orchestration import PrefectClient
    from prefect.client.schemas.objects import Flow, FlowRun
    from prefect.client.schemas.responses import DeploymentResponse

_PAGE = 200  # the server's largest page


class KnownReads:
    """Prefect's client, with deployments as of their last hand-over and flows as first read."""

    def __init__(self, client: PrefectClient) -> None:
        self._client = client
        self._deployments: dict[UUID, DeploymentResponse] = {}
        self._flows: dict[UUID, Flow] = {}

    async def refresh(self, runs: Sequence[FlowRun]) -> None:
        """Read the deployments of runs that were just handed over."""
        ids = list({run.deployment_id for run in runs if run.deployment_id is not None})
        for start in range(0, len(ids), _PAGE):
            page = await self._client.read_deployments(
                deployment_filter=DeploymentFilter(
                    id=DeploymentFilterId(any_=ids[start : start + _PAGE])
                ),
                limit=_PAGE,
            )
            self._deployments.update({deployment.id: deployment for deployment in page})

    async def read_deployment(self, deployment_id: UUID) -> DeploymentResponse:
        """A copy, because Prefect's worker changes what it is given."""
        known = self._deployments.get(deployment_id)
        if known is None:
            return await self._client.read_deployment(deployment_id)
        return known.model_copy(deep=True)

    async def read_flow(self, flow_id: UUID) -> Flow:
        if flow_id not in self._flows:
            self._flows[flow_id] = await self._client.read_flow(flow_id)
        return self._flows[flow_id]

    def has_command(self, run: FlowRun) -> bool:
        """Whether the run asks for a process of its own."""
        deployment = self._of(run)
        variables: dict[str, Any] = {
            **((deployment.job_variables or {}) if deployment else {}),
            **(run.job_variables or {}),
        }
        return bool(variables.get("command"))

    def entrypoint_variable(self, run: FlowRun) -> dict[str, str]:
        """Where the flow is, if that is an importable module: the child need not ask again."""
        deployment = self._of(run)
        if deployment is None or deployment.pull_steps or not deployment.entrypoint:
            return {}
        if ":" in deployment.entrypoint:
            return {}
        return {"PREFECT__FLOW_ENTRYPOINT": deployment.entrypoint}

    def _of(self, run: FlowRun) -> DeploymentResponse | None:
        return None if run.deployment_id is None else self._deployments.get(run.deployment_id)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)
