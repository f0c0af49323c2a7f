"""Outcomes of decisions in the store: each once, and none told before it was known."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, text

from adapters.store.decisions import NewDecision, save_decisions
from adapters.store.outcomes import load_due, load_ended, load_outcome_table, save_outcomes
from adapters.store.tables import trades
from trading.decision.outcomes import Horizon, Outcome
from trading.decisions import Action

pytestmark = pytest.mark.db

HOUR = timedelta(hours=1)


def decision(build, action: Action = Action.BUY, *, minutes: int = 0, symbol="BTCUSDT") -> UUID:
    """One decision of a cycle of its own, so many minutes after the usual slot."""
    cycle_id = uuid4()
    own_slot = build.slot + timedelta(microseconds=cycle_id.int % 10**15)
    build.conn.execute(
        text(
            "insert into app.cycles (id, account_id, slot, trigger, status, config_version,"
            " real_started_at) values (:id, 'acc1', :slot, 'manual', 'done', 1, now())"
        ),
        {"id": cycle_id, "slot": own_slot},
    )
    new = NewDecision(
        decision=build.decision(symbol, action=action, rationale="w" * 500),
        asset=symbol.removesuffix("USDT"),
        reference_price=Decimal(100),
    )
    (decision_id,) = save_decisions(
        build.conn,
        [new],
        cycle_id=cycle_id,
        account_id="acc1",
        decided_at=build.slot + timedelta(minutes=minutes),
    )
    return decision_id


def outcome(decision_id: UUID, horizon: Horizon, known_at: datetime, move: str = "0.01") -> Outcome:
    return Outcome(
        decision_id=decision_id,
        horizon=horizon,
        known_at=known_at,
        price=Decimal(101),
        move_ratio=Decimal(move),
        result_ratio=Decimal(move),
    )


def due(build, hours: float) -> list[tuple[UUID, Horizon]]:
    until = build.slot + timedelta(hours=hours)
    found = load_due(build.conn, "acc1", since=until - 48 * HOUR, until=until, limit=10)
    return [(each.made.id, each.horizon) for each in found]


def test_a_decision_is_due_after_an_hour_and_again_after_four(build, conn: Connection) -> None:
    held = decision(build, Action.HOLD)
    assert due(build, 0.99) == []
    assert due(build, 1) == [(held, Horizon.HOUR)]
    assert due(build, 4) == [(held, Horizon.HOUR), (held, Horizon.FOUR_HOURS)]
    save_outcomes(conn, "acc1", [outcome(held, Horizon.HOUR, build.slot + HOUR)])
    assert due(build, 4) == [(held, Horizon.FOUR_HOURS)]
    assert due(build, 48.99) == [(held, Horizon.FOUR_HOURS)]  # the other one is there already
    assert due(build, 52) == []  # it is given up


def test_the_newest_are_due_first_and_others_accounts_never(build, conn: Connection) -> None:
    ids = [decision(build, minutes=minutes) for minutes in (0, 5, 10)]
    found = load_due(conn, "acc1", since=build.slot, until=build.slot + 2 * HOUR, limit=2)
    assert [each.made.id for each in found] == [ids[2], ids[1]]
    assert load_due(conn, "acc2", since=build.slot, until=build.slot + 9 * HOUR, limit=9) == ()


def closed_trade(build, decision_id: UUID | None, *, hours: float, status: str = "closed") -> None:
    build.conn.execute(
        insert(trades).values(
            id=uuid4(), account_id="acc1", decision_id=decision_id, symbol="BTCUSDT",
            direction="long", opened_at=build.slot, status=status,
            closed_at=build.slot + timedelta(hours=hours) if status == "closed" else None,
            quantity=1, open_quantity=0 if status == "closed" else 1, entered_quantity=1,
            exited_quantity=1, entry_price=100, exit_price=Decimal(100 + int(hours * 10)),
            gross_pnl=9, fees=1, funding=Decimal("-0.5"), exit_plan="", exit_conditions=[],
        )
    )  # fmt: skip


def test_a_closed_trade_has_an_outcome_of_its_decision_once(build, conn: Connection) -> None:
    bought = decision(build)
    closed_trade(build, bought, hours=3)
    closed_trade(build, None, hours=3)  # not ours
    closed_trade(build, decision(build, minutes=5), hours=0, status="open")
    reach = {"since": build.slot, "limit": 9}
    assert load_ended(conn, "acc1", until=build.slot + 2.9 * HOUR, **reach) == ()
    ((made, trade),) = load_ended(conn, "acc1", until=build.slot + 3 * HOUR, **reach)
    assert (made.id, made.action, made.reference_price) == (bought, Action.BUY, Decimal(100))
    assert (trade.exit_price, trade.net_pnl) == (Decimal(130), Decimal("7.5"))
    save_outcomes(conn, "acc1", [outcome(bought, Horizon.CLOSE, build.slot + 3 * HOUR)])
    assert load_ended(conn, "acc1", until=build.slot + 9 * HOUR, **reach) == ()


def test_the_first_outcome_stays_and_of_two_the_earlier_one(build, conn: Connection) -> None:
    bought = decision(build)
    late = outcome(bought, Horizon.CLOSE, build.slot + 3 * HOUR, "0.3")
    early = outcome(bought, Horizon.CLOSE, build.slot + 2 * HOUR, "0.2")
    assert save_outcomes(conn, "acc1", [late, early]) == 1
    assert save_outcomes(conn, "acc1", [late, early]) == 0
    assert save_outcomes(conn, "acc1", []) == 0
    (told,) = load_outcome_table(conn, "acc1", build.slot + 9 * HOUR, 9)
    assert (told.move_ratio, told.known_at) == (Decimal("0.2"), build.slot + 2 * HOUR)


def test_the_table_tells_the_newest_with_their_decision_and_leaves_out_holds(
    build, conn: Connection
) -> None:
    ids = [
        decision(build, action, minutes=minutes)
        for minutes, action in ((0, Action.BUY), (5, Action.SELL), (10, Action.HOLD), (15, Action.CLOSE))
    ]  # fmt: skip
    for number, each in enumerate(ids):
        at = build.slot + HOUR + timedelta(minutes=5 * number)
        save_outcomes(conn, "acc1", [outcome(each, Horizon.HOUR, at)])
    later = build.slot + 9 * HOUR
    assert [each.action for each in load_outcome_table(conn, "acc1", later, 9)] == [
        Action.BUY, Action.SELL, Action.CLOSE,
    ]  # fmt: skip
    newest = load_outcome_table(conn, "acc1", later, 2, with_holds=True)
    assert [each.action for each in newest] == [Action.HOLD, Action.CLOSE]
    assert (newest[0].asset, newest[0].confidence, len(newest[0].rationale)) == ("BTC", 0.7, 200)
    assert load_outcome_table(conn, "acc2", later, 9) == ()
    assert load_outcome_table(conn, "acc1", later + timedelta(days=7), 9) == ()


@given(known=st.lists(st.integers(0, 600), min_size=1, max_size=6), until=st.integers(-10, 610))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_outcome_is_told_before_it_was_known(build, known: list[int], until: int) -> None:
    conn, limit = build.conn, 3
    with conn.begin_nested() as attempt:
        for minutes in known:
            at = build.slot + timedelta(minutes=minutes)
            save_outcomes(conn, "acc1", [outcome(decision(build), Horizon.HOUR, at)])
        table = load_outcome_table(conn, "acc1", build.slot + timedelta(minutes=until), limit)
        attempt.rollback()
    told = [(each.known_at - build.slot) // timedelta(minutes=1) for each in table]
    assert told == sorted(each for each in known if each <= until)[-limit:]
