"""Hands a flow run to a warm child in the form that Prefect's executor expects of a process.

To the executor a run is a process with a pid that can be killed and ends with a status. Here the
process goes on to other runs, so a signal is sent only while it still works on *this* run, and a
child that was sent a signal is never used again.
"""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio
import anyio.abc
from prefect.runner._process_manager import ProcessHandle

from deployments.warm.children import Child, Children
from deployments.warm.job import Job

if TYPE_CHECKING:
    from prefect.client.schemas.objects import FlowRun


@dataclass(slots=True)
class RunProcess:
    """One run in a child, seen as a process."""

    child: Child
    returncode: int | None = None

    @property
    def pid(self) -> int:
        return self.child.pid


class RunScope:
    """How Prefect ends a run before its time."""

    wait_after_graceful_kill = True

    def __init__(self, process: RunProcess) -> None:
        self._process = process

    def is_alive(self, pid: int) -> bool:
        """Whether the run goes on; its process may live longer."""
        del pid
        return self._process.returncode is None

    def graceful_kill(self, pid: int) -> None:
        self._send(pid, signal.SIGTERM)

    def hard_kill(self, pid: int) -> None:
        self._send(pid, signal.SIGKILL)

    def close(self) -> None:
        """Nothing is held."""

    def _send(self, pid: int, number: signal.Signals) -> None:
        if self._process.returncode is not None:
            raise ProcessLookupError(f"the run in process {pid} is over")
        self._process.child.is_spent = True
        os.kill(pid, number)


class WarmStarter:
    """Prefect's `ProcessStarter`: takes a child, runs the job in it, gives the child back."""

    def __init__(self, children: Children, job: Job) -> None:
        self._children = children
        self._job = job

    async def start(
        self,
        flow_run: FlowRun,  # noqa: ARG002 - Prefect's signature; the job holds it already
        task_status: anyio.abc.TaskStatus[ProcessHandle] = anyio.TASK_STATUS_IGNORED,
    ) -> None:
        """Start the run, hand out its process, and return when the run is over."""
        process = RunProcess(self._children.take(self._job))
        # The executor asks a process for `pid` and `returncode` only.
        handle = ProcessHandle(process, termination_scope=RunScope(process))  # pyright: ignore[reportArgumentType] - as above
        task_status.started(handle)
        try:
            process.returncode = await process.child.execute(self._job)
        finally:
            if process.returncode is None:  # the worker itself is being stopped
                process.child.is_spent = True
            self._children.give_back(process.child)
