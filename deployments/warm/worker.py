"""A Prefect worker that starts flow runs in warm, preloaded processes.

`prefect worker start --pool perpflow --type perpflow-warm`. It is Prefect's process worker with
another way of starting: states, logs, cancellation from the UI, crash detection, limits and pause
stay Prefect's own. Runs are taken some seconds before they are due, wait here, and start on the
second. Runs that name a `command` of their own get a cold process, as before.

The executor (client, cancellation watch, control channel) is a private part of Prefect 3.8, kept
behind this folder; the tests drive it against a real server.
"""

from __future__ import annotations

import asyncio
import copy
import os
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import anyio
import anyio.abc
from prefect.flows import load_flow_from_flow_run
from prefect.runner._flow_run_executor import FlowRunExecutorContext
from prefect.utilities.processutils import sanitize_subprocess_env
from prefect.workers.process import (
    ProcessJobConfiguration,
    ProcessVariables,
    ProcessWorker,
    ProcessWorkerResult,
)

from deployments.warm.children import Children, warm_up
from deployments.warm.job import Job
from deployments.warm.reads import KnownReads
from deployments.warm.starter import WarmStarter

if TYPE_CHECKING:
    from prefect.client.schemas.objects import FlowRun, WorkerFlowRunResponse

WORKER_TYPE = "perpflow-warm"
RUNS_AT_ONCE = 8
"""Without `--limit`."""


class WarmJobConfiguration(ProcessJobConfiguration):
    """As the process worker's; the command matters only where one is configured."""

    @staticmethod
    @cache
    def _base_environment() -> dict[str, str]:
        # Prefect dumps all its settings for every run, which costs more than a task of a cycle.
        return ProcessJobConfiguration._base_environment()


class WarmVariables(ProcessVariables):
    """As the process worker's, so that the same deployments run in either pool."""


class WarmWorker(ProcessWorker):
    """Process worker of type `perpflow-warm`."""

    type = WORKER_TYPE
    job_configuration = WarmJobConfiguration
    job_configuration_variables = WarmVariables
    _description = "Executes flow runs in warm, preloaded processes on this machine."
    _display_name = "perpflow warm process"

    executors: FlowRunExecutorContext
    children: Children
    reads: KnownReads

    async def setup(self) -> None:
        """As Prefect's, but a run takes a place when it starts, not when it is handed over."""
        most = self._limit or RUNS_AT_ONCE
        self._limit = None
        self._places = asyncio.Semaphore(most)
        self._waiting = 0
        self.children = Children(most)
        await super().setup()
        self.reads = KnownReads(self.client)

    async def _submit_scheduled_flow_runs(
        self, flow_run_response: list[WorkerFlowRunResponse]
    ) -> list[FlowRun]:
        await self.reads.refresh([entry.flow_run for entry in flow_run_response])
        return await super()._submit_scheduled_flow_runs(flow_run_response)

    async def _submit_run(self, flow_run: FlowRun) -> None:
        """Take the run, wait until it is due, execute it.

        Prefect's own version sends eight requests for what is known or only adorns the run; the one
        that decides stays: nobody else may take what is pending.
        """
        if self.reads.has_command(flow_run):
            await super()._submit_run(flow_run)
            return
        try:
            if await self._propose_pending_state(flow_run):
                await self._execute(flow_run)
        except Exception as error:  # noqa: BLE001 - whatever it is, the run has to be reported
            self.get_flow_run_logger(flow_run).exception("The flow run could not be started.")
            await self._propose_crashed_state(flow_run, f"could not be started: {error}")
        finally:
            self._submitting_flow_run_ids.discard(flow_run.id)
            if self._cancelling_observer is not None:
                self._cancelling_observer.remove_in_flight_flow_run_id(flow_run.id)

    async def _execute(self, flow_run: FlowRun) -> None:
        configuration = await self.job_configuration.resolve_for_flow_run(
            flow_run,
            client=self.reads,
            work_pool=copy.deepcopy(self.work_pool),
            worker_name=self.name,
            worker_id=self.backend_id,
        )
        self._waiting += 1
        self.children.prepare(self._waiting)
        try:
            await _until(flow_run.expected_start_time)
        finally:
            self._waiting -= 1
        async with self._places:
            result = await self.run(flow_run, configuration)
        if result.status_code:
            await self._end_cancelled(flow_run)

    async def _end_cancelled(self, flow_run: FlowRun) -> None:
        """Give a run that was cancelled while it waited its last state.

        Its child has seen the cancellation and left the flow alone; nobody else was there to end it.
        """
        state = (await self.client.read_flow_run(flow_run.id)).state
        if state is not None and state.is_cancelling():
            await self._mark_flow_run_as_cancelled(
                flow_run, state_updates={"message": "Cancelled before it was due."}
            )

    async def run(
        self,
        flow_run: FlowRun,
        configuration: ProcessJobConfiguration,
        task_status: anyio.abc.TaskStatus[int] | None = None,
    ) -> ProcessWorkerResult:
        """Execute one run; the identifier is the process id of the child."""
        if configuration._command_configured or not isinstance(configuration, WarmJobConfiguration):
            return await super().run(flow_run, configuration, task_status)
        channel = self.executors.control_channel
        control = channel.register(flow_run.id)
        executor = self.executors.create_executor(
            flow_run,
            WarmStarter(self.children, self._job(flow_run, configuration, control)),
            resolve_flow=load_flow_from_flow_run,
            propose_submitting=False,
        )
        try:
            result = await executor.submit()
        finally:
            channel.unregister(flow_run.id)
        if result is None or result.status_code is None:
            raise RuntimeError(f"flow run {flow_run.id} could not be started in a warm process")
        return ProcessWorkerResult(
            status_code=result.status_code, identifier=str(result.handle.pid)
        )

    async def __aenter__(self) -> WarmWorker:
        await asyncio.to_thread(warm_up)
        self._executor_stack = AsyncExitStack()
        self.executors = await self._executor_stack.enter_async_context(FlowRunExecutorContext())
        await super().__aenter__()
        return self

    async def __aexit__(self, *exc_info: Any) -> None:
        try:
            await super().__aexit__(*exc_info)
        finally:
            self.children.close()
            await self._executor_stack.__aexit__(*exc_info)

    def _job(
        self, flow_run: FlowRun, configuration: WarmJobConfiguration, control: tuple[int, str]
    ) -> Job:
        port, token = control
        return Job(
            flow_run=flow_run.model_dump_json(),
            environment=sanitize_subprocess_env(
                {
                    **os.environ,
                    **configuration.env,
                    **self.reads.entrypoint_variable(flow_run),
                    "PREFECT__FLOW_RUN_ID": str(flow_run.id),
                    "PREFECT__ENABLE_CANCELLATION_AND_CRASHED_HOOKS": "false",
                    "PREFECT__CONTROL_PORT": str(port),
                    "PREFECT__CONTROL_TOKEN": token,
                }
            ),
            folder=str(configuration.working_dir or os.getcwd()),
        )


async def _until(due: datetime | None) -> None:
    if due is not None:
        await anyio.sleep(max(0.0, (due - datetime.now(UTC)).total_seconds()))
