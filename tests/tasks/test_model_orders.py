"""Nobody trades for a model: every order goes back to a decision of its own, and is not larger."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from adapters.store.arena import load_arena, save_arena
from tests.arena import TestArena
from tests.llm_stub.server import ModelStub
from tests.tasks.model_accounts import answer_by_price
from tests.tasks.whole_cycle import run_cycle

pytestmark = pytest.mark.db
ENTRIES = """
select i.account_id, d.account_id, d.action, d.model_call_id is not null,
       i.quantity * d.reference_price <= d.allocation_usd
from app.intents i left join app.decisions d on d.id = i.decision_id
where i.leg = 'entry'
"""


@pytest.mark.parametrize(("action", "allocation"), [("buy", 1000), ("sell", 1000), ("buy", 90_000)])
async def test_row_38_every_entry_is_of_a_decision_of_the_model_and_not_larger(
    arena: TestArena, asked: ModelStub, action: str, allocation: int
) -> None:
    asked.answer_with(answer_by_price(action, allocation_usd=allocation))
    await run_cycle("llm")
    assert arena.rows(ENTRIES) == [("llm", "llm", action, True, True)]


async def test_on_a_simulated_market_an_answer_trades_however_long_it_took(
    arena: TestArena, asked: ModelStub
) -> None:
    plain = answer_by_price("buy")
    asked.answer_with(lambda question: replace(plain(question), delay=0.5))
    with arena.engine.begin() as conn:
        now = load_arena(conn)
        assert now is not None
        # An hour of this market is 0.4 s.
        clock = replace(now.clock, real_anchor=datetime.now(UTC), speed=9_000.0)
        save_arena(conn, replace(now, clock=clock))
    await run_cycle("llm")
    assert arena.rows(ENTRIES) == [("llm", "llm", "buy", True, True)]


async def test_row_38_where_the_model_holds_no_order_is_sent(
    arena: TestArena, asked: ModelStub
) -> None:
    asked.answer_with(answer_by_price("hold"))
    await run_cycle("llm")
    assert arena.rows("select 1 from app.intents") == []
