"""What runs so far: filled while starting, so that stopping works at any moment."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from adapters.store.arena import Arena
from cli.up.database import Database
from cli.up.keeper import Keeper
from cli.up.keepers import Keepers
from cli.up.kept_process import KeptProcess
from cli.up.place import ArenaPlace
from cli.up.progress import Progress
from cli.up.record import RunRecord, save_record
from cli.up.registrar import Prepared, Registered
from cli.up.registrar_child import RegistrarChild
from deployments.pools import POOLS, WorkPool


@dataclass(slots=True, kw_only=True)
class Running:
    """One arena in the hands of this process."""

    place: ArenaPlace
    progress: Progress
    registrar: RegistrarChild
    """Ended once the arena runs."""
    record: RunRecord
    prefect: httpx.AsyncClient
    """Requests to Prefect's API; paths begin below it."""
    keepers: Keepers = field(default_factory=Keepers)
    database: Database | None = None
    prepared: Prepared | None = None
    registered: Registered | None = None
    arena: Arena | None = None

    @property
    def run_id(self) -> str:
        return self.record.run_id

    @property
    def pool(self) -> WorkPool:
        return POOLS[self.place.settings.worker]

    def keeper(self, name: str) -> Keeper | None:
        """Of a part; None before it was begun."""
        return self.keepers.find(name)

    def process(self, name: str) -> KeptProcess | None:
        """A part that is a child process; None before it was begun."""
        keeper = self.keepers.find(name)
        return keeper.part if keeper and isinstance(keeper.part, KeptProcess) else None

    def note_parts(self) -> None:
        """Write down what every part is doing, for `perpflow status`."""
        save_record(self.place.home, replace(self.record, parts=self.keepers.records()))

    async def ask(self, question: str, *arguments: Any) -> Any:
        """Ask the registrar without blocking the loop."""
        return await asyncio.to_thread(self.registrar.ask, question, *arguments)
