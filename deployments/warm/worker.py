"""A Prefect worker that starts flow runs from warm, preloaded processes.

`prefect worker start --pool perpflow --type perpflow-warm`. It is Prefect's process worker with
another way of starting the process: states, logs, cancellation from the UI, crash detection, limits
and pause stay Prefect's own. Runs that name a `command` of their own get a cold process, as before.

The executor context (client, cancellation watch, control channel) is opened once per worker instead
of once per run. It is a private part of Prefect 3.8, kept behind this one file; the tests drive it
against a real server.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import anyio
import anyio.abc
from prefect.flows import load_flow_from_flow_run
from prefect.runner._flow_run_executor import FlowRunExecutorContext
from prefect.runner._process_manager import ProcessHandle
from prefect.settings import get_current_settings
from prefect.utilities.processutils import sanitize_subprocess_env
from prefect.workers.process import (
    ProcessJobConfiguration,
    ProcessVariables,
    ProcessWorker,
    ProcessWorkerResult,
)

from deployments.warm.children import start_child, warm_up

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerProcess

    from prefect.client.schemas.objects import FlowRun

WORKER_TYPE = "perpflow-warm"


class WarmJobConfiguration(ProcessJobConfiguration):
    """As the process worker's; the command matters only where one is configured."""


class WarmVariables(ProcessVariables):
    """As the process worker's, so that the same deployments run in either pool."""


class WarmStarter:
    """Prefect's `ProcessStarter`, by fork instead of by command."""

    def __init__(self, worker: WarmWorker, configuration: WarmJobConfiguration) -> None:
        self._worker = worker
        self._configuration = configuration

    async def start(
        self,
        flow_run: FlowRun,
        task_status: anyio.abc.TaskStatus[ProcessHandle] = anyio.TASK_STATUS_IGNORED,
    ) -> None:
        """Fork, hand out the process, and return when it has ended."""
        channel = self._worker.executors.control_channel
        port, token = channel.register(flow_run.id)
        environment = sanitize_subprocess_env(
            {
                **os.environ,
                **self._configuration.env,
                **self._worker.settings_environment,
                "PREFECT__FLOW_RUN_ID": str(flow_run.id),
                "PREFECT__ENABLE_CANCELLATION_AND_CRASHED_HOOKS": "false",
                "PREFECT__CONTROL_PORT": str(port),
                "PREFECT__CONTROL_TOKEN": token,
            }
        )
        folder = str(self._configuration.working_dir or os.getcwd())
        try:
            # In the loop's own thread: the bookkeeping of `multiprocessing` is not thread-safe,
            # and a fork by the fork server takes milliseconds.
            child = start_child(str(flow_run.id), environment, folder)
        except BaseException:
            channel.unregister(flow_run.id)
            raise
        # Prefect names spawned children only; forked ones have the same pid and exit code.
        task_status.started(ProcessHandle(child))  # pyright: ignore[reportArgumentType]
        await _ended(child)


class WarmWorker(ProcessWorker):
    """Process worker of type `perpflow-warm`."""

    type = WORKER_TYPE
    job_configuration = WarmJobConfiguration
    job_configuration_variables = WarmVariables
    _description = "Executes flow runs in children of one preloaded process on this machine."
    _display_name = "perpflow warm process"

    executors: FlowRunExecutorContext
    settings_environment: dict[str, str]

    async def run(
        self,
        flow_run: FlowRun,
        configuration: ProcessJobConfiguration,
        task_status: anyio.abc.TaskStatus[int] | None = None,
    ) -> ProcessWorkerResult:
        """Execute one run; the identifier is the child's process id."""
        if configuration._command_configured or not isinstance(configuration, WarmJobConfiguration):
            return await super().run(flow_run, configuration, task_status)
        executor = self.executors.create_executor(
            flow_run,
            WarmStarter(self, configuration),
            resolve_flow=load_flow_from_flow_run,
            propose_submitting=False,
        )
        results: list[Any] = []

        async def execute(
            *, task_status: anyio.abc.TaskStatus[ProcessHandle] = anyio.TASK_STATUS_IGNORED
        ) -> None:
            results.append(await executor.submit(task_status=task_status))

        async with anyio.create_task_group() as group:
            handle = await group.start(execute)
            if task_status is not None and handle.pid is not None:
                task_status.started(handle.pid)
        (result,) = results
        if result is None or result.status_code is None:
            raise RuntimeError(f"flow run {flow_run.id} could not be started in a warm process")
        return ProcessWorkerResult(
            status_code=result.status_code, identifier=str(result.handle.pid)
        )

    async def __aenter__(self) -> WarmWorker:
        # Dumping all settings costs more than a task of a cycle: once per worker is enough.
        self.settings_environment = get_current_settings().to_environment_variables(
            exclude_unset=True
        )
        await asyncio.to_thread(warm_up)
        self._executor_stack = AsyncExitStack()
        self.executors = await self._executor_stack.enter_async_context(FlowRunExecutorContext())
        await super().__aenter__()
        return self

    async def __aexit__(self, *exc_info: Any) -> None:
        try:
            await super().__aexit__(*exc_info)
        finally:
            await self._executor_stack.__aexit__(*exc_info)


async def _ended(child: ForkServerProcess) -> None:
    """Wait for the end of a child without a thread; its exit code is then known."""
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    loop.add_reader(child.sentinel, over.set)
    try:
        await over.wait()
    finally:
        loop.remove_reader(child.sentinel)
    child.join()
