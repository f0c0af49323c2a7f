"""Questions outside of the schedule: previews and replays, against a model server over real HTTP."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from tasks.model_questions import preview, replay
from tests.arena import TestArena, build_account
from tests.llm_stub.says import Say
from tests.llm_stub.server import ModelStub
from tests.tasks.model_accounts import (
    KEY,
    MODEL,
    answer_by_price,
    build_model_account,
)
from tests.tasks.whole_cycle import run_cycle
from trading.errors import InvalidRecord, TradingError
from trading.exits.invalidation.plan import render_conditions
from trading.model_agent import ModelAgent
from trading.model_budget import ModelBudget, UnknownCost

pytestmark = pytest.mark.db
OPEN_LONG = {
    "action": "OPEN_LONG",
    "symbol": "BTC/USDT",
    "leverage": 3,
    "position_size_percent": 10,
    "stop_loss_percent": -3,
    "take_profit_percent": 8,
    "reasoning": "the trend is up",
    "confidence": 0.9,
    "invalidation_conditions": ["adx_14 < 5"],
}


@pytest.mark.parametrize("missing", ["key", "prompt", "model"])
async def test_a_preview_that_cannot_be_asked_is_refused_and_leaves_the_account_free(
    arena: TestArena, asked: ModelStub, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    if missing == "key":
        monkeypatch.delenv("TEST_MODEL_KEY")
    elif missing == "prompt":
        arena.add(replace(build_model_account(asked), prompt="gone"))
    else:
        arena.add(build_account("momentum", id="llm", assets=("BTC",)))
    for _ in range(2):
        with pytest.raises(TradingError, match=r"TEST_MODEL_KEY|gone|by momentum"):
            await preview("llm")
    assert arena.rows("select 1 from app.model_calls") == []


async def test_a_preview_asks_once_places_nothing_and_counts_in_the_budget(
    arena: TestArena, asked: ModelStub
) -> None:
    asked.answer_with(answer_by_price("buy"))
    shown = await preview("llm", ["BTC"])
    assert shown is not None
    assert [decision.action for decision in shown.decisions] == ["buy"]
    assert shown.cost is None  # a server of one's own tells no price: unknown, never zero
    assert arena.one("select count(*) from app.intents") == (0,)
    assert arena.one("select count(*) from app.decisions") == (0,)
    assert arena.rows("select purpose from app.model_calls") == [("preview",)]


async def test_a_replay_asks_the_same_words_of_another_model_and_reads_them_as_of_then(
    arena: TestArena, asked: ModelStub
) -> None:
    asked.answer_with(answer_by_price("buy"))
    await run_cycle("llm")
    (call_id,) = arena.one("select id from app.model_calls")
    asked.answer_with(answer_by_price("sell"))
    again = await replay(call_id, model="lab/trader-2")
    assert again is not None
    assert [decision.action for decision in again.decisions] == ["sell"]
    first, second = asked.bodies
    assert first["messages"] == second["messages"]
    assert (first["model"], second["model"]) == (MODEL, "lab/trader-2")
    assert arena.rows("select replay_of from app.model_calls where purpose = 'replay'") == [
        (call_id,)
    ]
    assert arena.one("select count(*) from app.intents where leg = 'entry'") == (1,)


async def test_a_replay_is_asked_for_and_read_in_the_form_of_then(
    arena: TestArena, asked: ModelStub
) -> None:
    asked.answer_with(answer_by_price("buy"))
    await run_cycle("llm")
    (call_id,) = arena.one("select id from app.model_calls")
    arena.add(build_model_account(asked, model_agent=ModelAgent(form="single")))
    again = await replay(call_id)
    assert again is not None
    assert [decision.action for decision in again.decisions] == ["buy"]
    first, second = asked.bodies
    assert first["response_format"] == second["response_format"]


async def test_a_replay_understands_the_exit_conditions_that_were_understood_then(
    arena: TestArena, asked: ModelStub
) -> None:
    arena.add(build_model_account(asked, model_agent=ModelAgent(form="single")))
    asked.answer_with(lambda _: Say(text=json.dumps(OPEN_LONG)))
    await run_cycle("llm")
    (call_id,) = arena.one("select id from app.model_calls")
    again = await replay(call_id)
    assert again is not None
    ((conditions,),) = arena.rows("select exit_conditions from app.decisions")
    assert conditions == ["adx_14 < 5 on 5m"]
    assert list(render_conditions(again.decisions[0].exit_conditions)) == conditions


async def test_a_replay_of_another_model_has_not_the_price_of_the_accounts_own(
    arena: TestArena, stub: ModelStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_MODEL_KEY", KEY)
    free = ModelAgent(own_price_in=Decimal(0), own_price_out=Decimal(0))
    arena.add(build_model_account(stub, model_agent=free))
    stub.answer_with(answer_by_price("buy"))
    await run_cycle("llm")
    (call_id,) = arena.one("select id from app.model_calls")
    same, other = await replay(call_id), await replay(call_id, model="gpt-5.5")
    assert same is not None
    assert other is not None
    assert (same.cost, other.cost) == (0, None)


async def test_a_replay_beyond_the_days_tokens_is_refused_and_not_asked(
    arena: TestArena, asked: ModelStub
) -> None:
    asked.answer_with(answer_by_price("hold"))
    await run_cycle("llm")
    (call_id, used) = arena.one("select id, known_tokens from app.model_calls")
    assert isinstance(used, int)
    budget = ModelBudget(tokens=used + 10, unknown_cost=UnknownCost.ASSUME)
    arena.add(build_model_account(asked, model_agent=ModelAgent(budget=budget)))
    with pytest.raises(InvalidRecord, match="budget of this UTC day is used up"):
        await replay(call_id)
    assert len(asked.bodies) == 1
