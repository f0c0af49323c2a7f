from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from threading import Barrier
from uuid import uuid4

import pytest
from sqlalchemy import NullPool, create_engine, func, select
from sqlalchemy.exc import DBAPIError

from adapters.store.decisions import save_verdict
from adapters.store.errors import StoreError
from adapters.store.intents import (
    entries_since,
    load_unsettled,
    move_intent,
    next_attempt,
    plan_intent,
)
from adapters.store.tables import decisions, intents
from trading.decisions import Action
from trading.orders import INTENT_MOVES, IntentState, Leg

pytestmark = pytest.mark.db

REACH = {
    IntentState.PLANNED: [],
    IntentState.SUBMITTING: [IntentState.SUBMITTING],
    IntentState.UNKNOWN: [IntentState.SUBMITTING, IntentState.UNKNOWN],
    IntentState.OPEN: [IntentState.SUBMITTING, IntentState.OPEN],
    IntentState.FILLED: [IntentState.SUBMITTING, IntentState.FILLED],
    IntentState.CLOSED: [IntentState.CLOSED],
    IntentState.REFUSED: [IntentState.REFUSED],
}


def test_a_planned_intent_is_read_back_as_it_was_meant(build, conn):
    decision_id = build.stored_decision()
    intent = build.intent(decision_id=decision_id)
    stored = build.planned(intent)
    assert stored.intent == intent
    assert (stored.state, stored.real_sent_at, stored.lease_token) == (IntentState.PLANNED, None, 1)
    assert load_unsettled(conn, "acc1") == (stored,)


def test_planning_the_same_order_again_returns_the_first_row_unchanged(build, conn):
    first = build.planned(build.intent(quantity="0.5"))
    again, created = plan_intent(
        conn,
        build.intent(quantity="9"),
        cycle_id=build.cycle_id,
        lease_token=2,
        reference_price=None,
    )
    assert (again, created) == (first, False)


def test_eight_runs_that_plan_the_same_order_make_one_intent(build, database_url: str):
    engine = create_engine(database_url, poolclass=NullPool)
    start = Barrier(8)

    def plan(_: int) -> bool:
        with engine.begin() as conn:
            start.wait()
            _, created = plan_intent(
                conn, build.intent(), cycle_id=build.cycle_id, lease_token=1, reference_price=None
            )
            return created

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(plan, range(8))) == 1
    with engine.connect() as conn:
        assert conn.scalar(select(func.count()).select_from(intents)) == 1


@pytest.mark.parametrize("state", IntentState)
@pytest.mark.parametrize("to", IntentState)
def test_an_intent_moves_only_along_the_drawn_lines(build, conn, state, to):
    stored = build.planned(build.intent())
    for step in REACH[state]:
        move_intent(conn, stored.id, step, real_now=build.real)
    if to is state or to in INTENT_MOVES[state]:
        assert move_intent(conn, stored.id, to, real_now=build.real).state is to
    else:
        with pytest.raises(StoreError, match=f"is {state} and cannot become {to}"):
            move_intent(conn, stored.id, to, real_now=build.real)


def test_the_same_state_again_only_adds_an_order_id_that_was_missing(build, conn):
    stored = build.planned(build.intent())
    move_intent(conn, stored.id, IntentState.SUBMITTING, real_now=build.real)
    move_intent(conn, stored.id, IntentState.OPEN, real_now=build.real)
    later = build.real + timedelta(minutes=1)
    move_intent(conn, stored.id, IntentState.OPEN, venue_order_id="77", reason="x", real_now=later)
    again = move_intent(conn, stored.id, IntentState.OPEN, venue_order_id="78", real_now=later)
    assert (again.venue_order_id, again.reason, again.real_sent_at) == ("77", None, build.real)


def test_a_settled_intent_is_no_longer_looked_for(build, conn):
    entry, stop = build.planned(build.intent()), build.planned(build.intent(Leg.STOP))
    move_intent(conn, entry.id, IntentState.CLOSED, reason="expired", real_now=build.real)
    assert [stored.id for stored in load_unsettled(conn, "acc1")] == [stop.id]


def test_attempts_count_up_per_leg(build, conn):
    build.planned(build.intent(Leg.STOP, attempt=1))
    build.planned(build.intent(Leg.STOP, attempt=2))
    assert next_attempt(conn, "acc1", build.slot, "BTCUSDT", Leg.STOP) == 3
    assert next_attempt(conn, "acc1", build.slot, "BTCUSDT", Leg.EXIT) == 1


def test_only_entries_that_were_sent_count_for_the_daily_limit(build, conn):
    sent = build.planned(build.intent(symbol="BTCUSDT"))
    move_intent(conn, sent.id, IntentState.SUBMITTING, real_now=build.real)
    stop = build.planned(build.intent(Leg.STOP))
    move_intent(conn, stop.id, IntentState.SUBMITTING, real_now=build.real)
    refused = build.planned(build.intent(symbol="ETHUSDT"))
    move_intent(conn, refused.id, IntentState.REFUSED, real_now=build.real)
    assert entries_since(conn, "acc1", build.slot) == 1
    assert entries_since(conn, "acc1", build.slot + timedelta(seconds=1)) == 0


def test_an_unknown_intent_cannot_be_moved(build, conn):
    with pytest.raises(StoreError, match="no intent"):
        move_intent(conn, uuid4(), IntentState.OPEN, real_now=build.real)


def test_an_intent_without_a_quantity_is_refused_by_the_database_itself(build, conn):
    row = {c.name: None for c in intents.c} | {"quantity": Decimal(0)}
    stored = build.planned(build.intent())
    with pytest.raises(DBAPIError, match="quantity_positive"):
        conn.execute(
            intents.update().where(intents.c.id == stored.id).values(quantity=row["quantity"])
        )


def test_a_cycle_decides_each_symbol_once_and_the_first_answer_stays(build, conn):
    first = build.stored_decision(rationale="first\x00 thought")
    second = build.stored_decision(action=Action.SELL)
    row = conn.execute(select(decisions)).one()
    assert (first, row.action, row.rationale) == (second, "buy", "first thought")


def test_a_verdict_is_kept_with_its_code_and_numbers(build, conn):
    decision_id = build.stored_decision()
    save_verdict(
        conn, decision_id, verdict="shrunk", code="exposure", text="too much", limit="0.2",
        actual="0.3", approved_notional=Decimal("512.50"),
    )  # fmt: skip
    row = conn.execute(select(decisions)).one()
    assert (row.verdict, row.verdict_code, row.verdict_limit, row.verdict_actual) == (
        "shrunk", "exposure", "0.2", "0.3",
    )  # fmt: skip
    assert row.approved_notional == Decimal("512.5")
    with pytest.raises(StoreError, match="no decision"):
        save_verdict(conn, uuid4(), verdict="denied")
