"""Flows that end in every way a run can end; parameters as those of a trading cycle."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from prefect import flow, get_run_logger


@flow(name="ends-well")
def ends_well(account_id: str) -> None:
    get_run_logger().info("process %d of %s", os.getpid(), account_id)
    Path(f"{account_id}.ran").write_text(f"{os.getppid()}")


@flow(name="ends-by-error")
def ends_by_error(account_id: str) -> None:
    raise ValueError(f"{account_id} does not work")


@flow(name="ends-by-kill")
def ends_by_kill(account_id: str) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@flow(name="sleeps")
def sleeps(account_id: str) -> None:
    Path(f"{account_id}.asleep").touch()
    time.sleep(300)
