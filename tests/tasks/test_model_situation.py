"""What a model is told of the account's results: the same figures as everywhere else."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from adapters.store.income import book_income
from adapters.store.snapshots import save_snapshot
from tests.arena import START, TestArena, hours
from tests.llm_stub.server import ModelStub
from tests.tasks.model_accounts import answer_by_price
from tests.tasks.whole_cycle import run_cycle
from trading.performance.records import EquityReading
from trading.performance.summary import summarise
from trading.ports import Balance, Income

pytestmark = pytest.mark.db
PAID_IN = Decimal(5000)


def told(asked: ModelStub) -> dict[str, Any]:
    """The account as the newest question shows it."""
    words = asked.bodies[-1]["messages"][1]["content"]
    document, _ = json.JSONDecoder().raw_decode(words[words.index('"account":') + 10 :].lstrip())
    return document


def pay_in(arena: TestArena) -> None:
    paid = Income(tran_id="1", kind="transfer", symbol=None, amount=PAID_IN, at=START)
    with arena.engine.begin() as conn:
        book_income(conn, "llm", [paid])
        conn.execute(
            text("update app.paper_wallets set wallet = wallet + :paid where account_id = 'llm'"),
            {"paid": PAID_IN},
        )


async def test_a_deposit_is_no_profit(arena: TestArena, asked: ModelStub) -> None:
    asked.answer_with(answer_by_price("hold"))
    await run_cycle("llm")
    pay_in(arena)
    arena.stand_at(START + hours(1))
    await run_cycle("llm")
    account = told(asked)
    assert Decimal(account["equity"]) == 15_000
    assert Decimal(account["total_return_ratio"]) == 0
    assert account["sharpe_ratio"] is None  # no day is over


async def test_return_and_sharpe_are_those_of_all_snapshots(
    arena: TestArena, asked: ModelStub
) -> None:
    now, started = START + hours(1), START - timedelta(days=4)
    equities = [Decimal(10_000 + 37 * (n * 7 % 11) - n) for n in range(96)]
    readings = [
        EquityReading(
            at=started + hours(n),
            equity=equity + (PAID_IN if n >= 50 else 0),
            transfers=PAID_IN if n >= 50 else Decimal(0),
        )
        for n, equity in enumerate(equities)
    ]
    with arena.engine.begin() as conn:
        for each in readings:
            balance = Balance(
                wallet=each.equity,
                unrealized=Decimal(0),
                margin_used=Decimal(0),
                available=each.equity,
            )
            save_snapshot(conn, "llm", each.at, balance, Decimal(0), None, transfers=each.transfers)
    pay_in(arena)
    arena.stand_at(now)
    asked.answer_with(answer_by_price("hold"))
    await run_cycle("llm")
    start = EquityReading(at=started, equity=Decimal(10_000))
    newest = EquityReading(at=now, equity=Decimal(15_000), transfers=PAID_IN)
    expected = summarise((start, *readings[1:], newest), ())
    account = told(asked)
    assert expected.risk.sharpe is not None
    assert float(account["sharpe_ratio"]) == pytest.approx(expected.risk.sharpe, rel=1e-5)
    assert float(account["total_return_ratio"]) == pytest.approx(
        expected.equity.total_return, rel=1e-5
    )
