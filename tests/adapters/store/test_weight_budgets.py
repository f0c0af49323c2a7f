"""The weight budget shared through Postgres by everything that runs on this host."""

from __future__ import annotations

import asyncio
import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Lock

import pytest
from sqlalchemy import Engine, select

from adapters.store.budgets import PostgresWeightBudget, load_window
from adapters.store.engine import open_engine
from adapters.store.tables import weight_budgets
from trading.errors import WeightRefused
from trading.weights import Priority, WeightScope

pytestmark = pytest.mark.db

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SCOPE = WeightScope(name="aster fapi.asterdex.com", limit=200)


class SteppedClock:
    """Goes on by a fixed step at every look, whoever looks."""

    def __init__(self, step: timedelta) -> None:
        self._step = step
        self._count = itertools.count()
        self._lock = Lock()

    def __call__(self) -> datetime:
        with self._lock:
            return NOON + next(self._count) * self._step


def run(coroutine) -> object:
    return asyncio.run(coroutine)


def test_concurrent_spenders_never_pass_the_limit_in_any_window(database_url: str, engine: Engine):
    clock = SteppedClock(timedelta(milliseconds=700))
    passed: list[tuple[datetime, int, Priority]] = []

    def spend_many(number: int) -> None:
        mine = open_engine(database_url, application=f"spender-{number}")
        seen: list[datetime] = []

        def look() -> datetime:
            seen.append(clock())
            return seen[-1]

        budget = PostgresWeightBudget(mine, look)
        for turn in range(40):
            priority, weight = Priority((number + turn) % 4), 1 + (7 * turn + number) % 19
            try:
                run(budget.spend(SCOPE, weight, priority))
            except WeightRefused:
                continue
            passed.append((seen[-1], weight, priority))
        mine.dispose()

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(spend_many, range(5)))
    assert len(passed) > 20
    for since, *_ in passed:
        until = since + timedelta(seconds=60)
        held = [(weight, each) for at, weight, each in passed if since <= at <= until]
        assert sum(weight for weight, _ in held) <= SCOPE.limit
        market = sum(weight for weight, each in held if each is Priority.MARKET)
        assert market <= SCOPE.most(Priority.MARKET)
    with engine.connect() as conn:
        row = conn.execute(select(weight_budgets)).one()
    assert row.spent_ever == sum(weight for _, weight, _ in passed)
    assert row.spent_ever + row.refused_ever > 0
    assert row.refused_ever == 200 - len(passed)


def test_what_one_process_heard_of_a_ban_stops_the_others(database_url: str, engine: Engine):
    one = PostgresWeightBudget(engine, lambda: NOON)
    run(one.spend(SCOPE, 5, Priority.ENTRY))
    run(one.heard(SCOPE, status=418, retry_after=600))
    later = NOON + timedelta(seconds=599)
    other_engine = open_engine(database_url, application="other")
    other = PostgresWeightBudget(other_engine, lambda: later)
    with pytest.raises(WeightRefused, match="HTTP 418"):
        run(other.spend(SCOPE, 1, Priority.EXIT))
    other_engine.dispose()
    after = PostgresWeightBudget(engine, lambda: NOON + timedelta(seconds=600))
    run(after.spend(SCOPE, 1, Priority.EXIT))


def test_the_venues_count_and_a_quiet_answer_change_only_what_they_say(engine: Engine):
    budget = PostgresWeightBudget(engine, lambda: NOON)
    run(budget.heard(SCOPE, status=200, used=150))
    run(budget.heard(SCOPE, status=200, used=20))
    with engine.connect() as conn:
        window = load_window(conn, SCOPE)
    assert (window.used(SCOPE, NOON), window.blocked_until) == (150, None)
    with pytest.raises(WeightRefused):
        run(budget.spend(SCOPE, 1, Priority.MARKET))
    run(budget.spend(SCOPE, 30, Priority.RECONCILE))


def test_each_host_has_a_budget_of_its_own(engine: Engine):
    budget = PostgresWeightBudget(engine, lambda: NOON)
    testnet = WeightScope(name="aster fapi.asterdex-testnet.com", limit=200)
    run(budget.spend(SCOPE, 140, Priority.MARKET))
    run(budget.spend(testnet, 140, Priority.MARKET))
    with engine.connect() as conn:
        assert load_window(conn, WeightScope(name="never seen", limit=1)).spent == {}


def test_a_limit_that_the_venue_changed_holds_from_the_next_request_on(engine: Engine):
    budget = PostgresWeightBudget(engine, lambda: NOON)
    run(budget.spend(SCOPE, 140, Priority.MARKET))
    halved = WeightScope(name=SCOPE.name, limit=100)
    with pytest.raises(WeightRefused):
        run(budget.spend(halved, 1, Priority.EXIT))
