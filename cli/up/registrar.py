"""What a start needs the heavy libraries for, done by a child that ends once the arena runs.

Reading accounts and market needs TA-Lib and numba, registering needs Prefect: 150 MB and three
seconds that the process which watches the arena for weeks has no use for. The child answers one
question after the other on a socket; it holds the plan, its parent only what it must know of it.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from adapters.config.problems import ConfigurationError
from adapters.store.arena import Arena
from cli.failures import CommandFailed
from cli.up.clock import at_next_slot
from cli.up.place import ArenaPlace
from deployments.schedule import prefetch_seconds, schedule_for

if TYPE_CHECKING:
    from cli.up.plan import UpPlan
    from trading.account import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFacts:
    """What the parent has to know of a plan that was made."""

    accounts_source: str
    accounts: int
    modes: tuple[str, ...]
    """Of each account: paper or live."""
    market: str
    remarks: tuple[str, ...]
    models: str = ""
    """Which language models are asked and what they may cost, in a sentence; empty: none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What the parent has to know of a prepared database."""

    version: str
    arena: Arena
    operator_token: str | None
    """Only right after it was made; in clear nowhere else."""
    prefetch_seconds: int
    unnamed: tuple[str, ...]
    """Accounts of the database that the file does not name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """What the parent has to know of the deployments."""

    arena: Arena
    """Its clock goes on from the moment before they were made."""
    count: int
    first_at: datetime | None
    """Real time of the first cycle; None when no cycles are planned."""
    every: timedelta


class Registrar:
    """Answers one question after the other; each method is one."""

    def __init__(self, place: ArenaPlace) -> None:
        self._place = place
        self._plan: UpPlan
        self._url = ""
        self._arena: Arena
        self._accounts: tuple[Account, ...] = ()
        self._deployments: dict[str, Any] = {}

    def plan(self) -> PlanFacts:
        """Check everything that can be checked without starting anything."""
        from cli.up.model_costs import model_sentence
        from cli.up.plan import make_plan

        place = self._place
        self._plan = plan = make_plan(
            place.settings, place.environ, once=place.once, new_link=place.new_link
        )
        return PlanFacts(
            accounts_source=plan.accounts_source,
            accounts=len(plan.accounts),
            modes=tuple(account.mode.value for account in plan.accounts),
            market=plan.market.name,
            remarks=plan.market.remarks,
            models=model_sentence(plan.accounts),
        )

    def prepare(self, url: str) -> Prepared:
        """Upgrade the database and bring market, accounts and wallets into it."""
        from adapters.store.engine import open_engine
        from cli.up import store

        version = store.upgrade_database(url)
        engine = open_engine(url, application="perpflow-up")
        arena, self._accounts = store.prepare_arena(engine, self._plan, real=datetime.now(UTC))
        # Before the API, which refuses to listen beyond this machine while there is no token.
        token = store.operator_token(engine, new=self._place.new_link)
        engine.dispose()
        self._url = url
        self._arena = at_next_slot(arena, self._shortest) if self._place.once else arena
        real_length = arena.clock.real_length(self._shortest.length)
        return Prepared(
            version=version,
            arena=arena,
            operator_token=token,
            prefetch_seconds=prefetch_seconds(real_length),
            unnamed=self._unnamed(),
        )

    def _unnamed(self) -> tuple[str, ...]:
        if self._plan.is_demo:
            return ()
        named = {account.id for account in self._plan.accounts}
        return tuple(account.id for account in self._accounts if account.id not in named)

    def preload(self) -> None:
        """Import what registering needs, while Prefect's server starts."""
        from cli.up import orchestration

        orchestration.use_environment(self._place)
        orchestration.preload()

    def ensure_pool(self) -> None:
        """The work pool, before the worker asks for it."""
        from cli.up import orchestration
        from deployments.pools import POOLS

        asyncio.run(orchestration.ensure_pool(POOLS[self._place.settings.worker]))

    def register(self) -> Registered:
        """Let market time go on from now, and deploy every account on its slots."""
        from adapters.store.engine import open_engine
        from cli.up import orchestration, store

        engine = open_engine(self._url, application="perpflow-up")
        arena = store.anchor_arena(engine, self._arena, real=datetime.now(UTC))
        arena = store.plan_collector(engine, arena, () if self._place.once else self._accounts)
        engine.dispose()
        self._deployments = asyncio.run(orchestration.register(self._plan, self._accounts, arena))
        schedule = schedule_for(arena.clock, self._shortest)
        return Registered(
            arena=arena,
            count=len(self._deployments),
            first_at=None if self._place.once else schedule.anchor,
            every=schedule.interval,
        )

    def run_once(self) -> tuple[str, ...]:
        """One cycle of every account; the ids of those that did not complete."""
        from cli.up import orchestration

        return asyncio.run(orchestration.run_once(self._deployments))

    def end_schedules(self) -> None:
        """No further cycles: recorded data has ended."""
        from cli.up import orchestration

        orchestration.use_environment(self._place)
        asyncio.run(orchestration.end_schedules())

    @property
    def _shortest(self) -> Any:
        return min((each.interval for each in self._accounts), key=lambda each: each.seconds)


def answer(registrar: Registrar, question: str, arguments: tuple[Any, ...]) -> tuple[str, Any]:
    """What is sent back: how it went, and the value or the refusal."""
    try:
        return "done", getattr(registrar, question)(*arguments)
    except CommandFailed as refusal:
        return "failed", (refusal.code, str(refusal))
    except ConfigurationError as refusal:
        return "invalid", refusal.problems


def serve(connection: Connection) -> None:
    """Answer until the parent hangs up. The first message is the place."""
    registrar = Registrar(connection.recv())
    while True:
        try:
            question, arguments = connection.recv()
        except EOFError:
            return
        connection.send(answer(registrar, question, arguments))


if __name__ == "__main__":
    # By its own name: what is sent must not belong to a module that is called `__main__`.
    from cli.up import registrar

    registrar.serve(Connection(int(sys.argv[1])))
