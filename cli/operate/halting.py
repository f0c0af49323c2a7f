"""`perpflow panic` and `perpflow release`: straight into the database, whatever else is down."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console

from adapters.store.commands import Command, CommandState, load_commands
from adapters.store.control_lock import is_controlled
from adapters.store.halting import PATIENCE_SECONDS, Halt, Halted, halt, release
from adapters.store.send_gate import EntryInFlight
from cli.arena_database import ArenaDatabase, arena_database
from cli.exit_codes import ExitCode
from cli.failures import CommandFailed

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from adapters.config.settings import Settings

REQUESTED_BY = "cli"
FLATTEN_SECONDS = 120.0
"""How long the command stays to see positions closed; it goes on without it."""
_POLL_SECONDS = 0.5


def run_panic(
    settings: Settings, *, account_id: str | None, reason: str, flatten: bool
) -> ExitCode:
    """Halt, say what is in flight, and see the positions closed if asked. Raises `CommandFailed`."""
    screen = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
    with arena_database(settings, application="perpflow-panic") as database:
        halted = _halt(database, screen, account_id=account_id, reason=reason, flatten=flatten)
        _show_halted(halted, screen)
        with database.engine.connect() as conn:
            loop_runs = is_controlled(conn)
        if not loop_runs:
            screen.print("No control loop runs here, so nothing else acts on this.")
        if not flatten:
            screen.print("Positions keep their stops. End the halt with: perpflow release")
            return ExitCode.DONE
        if loop_runs:
            return _watch_flattening(database.engine, halted.flatten_ids, screen)
        return _flatten_here(database, halted.flatten_ids, screen)


def run_release(settings: Settings, *, account_id: str | None) -> str:
    """End the halt; a sentence about it. Raises `CommandFailed`."""
    with (
        arena_database(settings, application="perpflow-release") as database,
        database.engine.begin() as conn,
    ):
        released = release(conn, account_id=account_id, reason="", requested_by=REQUESTED_BY)
    if not released:
        return "no account was halted by the operator; nothing changed"
    return f"released: {', '.join(released)}; they may open positions again"


def _halt(
    database: ArenaDatabase, screen: Console, *, account_id: str | None, reason: str, flatten: bool
) -> Halted:
    def on_wait(entries: tuple[EntryInFlight, ...]) -> None:
        screen.print(
            f"New entries are held back. {len(entries)} on their way get up to "
            f"{PATIENCE_SECONDS:.0f} s for the venue's answer (Ctrl-C: halt without it) ..."
        )

    wanted = Halt(account_id=account_id, requested_by=REQUESTED_BY, reason=reason, flatten=flatten)
    with _noticing_ctrl_c() as was_pressed:
        return halt(database.engine, wanted, on_wait=on_wait, is_in_a_hurry=was_pressed)


@contextmanager
def _noticing_ctrl_c() -> Iterator[Callable[[], bool]]:
    """Whoever presses Ctrl-C now wants the halt sooner, not never."""
    pressed: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _frame: pressed.append(number))
    try:
        yield lambda: bool(pressed)
    finally:
        signal.signal(signal.SIGINT, before)


def _show_halted(halted: Halted, screen: Console) -> None:
    screen.print(f"HALTED (command {halted.command_id}): {', '.join(halted.account_ids) or 'none'}")
    for entry in halted.in_flight:
        screen.print(
            f"! {entry.account_id}: the outcome of an entry in {entry.symbol} that left before the "
            f"halt is not known yet (order {entry.client_order_id}); the next cycle asks the venue"
        )


def _watch_flattening(engine: Engine, ids: Sequence[int], screen: Console) -> ExitCode:
    """The control loop does the work; see it done."""
    screen.print("The control loop closes the positions ...")
    deadline = time.monotonic() + FLATTEN_SECONDS
    shown: set[int] = set()
    while True:
        commands = _load(engine, ids)
        _show_finished(commands, shown, screen)
        if len(shown) == len(ids):
            return _code(commands)
        if time.monotonic() > deadline:
            return _still_waiting(commands, screen)
        time.sleep(_POLL_SECONDS)


def _flatten_here(database: ArenaDatabase, ids: Sequence[int], screen: Console) -> ExitCode:
    """The same steps in this process."""
    screen.print("This command closes the positions itself ...")
    # The steps of a cycle find their database in the environment, like those of a flow run.
    os.environ["DATABASE_URL"] = database.url
    os.environ.setdefault("PREFECT_SERVER_ALLOW_EPHEMERAL_MODE", "false")
    from deployments.control.flattens import try_flattens

    deadline = time.monotonic() + FLATTEN_SECONDS
    shown: set[int] = set()
    while True:
        waiting = asyncio.run(try_flattens(only=frozenset(ids)))
        commands = _load(database.engine, ids)
        _show_finished(commands, shown, screen)
        if not waiting:
            return _code(commands)
        if time.monotonic() > deadline:
            return _still_waiting(commands, screen)
        time.sleep(_POLL_SECONDS)


def _load(engine: Engine, ids: Sequence[int]) -> tuple[Command, ...]:
    with engine.connect() as conn:
        return load_commands(conn, ids)


def _show_finished(commands: Sequence[Command], shown: set[int], screen: Console) -> None:
    for command in commands:
        if command.state is not CommandState.PENDING and command.id not in shown:
            shown.add(command.id)
            screen.print(f"{command.account_id}: {command.outcome}")


def _code(commands: Sequence[Command]) -> ExitCode:
    failed = any(command.state is CommandState.FAILED for command in commands)
    return ExitCode.PARTLY_DONE if failed else ExitCode.DONE


def _still_waiting(commands: Sequence[Command], screen: Console) -> ExitCode:
    for command in commands:
        if command.state is CommandState.PENDING:
            screen.print(f"! {command.account_id}: {command.outcome or 'not begun yet'}")
    raise CommandFailed(
        ExitCode.PARTLY_DONE,
        f"not everything is closed after {FLATTEN_SECONDS:.0f} s; the halt holds, the positions"
        " keep their stops, and the commands stay pending for the control loop",
    )
