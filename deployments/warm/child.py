"""The inside of a warm child: executes one flow run after another, never two at a time.

It does what `python -m prefect.engine` does, in the environment that Prefect prepared for the run,
and keeps what is costly to open: imports, database connections, the channel for events. After a run
that raised, the process ends: nothing half-done is handed to the next run.
"""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import signal
from collections.abc import Coroutine
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

import psutil
from prefect._internal.control_listener import configure_from_env
from prefect.client.schemas.objects import FlowRun
from prefect.engine import handle_engine_signals
from prefect.flow_engine import flow_run_logger, load_flow, run_flow

from deployments.warm.job import Ended, Job
from deployments.warm.lean import make_engine_lean

MEMORY_LIMIT_BYTES = 4 * 1024**3
"""Writable memory of one child; a run that wants more gets a MemoryError of its own."""
_COLLECT_SELDOM = (50_000, 10, 10)
"""Python's default counts to 700: it would look for cycles a hundred times in every run."""
_OOM_SCORE = "500"
"""When the machine is out of memory the kernel ends a run before it ends the database."""


def serve(jobs: Connection) -> None:
    """Execute jobs until the worker closes the pipe or asks to stop (SIGTERM)."""
    _set_apart()
    make_engine_lean()
    gc.set_threshold(*_COLLECT_SELDOM)
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        _serve(jobs)
    except _Terminated:
        # Unsent logs and events are drained on the way out; the status says what ended us.
        raise SystemExit(128 + signal.SIGTERM) from None


def _serve(jobs: Connection) -> None:
    while True:
        try:
            job: Job = jobs.recv()
        except EOFError:
            return
        exit_code = _execute(job)
        jobs.send(Ended(exit_code=exit_code, resident_bytes=psutil.Process().memory_info().rss))
        if exit_code is not None:
            return


def _set_apart() -> None:
    """A session and limits of its own."""
    os.setsid()  # a Ctrl-C in the terminal reaches the worker only
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if soft == resource.RLIM_INFINITY or soft > MEMORY_LIMIT_BYTES:
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_LIMIT_BYTES, hard))
    with suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as score:
        score.write(_OOM_SCORE)


class _Terminated(BaseException):
    """SIGTERM outside of a flow: inside of one Prefect has its own handler."""


def _leave(_number: int, _frame: object) -> None:
    raise _Terminated


def _execute(job: Job) -> int | None:
    """One run; the exit code of the process, None when the flow came to an end by itself."""
    os.environ.clear()
    os.environ.update(job.environment)
    os.chdir(job.folder)
    configure_from_env()
    try:
        flow_run = FlowRun.model_validate_json(job.flow_run)
        with handle_engine_signals(flow_run.id):
            _run(flow_run)
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else 1
    return None


def _run(flow_run: FlowRun) -> None:
    logger = flow_run_logger(flow_run)
    try:
        flow = load_flow(flow_run)
    except Exception:
        logger.exception("The flow could not be loaded")
        raise
    result: Any = run_flow(flow, flow_run=flow_run, error_logger=logger)
    if isinstance(result, Coroutine):
        asyncio.run(result)
