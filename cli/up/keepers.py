"""All parts of one arena: begun one by one, watched together, let go together."""

from __future__ import annotations

import asyncio
from typing import NoReturn

from adapters.cancelling import end_tasks
from cli.up.keeper import Keeper
from cli.up.record import PartRecord


class Keepers:
    """Each keeper runs in a task; the first that gives its part up ends the arena."""

    def __init__(self) -> None:
        self._keepers: dict[str, Keeper] = {}
        self._tasks: list[asyncio.Task[NoReturn]] = []

    def begin(self, keeper: Keeper, *, running: bool = False) -> Keeper:
        """Keep a part alive from now on; `running`: it has been started already."""
        self._keepers[keeper.part.name] = keeper
        self._tasks.append(asyncio.create_task(keeper.run(running=running)))
        return keeper

    def find(self, name: str) -> Keeper | None:
        """The keeper of a part; None before it was begun."""
        return self._keepers.get(name)

    def restart(self, name: str, cause: str) -> None:
        """Have a part started again, if it has been begun."""
        if name in self._keepers:
            self._keepers[name].restart(cause)

    async def until_ready(self, keeper: Keeper) -> None:
        """Until that part answers. Raises `CommandFailed` when any part is given up meanwhile."""
        ready = asyncio.create_task(keeper.ready.wait())
        try:
            await asyncio.wait({ready, *self._tasks}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
        self._raise_failure()

    async def until_failure(self) -> NoReturn:
        """Until a part is given up, which raises `CommandFailed`."""
        await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        self._raise_failure()
        raise AssertionError("a keeper has ended without a reason")

    async def let_go(self) -> None:
        """Restart nothing any more; what runs goes on running."""
        await end_tasks(self._tasks)

    def records(self) -> tuple[PartRecord, ...]:
        """Every part as it is now."""
        return tuple(
            PartRecord(
                name=name,
                pid=keeper.part.pid,
                state=keeper.state.value,
                since=keeper.since,
                restarts=keeper.restarts,
                log=str(keeper.part.log),
                last_failure=keeper.last_failure,
            )
            for name, keeper in self._keepers.items()
        )

    def _raise_failure(self) -> None:
        for task in self._tasks:
            if task.done() and not task.cancelled():
                task.result()
