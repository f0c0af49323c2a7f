"""What became of a decision is settled by later cycles: from stored prices, once, never too early."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import Engine, event

from adapters.store.outcomes import load_outcome_table
from tasks.account_state import reconcile_account
from tasks.cycle import Cycle
from tasks.market import fetch_klines
from tasks.outcomes import settle_outcomes
from tests.arena import START, hours
from tests.tasks.scripted_market import FLAT, Entry, Scripted, Step, enter, later
from trading.decision.outcomes import DecisionOutcome, Horizon
from trading.decisions import Action
from trading.units import ONE

pytestmark = pytest.mark.db

HOUR = 12
"""Candles."""


def path(*closes: tuple[int, int]) -> list[Step]:
    """Flat, but for the closes of candles that are named by their number, from there on."""
    steps, close = [], 50_000
    for number in range(50):
        close = dict(closes).get(number, close)
        steps.append((close + 10, close - 10, close))
    return steps


async def settled(cycle: Cycle, candles: float) -> int:
    """As a cycle so many candles after START does it: the account and the market read before."""
    then = later(cycle, candles)
    await reconcile_account.fn(then)
    await fetch_klines.fn(then)
    return settle_outcomes(then)


def told(engine: Engine, cycle: Cycle, candles: float = 1000) -> list[DecisionOutcome]:
    with engine.connect() as conn:
        return list(load_outcome_table(conn, cycle.account.id, later(cycle, candles).as_of, 9))


async def test_the_price_after_one_hour_and_four_decides_how_a_decision_turned_out(
    scripted: Scripted, engine: Engine
) -> None:
    # The candle that closes one hour after START is number 11, that of four hours number 47.
    _, cycle = await scripted(*path((11, 50_500), (12, 48_900), (47, 49_000), (48, 51_000)))
    await enter(cycle)
    assert [await settled(cycle, candles) for candles in (0, 1, HOUR - 1)] == [0, 0, 0]
    assert await settled(cycle, HOUR) == 1
    assert await settled(cycle, HOUR) == 0
    assert await settled(cycle, 4 * HOUR + 1) == 1
    one, four = told(engine, cycle)
    assert (one.asset, one.action, one.decided_at) == ("BTC", Action.BUY, START)
    assert (one.horizon, one.known_at, one.move_ratio) == (
        Horizon.HOUR, START + hours(1), Decimal("0.01"),
    )  # fmt: skip
    assert (four.horizon, four.known_at, four.result_ratio) == (
        Horizon.FOUR_HOURS, START + hours(4), Decimal("-0.02"),
    )  # fmt: skip
    assert told(engine, cycle, 4 * HOUR - 1) == [one]


async def test_a_sell_gains_what_the_price_loses_and_its_trade_tells_the_net_result(
    scripted: Scripted, engine: Engine
) -> None:
    _, cycle = await scripted(*path((5, 49_000)))
    await enter(cycle, Entry(action=Action.SELL, stop=Decimal(52_000), target=Decimal("49500")))
    assert await settled(cycle, 8) == 1
    (closed,) = told(engine, cycle)
    with engine.connect() as conn:
        row = conn.exec_driver_sql(
            "select closed_at, exit_price, gross_pnl - fees + funding from app.trades"
        ).one()
    assert closed.horizon is Horizon.CLOSE
    assert (closed.known_at, closed.net_pnl) == (row[0], row[2])
    assert START < closed.known_at <= later(cycle, 8).as_of
    assert closed.result_ratio == ONE - row[1] / Decimal(50_000)
    assert closed.net_pnl is not None
    assert closed.net_pnl > 0


async def test_an_outcome_waits_for_its_candle_and_does_not_take_an_older_one(
    scripted: Scripted, engine: Engine
) -> None:
    _, cycle = await scripted(*path((11, 50_500)))
    await enter(cycle)
    await fetch_klines.fn(later(cycle, HOUR - 1))
    assert settle_outcomes(later(cycle, HOUR)) == 0  # before the market of that cycle is read
    await fetch_klines.fn(later(cycle, HOUR))
    assert settle_outcomes(later(cycle, HOUR)) == 1
    assert told(engine, cycle)[0].move_ratio == Decimal("0.01")


async def test_the_result_is_the_same_however_late_it_is_settled(
    scripted: Scripted, engine: Engine
) -> None:
    _, cycle = await scripted(*path((11, 50_500), (12, 48_900)))
    await enter(cycle)
    assert await settled(cycle, 3 * HOUR) == 1
    (one,) = told(engine, cycle)
    assert (one.known_at, one.move_ratio) == (START + hours(1), Decimal("0.01"))


async def test_when_nothing_is_due_it_costs_three_questions_and_no_write(
    scripted: Scripted, engine: Engine
) -> None:
    _, cycle = await scripted(*[FLAT] * 3)
    await fetch_klines.fn(cycle)
    from tasks.resources import store_engine

    said: list[str] = []
    event.listen(
        store_engine(), "before_cursor_execute", lambda *call: said.append(call[2].split()[0])
    )
    assert settle_outcomes(cycle) == 0
    assert said == ["SELECT"] * 3
