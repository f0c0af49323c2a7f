"""Conditions of a plan: they close the position with their reason, and never on what is not known."""

from __future__ import annotations

import logging

import pytest

from adapters.store.trades import load_open_trades
from tests.tasks.scripted_market import FLAT, Entry, Scripted, Step, enter, exits_at, later

pytestmark = pytest.mark.db

FALL: Step = (50_000, 49_800, 49_850)
END = "select status, close_reason from app.trades order by opened_at"
WHY = "select entry->>'sentence' from app.diary where entry->>'reason' = 'invalidation'"


async def test_a_condition_that_holds_closes_the_position_with_its_reason(
    scripted: Scripted,
) -> None:
    arena, cycle = await scripted(FLAT, FALL)
    await enter(cycle, Entry(conditions=("close < 49900 on 5m", "rsi_14 > 99")))
    await exits_at(cycle, 1)
    assert arena.rows(END) == [("open", None)]
    after = await exits_at(cycle, 2)
    assert (after.positions, after.open_orders) == ((), ())
    assert arena.rows(END) == [("closed", "invalidation")]
    assert arena.one(WHY) == (
        "The reason for the position is gone: close < 49900 on 5m (close on 5m 49850).",
    )


async def test_conditions_are_kept_with_the_decision_the_trade_and_the_diary(
    scripted: Scripted,
) -> None:
    arena, cycle = await scripted()
    texts = ("adx_14 < 25 on 1h", "close < ema_50 on 4h or price < 40000")
    await enter(cycle, Entry(conditions=texts))
    stored = [(list(texts),)]
    assert arena.rows("select exit_conditions from app.decisions") == stored
    assert arena.rows("select exit_conditions from app.trades") == stored
    assert (
        arena.rows("select entry->'exit_conditions' from app.diary where kind = 'order'") == stored
    )
    with arena.engine.connect() as conn:
        (trade,) = load_open_trades(conn, "momentum")
    assert trade.exit_conditions == texts


async def test_the_words_of_an_exit_plan_have_no_effect(scripted: Scripted) -> None:
    arena, cycle = await scripted(FLAT)
    await enter(cycle)
    with arena.engine.begin() as conn:
        conn.exec_driver_sql("update app.trades set exit_plan = 'close < 999999 on 5m'")
    await exits_at(cycle, 1)
    assert arena.rows(END) == [("open", None)]


async def test_what_is_not_known_closes_nothing_and_is_named(
    scripted: Scripted, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    arena, cycle = await scripted(FLAT)
    await enter(cycle, Entry(conditions=("ema_500 > 1 on 5m", "close > 1 on 1d")))
    log = logging.getLogger("told")
    monkeypatch.setattr("tasks.exit_review.run_log", lambda: log)
    with caplog.at_level(logging.WARNING, logger="told"):
        await exits_at(cycle, 1)
    assert arena.rows(END) == [("open", None)]
    assert [record.getMessage() for record in caplog.records] == [
        "momentum BTCUSDT: nobody knows whether ema_500 > 1 on 5m:"
        " ema_500 on 5m: 360 of 500 closed candles are there.",
        "momentum BTCUSDT: nobody knows whether close > 1 on 1d:"
        " close on 1d: no 1d candles were read.",
    ]


async def test_a_stored_condition_that_cannot_be_read_stops_no_other_exit(
    scripted: Scripted,
) -> None:
    arena, cycle = await scripted(FALL)
    await enter(cycle, Entry(conditions=("close < 49900 on 5m",)))
    with arena.engine.begin() as conn:
        conn.exec_driver_sql(
            """update app.trades set exit_conditions = '["supertrend < 1"]' || exit_conditions"""
        )
    await exits_at(cycle, 1)
    assert arena.rows(END) == [("closed", "invalidation")]


async def test_an_addition_brings_its_own_conditions_or_leaves_those_there(
    scripted: Scripted,
) -> None:
    arena, cycle = await scripted(FLAT, FLAT)
    await enter(cycle, Entry(conditions=("close < 49900 on 5m",)))
    kept = "select exit_conditions from app.trades"
    await enter(later(cycle, 1), Entry())
    assert arena.one(kept) == (["close < 49900 on 5m"],)
    await enter(later(cycle, 2), Entry(conditions=("rsi_14 > 70 on 4h",)))
    assert arena.one(kept) == (["rsi_14 > 70 on 4h"],)
