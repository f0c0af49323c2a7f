"""What Prefect's engine does for every run and a warm child need not: patched in the child only.

Each of these costs more than a task of a cycle. They are private parts of Prefect 3.8, named here
and nowhere else; `make_engine_lean` fails loudly when one of them is no longer where it was.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache, partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

import prefect.flow_engine
import prefect.results
import prefect.task_engine
import prefect.utilities.collections
import prefect.utilities.engine
from prefect.client.orchestration import get_client
from prefect.utilities.engine import emit_task_run_state_change_event

if TYPE_CHECKING:
    from prefect._flow_run_suspension import FlowRunSuspensionRequest
    from prefect.client.schemas.objects import State, TaskRun
    from prefect.events import Event

SUSPENSION_SECONDS = 10.0
"""How often a run asks whether somebody has suspended it."""
RUNNING_SECONDS = 0.5
"""A task that is over sooner is told of once."""
OUR_PACKAGES = frozenset({"adapters", "tasks", "trading"})
"""Their records are immutable and made of plain values."""

_held: dict[UUID, asyncio.TimerHandle] = {}
_visit_collection = prefect.utilities.collections.visit_collection


def make_engine_lean() -> None:
    """Patch the engine of this process. Raises `AttributeError` when Prefect has changed."""
    for module, name, replacement in (
        (prefect.flow_engine, "observe_flow_run_suspension", poll_for_suspension),
        (
            prefect.results,
            "_read_server_default_result_storage_block_id",
            cache(prefect.results._read_server_default_result_storage_block_id),
        ),
        (prefect.task_engine, "emit_task_run_state_change_event", tell_of_task),
        # By its name in the module it comes from too: there it calls itself.
        (prefect.utilities.collections, "visit_collection", visit_shallow),
        (prefect.utilities.engine, "visit_collection", visit_shallow),
        (prefect.task_engine, "visit_collection", visit_shallow),
    ):
        getattr(module, name)
        setattr(module, name, replacement)
    logging.getLogger("prefect.task_runs").addFilter(_says_something)


@contextmanager
def poll_for_suspension(
    flow_run_id: UUID, suspension_request: FlowRunSuspensionRequest, **_options: float
) -> Iterator[None]:
    """Ask now and then; Prefect opens a web socket, a client and a loop for each run.

    Most cycles are over before the first question.
    """
    over = threading.Event()

    def ask() -> None:
        while not over.wait(SUSPENSION_SECONDS):
            with suppress(Exception), get_client(sync_client=True) as client:
                state = client.read_flow_run(flow_run_id).state
                if prefect.flow_engine.is_suspended_flow_run_state(state) and state is not None:
                    suspension_request.mark_requested(state)

    threading.Thread(target=ask, name="suspension", daemon=True).start()
    try:
        yield
    finally:
        over.set()


def tell_of_task(
    *,
    task_run: TaskRun,
    initial_state: State[Any] | None,
    validated_state: State[Any],
    follows: Event | None = None,
) -> Event | None:
    """One event for a task that is soon over: of the first, *pending*, none; *running* can wait.

    Each event carries the whole task run with its times, so the server's record of a short task
    lacks those two states and nothing else. A task that goes on is shown as running.
    """
    if validated_state.is_pending() and initial_state is None:
        return None
    tell = partial(
        emit_task_run_state_change_event,
        task_run=task_run,
        initial_state=initial_state,
        validated_state=validated_state,
        follows=follows,
    )
    if held := _held.pop(task_run.id, None):
        held.cancel()
    if validated_state.is_running() and (loop := _running_loop()):
        _held[task_run.id] = loop.call_later(RUNNING_SECONDS, _tell_late, task_run.id, tell)
        return None
    return tell()


def _tell_late(task_run_id: UUID, tell: Callable[[], object]) -> None:
    _held.pop(task_run_id, None)
    tell()


def _running_loop() -> asyncio.AbstractEventLoop | None:
    """None in a task of a flow without a loop."""
    with suppress(RuntimeError):
        return asyncio.get_running_loop()
    return None


def visit_shallow(expr: Any, visit_fn: Callable[..., Any], **options: Any) -> Any:
    """Look into a parameter for futures, but not into our own records: they hold none.

    Prefect visits every candle of every market twice for each task. The record itself is visited,
    as it is what the arrows between tasks are drawn from.
    """
    if type(expr).__module__.partition(".")[0] in OUR_PACKAGES:
        options["max_depth"] = 0
    return _visit_collection(expr, visit_fn, **options)


def _says_something(record: logging.LogRecord) -> bool:
    """A third of a cycle's lines only repeat the states that Prefect shows beside them."""
    return not str(record.msg).startswith("Finished in state Completed")
