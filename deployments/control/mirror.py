"""Makes Prefect equal to the accounts table, and both switches equal to each other.

Run every two seconds. Reading is one request and three queries; only what differs is written. What
the operator decided is true in the database already, so a pass that fails loses nothing: the next
one finds the same difference.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

import httpx
from sqlalchemy import Connection, Engine

from adapters.store.accounts import load_account
from adapters.store.arena import load_arena
from adapters.store.commands import Command
from adapters.store.membership import note_joined, note_left
from adapters.store.switches import Switch, load_switches, save_seen
from deployments.account_deployment import AccountDeployment, deployment_for
from deployments.control.prefect_rest import KnownDeployment, PrefectRest
from deployments.control.slots import GRACE
from deployments.control.status_commands import (
    AWAY,
    FOLLOWED,
    finish_status_commands,
    follow_prefect,
    pending_status_commands,
    refuse_resume,
)
from deployments.control.switch import Move, merge
from trading.account import Account, AccountStatus

log = logging.getLogger("perpflow.control")
AT_ONCE = 4
"""Requests at a time: SQLite, where Prefect keeps them, has one writer."""
LATE_PASSES = 5
"""Late runs are looked for in every so many passes."""
_TOO_LATE = "More than half an interval late: nothing was started, the slot is recorded as missed."
MOST_REGISTRATIONS = 4
"""New or changed deployments in one pass."""

Register = Callable[[AccountDeployment, bool], Awaitable[None]]
"""Creates or updates one deployment, with its switch on or off."""
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """Our side, read in one transaction."""

    may_run: bool
    """False once recorded data has ended."""
    switches: tuple[Switch, ...]
    wanted: Mapping[str, AccountDeployment]
    pending: Mapping[str, Sequence[Command]]


class Mirror:
    """The accounts of one database in one Prefect server."""

    def __init__(self, engine: Engine, prefect: PrefectRest, register: Register) -> None:
        self._engine = engine
        self._prefect = prefect
        self._register = register
        self._accounts: dict[str, tuple[int, Account]] = {}
        self._passes = 0

    async def run(self) -> None:
        """One pass. Raises `httpx.HTTPError` or `OperationalError` when a side is away."""
        try:
            known = await self._prefect.deployments()
        except httpx.HTTPError:
            await self._store(_finish_all, AWAY)
            raise
        ours = await self._store(self._read)
        if ours is None:
            return
        gone = [found for name, found in known.items() if name not in ours.wanted]
        await _a_few_at_once(self._remove(found) for found in gone)
        fitting = {
            found.account_id: found
            for found in known.values()
            if found.account_id in ours.wanted and _fits(found, ours.wanted[found.account_id])
        }
        await _a_few_at_once(
            self._agree(ours, switch, fitting[switch.account_id])
            for switch in ours.switches
            if switch.account_id in fitting
        )
        # A few at a time: each takes a quarter of a second, and switches must not wait for many.
        missing = [one for one in ours.switches if one.account_id not in fitting]
        await _a_few_at_once(
            self._save(ours, switch, known.get(switch.account_id))
            for switch in missing[:MOST_REGISTRATIONS]
        )

        if self._passes % LATE_PASSES == 0:
            await self._give_up_late_runs(known)
        self._passes += 1

    async def _give_up_late_runs(self, known: Mapping[str, KnownDeployment]) -> None:
        """Runs that would be skipped as late anyway must not keep the newest from its place.

        After a downtime the worker would start them all first, oldest first; their slots have rows.
        """
        by_id = {found.id: found for found in known.values()}
        now = datetime.now(UTC)
        late = [
            run
            for run in await self._prefect.waiting_runs(before=now - GRACE)
            if (found := by_id.get(run.deployment_id)) is not None
            and found.schedule is not None
            and now - run.due_at > found.schedule.interval / 2 + GRACE
        ]
        await _a_few_at_once(self._prefect.give_up_run(run, _TOO_LATE) for run in late)
        if late:
            log.warning("%d planned runs were given up: more than half an interval late", len(late))

    def _read(self, conn: Connection) -> Ours | None:
        arena = load_arena(conn)
        if arena is None:
            return None
        switches = load_switches(conn)
        pending: dict[str, list[Command]] = {}
        for command in pending_status_commands(conn):
            pending.setdefault(command.account_id or "", []).append(command)
        return Ours(
            may_run=not arena.has_ended(datetime.now(UTC)),
            switches=switches,
            wanted={
                switch.account_id: deployment_for(self._account(conn, switch), arena.clock)
                for switch in switches
            },
            pending=pending,
        )

    def _account(self, conn: Connection, switch: Switch) -> Account:
        """Read once for each version: a hundred documents every two seconds would be a waste."""
        version, account = self._accounts.get(switch.account_id, (0, None))
        if account is None or version != switch.config_version:
            account = load_account(conn, switch.account_id).account
            self._accounts[switch.account_id] = (switch.config_version, account)
        return account

    async def _save(self, ours: Ours, switch: Switch, found: KnownDeployment | None) -> None:
        wanted = ours.wanted[switch.account_id]
        if found is not None:
            # Its schedules get new ids, so the next pass looks at the switch.
            await self._register(wanted, found.is_on)
            log.info("%s was changed in Prefect.", switch.account_id)
            return
        is_on = switch.status is AccountStatus.ACTIVE and ours.may_run
        await self._register(wanted, is_on)
        await self._store(_note_registered, switch.account_id, is_on)
        log.info("%s was added to Prefect.", switch.account_id)

    async def _agree(self, ours: Ours, switch: Switch, found: KnownDeployment) -> None:
        move = merge(
            status=switch.status,
            is_on=found.is_on,
            seen=switch.schedule_seen,
            may_run=ours.may_run,
        )
        pending = ours.pending.get(switch.account_id, ())
        if move is Move.NOTHING and not pending:
            return
        if move in (Move.SWITCH_ON, Move.SWITCH_OFF, Move.REFUSE):
            await self._prefect.switch(found, is_on=move is Move.SWITCH_ON)
        await self._store(_write_down, switch, move, found.is_on, pending)
        if move in _TOLD:
            log.info("%s: %s.", switch.account_id, _TOLD[move])

    async def _remove(self, found: KnownDeployment) -> None:
        await self._prefect.delete(found)
        await self._store(note_left, found.account_id)
        self._accounts.pop(found.account_id, None)
        log.info("%s was removed from Prefect.", found.account_id)

    async def _store(self, call: Callable[..., Result], *arguments: object) -> Result:
        def work() -> Result:
            with self._engine.begin() as conn:
                return call(conn, *arguments)

        return await asyncio.to_thread(work)


_TOLD = {
    Move.SWITCH_ON: "Prefect's switch is on, as the account is active",
    Move.SWITCH_OFF: "Prefect's switch is off, as the account does not run",
    Move.PAUSE: "paused, as it was switched off in Prefect",
    Move.RESUME: "resumed, as it was switched on in Prefect",
    Move.REFUSE: "switched on in Prefect, but it is stopped; the switch went back",
}


def _fits(found: KnownDeployment, wanted: AccountDeployment) -> bool:
    return found.version == wanted.version and found.has(wanted.schedule)


def _write_down(
    conn: Connection,
    switch: Switch,
    move: Move,
    is_on: bool,  # noqa: FBT001 - called by position
    pending: Sequence[Command],
) -> None:
    """`is_on` is Prefect's switch as it was read, before the move."""
    if move in (Move.PAUSE, Move.RESUME):
        follow_prefect(conn, switch, is_on=move is Move.RESUME)
        return
    if move is Move.REFUSE:
        refuse_resume(conn, switch)
    elif move in (Move.SWITCH_ON, Move.SWITCH_OFF):
        save_seen(conn, switch.account_id, is_on=move is Move.SWITCH_ON)
    elif move is Move.NOTE:
        save_seen(conn, switch.account_id, is_on=is_on)
    finish_status_commands(conn, pending, FOLLOWED)


def _note_registered(conn: Connection, account_id: str, is_on: bool) -> None:  # noqa: FBT001 - called by position
    note_joined(conn, account_id)
    save_seen(conn, account_id, is_on=is_on)


def _finish_all(conn: Connection, outcome: str) -> None:
    finish_status_commands(conn, pending_status_commands(conn), outcome)


async def _a_few_at_once(works: Iterable[Awaitable[None]]) -> None:
    """All of them, whatever becomes of one; then the first error."""
    places = asyncio.Semaphore(AT_ONCE)

    async def one(work: Awaitable[None]) -> None:
        async with places:
            await work

    for outcome in await asyncio.gather(*(one(work) for work in works), return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome
