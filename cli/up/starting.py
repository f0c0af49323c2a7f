"""Starts the parts of the arena in the order that is quickest, each in the care of a keeper.

Prefect's server takes longest. On an empty folder it starts at once; on one with a history only
when the database has agreed to the market, so that a refusal comes early.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import httpx

from cli.up.commands import (
    WORKER_NAME,
    api_command,
    control_command,
    prefect_command,
    streams_command,
    worker_command,
)
from cli.up.database import KeptDatabase, start_database
from cli.up.keeper import Keeper, Kept, Patience
from cli.up.kept_process import Check, KeptProcess, answers_at, has_pulse, lives_on
from cli.up.parts import PartCommand
from cli.up.registrar import Registered
from cli.up.running import Running
from deployments.left_overs import crash_unfinished_runs

CONTROL_SECONDS = 5.0
"""Control loop and streams have no address: they count as ready when they have not ended by then."""
_PATIENCE = Patience()
DATABASE_PATIENCE = Patience(ask_every=10.0)
"""Each question is a new connection, which costs the server a process."""
WORKER_PATIENCE = Patience(hung_seconds=180.0)
"""After an outage of Prefect a worker may take two minutes to ask again."""


async def start(running: Running) -> None:
    """Start everything; returns when the cycles are planned and the worker waits for them.

    Raises `CommandFailed`.
    """
    place, progress = running.place, running.progress
    running.note_parts()
    began = time.monotonic()
    if not _has_history(running):
        _begin_prefect(running)
    await _start_store(running)
    prefect = running.keeper("prefect") or _begin_prefect(running)
    await _start_api(running)
    with progress.waiting("Prefect", "starts; it needs 10 to 30 s and makes its tables at first"):
        await asyncio.gather(running.keepers.until_ready(prefect), running.ask("preload"))
    progress.ready("Prefect", f"{place.prefect.ui_url}, {_seconds(began)}")
    await _start_cycles(running)


async def _start_store(running: Running) -> None:
    began = time.monotonic()
    opening = asyncio.ensure_future(asyncio.to_thread(start_database, running.place))
    try:
        running.database = await asyncio.shield(opening)
    except asyncio.CancelledError:
        # The thread cannot be interrupted: wait, so that the stop finds what it started.
        with suppress(Exception):
            running.database = await opening
        raise
    database = running.database
    if database.server is not None:
        kept = KeptDatabase(database, moved=lambda: _follow_database(running))
        _begin(running, kept, patience=DATABASE_PATIENCE, already_runs=True)
    running.prepared = await running.ask("prepare", database.url)
    running.arena = running.prepared.arena
    kind = "PostgreSQL from DATABASE_URL" if database.server is None else "embedded PostgreSQL"
    running.progress.ready("database", f"{kind} {running.prepared.version}, {_seconds(began)}")
    if running.prepared.unnamed:
        running.progress.note(
            "accounts",
            f"not in the file, and go on: {', '.join(running.prepared.unnamed)}; to take them away: "
            "perpflow accounts apply --prune",
        )


async def _start_api(running: Running) -> None:
    began = time.monotonic()
    check = answers_at(running.prefect, f"{running.place.local_url}/health")
    api = _begin(running, _process(running, api_command, "api", check), needs=("postgres",))
    await running.keepers.until_ready(api)
    running.progress.ready("API", f"{running.place.url}, {_seconds(began)}")


def _begin_prefect(running: Running) -> Keeper:
    # `ready` asks its database as well; `health` would also answer without it.
    check = answers_at(running.prefect, f"{running.place.prefect.api_url}/ready")
    return _begin(running, _process(running, prefect_command, "prefect", check))


async def _start_cycles(running: Running) -> None:
    began = time.monotonic()
    await running.ask("ensure_pool")
    check = has_pulse(running.prefect, running.pool.name, WORKER_NAME)
    part = _process(running, worker_command, "worker", check)
    part.before_restart = lambda: _clear_runs_of_dead_worker(running)
    worker = _begin(running, part, needs=("prefect", "postgres"), patience=WORKER_PATIENCE)
    # Market time goes on when the deployments are made: not before somebody can run their cycles.
    await running.keepers.until_ready(worker)
    registered: Registered = await running.ask("register")
    running.registered, running.arena = registered, registered.arena
    if not running.place.once:
        part = _process(running, control_command, "control", lives_on(CONTROL_SECONDS))
        _begin(running, part, needs=("postgres",))
        if registered.arena.is_real_time:
            part = _process(running, streams_command, "streams", lives_on(CONTROL_SECONDS))
            _begin(running, part, needs=("postgres",))
    running.progress.ready("flows", f"{_planned(registered)}, {_seconds(began)}")


def _process(
    running: Running, command: Callable[[Running], PartCommand], name: str, check: Check
) -> KeptProcess:
    return KeptProcess(
        name=name,
        command=lambda: command(running),
        run_id=running.run_id,
        folder=running.place.work,
        logs=running.place.logs,
        check=check,
    )


def _begin(
    running: Running,
    part: Kept,
    *,
    needs: tuple[str, ...] = (),
    patience: Patience = _PATIENCE,
    already_runs: bool = False,
) -> Keeper:
    keeper = Keeper(
        part,
        tell=running.progress.note,
        changed=running.note_parts,
        patience=patience,
        # A database that was given is nobody's to keep: then there is nothing to wait for.
        needs=tuple(filter(None, map(running.keeper, needs))),
    )
    return running.keepers.begin(keeper, running=already_runs)


def _follow_database(running: Running) -> None:
    """Another program took the port while the server was down."""
    for name in ("api", "worker", "control", "streams"):
        running.keepers.restart(name, "has to follow the database to another port")


async def _clear_runs_of_dead_worker(running: Running) -> None:
    """Nothing in Prefect may look as if it still ran; its processes have been ended."""
    try:
        count = await crash_unfinished_runs(running.prefect, running.pool.name)
    except httpx.HTTPError as error:
        cause = f"{type(error).__name__}; they show as running until the next start"
        running.progress.note("worker", f"its runs could not be marked as crashed: {cause}")
        return
    if count:
        running.progress.note("worker", f"{count} unfinished runs of it are marked as crashed")


def _has_history(running: Running) -> bool:
    """Whether a database may know another market: then it is asked before Prefect starts."""
    given = running.place.settings.database_url is not None
    return given or (running.place.home / "postgres" / "data").exists()


def _planned(registered: Registered) -> str:
    if registered.first_at is None:
        return f"{registered.count} deployments, one cycle each"
    wait = max(timedelta(0), registered.first_at - datetime.now(UTC)).total_seconds()
    every = registered.every.total_seconds()
    return f"{registered.count} deployments, first cycle in {wait:.0f} s, then every {every:g} s"


def _seconds(began: float) -> str:
    return f"{time.monotonic() - began:.1f} s"
