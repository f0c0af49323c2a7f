"""Flows that end in every way a run can end; parameters as those of a trading cycle."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from prefect import flow, get_run_logger, task
from prefect.runtime import task_run


@flow(name="ends-well")
def ends_well(account_id: str) -> None:
    get_run_logger().info("process %d of %s", os.getpid(), account_id)
    Path(f"{account_id}.ran").write_text(f"{os.getppid()} {os.getpid()}")


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


@flow(name="ends-by-segfault")
def ends_by_segfault(account_id: str) -> None:
    ctypes.string_at(0)


@flow(name="ends-by-hunger")
def ends_by_hunger(account_id: str) -> None:
    hoard = [bytes(256 * 1024**2) for _ in range(64)]  # zeroed lazily: asked for, never touched
    Path(f"{account_id}.sated").write_text(str(len(hoard)))


@flow(name="outlasts-its-time", timeout_seconds=1)
async def outlasts_its_time(account_id: str) -> None:
    await asyncio.sleep(300)


@flow(name="takes-a-second")
def takes_a_second(account_id: str) -> None:
    began = time.time()
    time.sleep(1)
    with Path(f"{account_id}.spans").open("a") as spans:
        spans.write(f"{os.getpid()} {began} {time.time()}\n")


@dataclass(frozen=True)
class Note:
    """A record that is no part of the product."""

    text: str


@task
async def write_note(text: str) -> Note:
    return Note(text)


@task(retries=1)
async def read_note(note: Note) -> str:
    if task_run.run_count == 1:
        raise OSError("not at the first attempt")
    return note.text


@task
def say_ready(account_id: str) -> None:
    Path(f"{account_id}.ready").touch()


@task
async def takes_its_time() -> None:
    await asyncio.sleep(20)


@flow(name="has-tasks")
async def has_tasks(account_id: str) -> None:
    note = await write_note("hello")
    await read_note(note)
    say_ready(account_id)
    await takes_its_time()
