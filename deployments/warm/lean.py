"""What Prefect's engine does for every run and a warm child need not: patched in the child only.

Each of these costs more than a task of a cycle. They are private parts of Prefect 3.8, named here
and nowhere else; `make_engine_lean` fails loudly when one of them is no longer where it was.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

import prefect.flow_engine
import prefect.results
import prefect.task_engine
from prefect.client.orchestration import get_client
from prefect.utilities.engine import emit_task_run_state_change_event

if TYPE_CHECKING:
    from prefect._flow_run_suspension import FlowRunSuspensionRequest
    from prefect.client.schemas.objects import State, TaskRun
    from prefect.events import Event

SUSPENSION_SECONDS = 10.0
"""How often a run asks whether somebody has suspended it."""


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
    """An event for each state of a task but the first, *pending*, which lasts some milliseconds.

    Each event carries the whole task run, so the server's record lacks nothing but that state.
    """
    if validated_state.is_pending() and initial_state is None:
        return None
    return emit_task_run_state_change_event(
        task_run=task_run,
        initial_state=initial_state,
        validated_state=validated_state,
        follows=follows,
    )


def _says_something(record: logging.LogRecord) -> bool:
    """A third of a cycle's lines only repeat the states that Prefect shows beside them."""
    return not str(record.msg).startswith("Finished in state Completed")
