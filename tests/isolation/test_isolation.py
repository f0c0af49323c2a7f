"""What one account does wrong costs no other account anything: an A/B test with one seed.

Arena A has good accounts only. Arena B has the same ones, and accounts that hang, crash, die, are
banned by their venue, or talk without end. Prefect, worker, store and market are real.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from prefect.client.schemas.objects import StateType

from tests.arena import START, hours
from tests.isolation.arena_runs import DECISIONS, EQUITY, FILLS, GOOD, Story, Worker, run_arena
from tests.isolation.misbehaving_flows import BANNED, FAULTS

pytestmark = [pytest.mark.db, pytest.mark.prefect, pytest.mark.timeout(400)]

SLOTS = 2
LAG_SECONDS = 10.0
"""A bad neighbour may cost this much on the machine of the tests: beside its own work it holds one
of the worker's places, for no longer than a decision may take."""

REASONS = {
    "hangs": "DecisionFailed: strategy momentum did not decide within 2 s",
    "hangs_in_c": "lease_expired: the process of the run ended or hung",
    "crashes": "DecisionFailed: strategy momentum failed on BTC: ValueError: no such candle",
    "killed": "lease_expired: the process of the run ended or hung",
    "segfaults": "lease_expired: the process of the run ended or hung",
    "killed_after_fill": "lease_expired: the process of the run ended or hung",
    "eats_memory": "DecisionFailed: strategy momentum failed on BTC: MemoryError",
    "banned": f"VenueUnavailable: {BANNED}",
}
"""How the record names each fault."""
DIES = {"hangs_in_c", "killed", "segfaults", "killed_after_fill"}
LIMITED = ("hangs", "crashes", "killed", "banned", "talks")


@pytest.fixture(scope="module")
def calm(worker: Worker, new_database: Callable[[], str]) -> Story:
    """Arena A."""
    return run_arena(worker, new_database(), faulty_slots=0, slots=SLOTS)


def require_undisturbed(troubled: Story, calm: Story) -> None:
    for good in (name.replace("_", "-") for name in GOOD):
        assert troubled.cycles(good) == [("done", None)] * SLOTS
        for slot in range(SLOTS):
            assert troubled.states[good, slot] is StateType.COMPLETED
    assert troubled.of_good(DECISIONS) == calm.of_good(DECISIONS)
    assert troubled.of_good(FILLS) == calm.of_good(FILLS)
    assert troubled.of_good(EQUITY) == calm.of_good(EQUITY)
    assert calm.of_good(FILLS), "nobody traded: the test would prove nothing"
    assert troubled.longest_lag <= 2 * calm.longest_lag + LAG_SECONDS


def require_recorded_and_over(troubled: Story, fault: str) -> None:
    """The account's own cycle failed for the named reason, and the next one works."""
    account = fault.replace("_", "-")
    (status, reason), after = troubled.cycles(account)
    assert status == "failed"
    assert str(reason).startswith(REASONS[fault])
    assert len(str(reason)) < 2_500
    state = troubled.states[account, 0]
    assert state is (StateType.CRASHED if fault in DIES else StateType.FAILED)
    assert after == ("done", None)


def require_few_words(troubled: Story) -> None:
    """Twenty megabytes were said, and none of them are stored or acted on."""
    assert troubled.cycles("talks") == [("done", None)] * SLOTS
    first = troubled.arena.rows(
        "select action, verdict, rationale from app.decisions"
        " where account_id = 'talks' and decided_at = :at",
        at=START,
    )
    assert {row[:2] for row in first} == {("hold", "held")}
    assert all(str(row[2]).startswith("Refused, nothing changes") for row in first)
    for table, column in (("diary", "entry"), ("events", "payload"), ("decisions", "rationale")):
        (longest,) = troubled.arena.one(
            f"select coalesce(max(length({column}::text)), 0) from app.{table}"
            " where account_id = 'talks'"
        )
        assert longest < 70_000, table
    (later,) = troubled.arena.one(
        "select count(*) from app.decisions where account_id = 'talks' and decided_at = :at"
        " and rationale not like 'Refused%'",
        at=START + hours(1),
    )
    assert later == 2


def require_no_lease_is_held(troubled: Story) -> None:
    assert troubled.arena.rows("select account_id from app.leases where holder is not null") == []


def test_accounts_that_misbehave_all_at_once_leave_the_others_as_if_they_were_not_there(
    worker: Worker, new_database: Callable[[], str], calm: Story
) -> None:
    troubled = run_arena(worker, new_database(), LIMITED, faulty_slots=1, slots=SLOTS)
    require_undisturbed(troubled, calm)
    for fault in LIMITED:
        if fault in REASONS:
            require_recorded_and_over(troubled, fault)
    require_few_words(troubled)
    require_no_lease_is_held(troubled)


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_one_account_that_misbehaves_leaves_the_others_as_if_it_were_not_there(
    worker: Worker, new_database: Callable[[], str], calm: Story, fault: str
) -> None:
    troubled = run_arena(worker, new_database(), [fault], faulty_slots=1, slots=SLOTS)
    require_undisturbed(troubled, calm)
    if fault in REASONS:
        require_recorded_and_over(troubled, fault)
    else:
        require_few_words(troubled)
    require_no_lease_is_held(troubled)


@pytest.mark.slow
def test_a_run_that_dies_between_fill_and_stop_is_protected_by_the_next_one(
    worker: Worker, new_database: Callable[[], str]
) -> None:
    fault = "killed_after_fill"
    troubled = run_arena(worker, new_database(), [fault], faulty_slots=1, slots=SLOTS)
    account = fault.replace("_", "-")
    held = troubled.arena.rows(
        "select symbol, abs(quantity) from app.positions where account_id = :a", a=account
    )
    assert held, "the run died before anything was filled: the test would prove nothing"
    stops = troubled.arena.rows(
        "select symbol, quantity from app.paper_orders where account_id = :a"
        " and order_type = 'stop_market' and status = 'new' and reduce_only",
        a=account,
    )
    assert sorted(stops) == sorted(held)
