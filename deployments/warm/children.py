"""Flow runs in children forked from a warm parent.

Python's own fork server keeps one single-threaded, preloaded process; each run is a fork of it and
costs no interpreter start and no imports. A child is a process of its own: a crash, a kill or a full
memory takes that run only. A fork server that dies is started again by the next run.

The child does what `python -m prefect.engine` does, in the environment that Prefect prepared.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import sys
from collections.abc import Mapping
from multiprocessing.context import ForkServerProcess

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["deployments.warm.preload"])


def warm_up() -> None:
    """Start the fork server and wait until it has imported everything."""
    first = _CONTEXT.Process(target=_nothing, daemon=True)
    first.start()
    first.join()


def start_child(flow_run_id: str, environment: Mapping[str, str], folder: str) -> ForkServerProcess:
    """Fork a child that executes one flow run; returns at once."""
    child = _CONTEXT.Process(
        target=_execute,
        args=(flow_run_id, dict(environment), folder),
        name=f"flow-run-{flow_run_id}",
        daemon=True,
    )
    child.start()
    return child


def _nothing() -> None:
    """What the first child does: it is over when the parent is warm."""


def _execute(flow_run_id: str, environment: dict[str, str], folder: str) -> None:
    os.setsid()  # a group of its own, so that a Ctrl-C in the terminal reaches the worker only
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["prefect.engine", flow_run_id]
    sys.modules.pop("prefect.engine", None)  # runpy warns of a module that it would run twice
    runpy.run_module("prefect.engine", run_name="__main__")
