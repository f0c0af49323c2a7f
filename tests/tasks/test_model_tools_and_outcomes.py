"""What a model may ask for before it decides, and what it is told of its earlier decisions."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.arena import TestArena, hours
from tests.llm_stub.says import Say
from tests.llm_stub.server import ModelStub
from tests.tasks.model_accounts import KEY, answer_by_price, build_model_account
from tests.tasks.whole_cycle import run_cycle
from trading.model_agent import ModelAgent

pytestmark = pytest.mark.db
RSI = ("get_indicator", {"asset": "BTC", "timeframe": "1h", "name": "RSI"})


@pytest.fixture
def asked(
    arena: TestArena,
    stub: ModelStub,
    monkeypatch: pytest.MonkeyPatch,
) -> ModelStub:
    """The account `llm` whose model may use tools, and the server that it asks."""
    monkeypatch.setenv("TEST_MODEL_KEY", KEY)
    agent = ModelAgent(uses_tools=True, takes_tools=True)
    arena.add(build_model_account(stub, model_agent=agent))
    return stub


def looks_first(*calls: tuple[str, Any], action: str = "hold") -> Any:
    """Asks for tools in its first round, and answers in the next one."""

    def say(question: Any) -> Say:
        last = question.body["messages"][-1]
        return answer_by_price(action)(question) if last["role"] == "tool" else Say(calls=calls)

    return say


def question_of(stub: ModelStub, number: int) -> str:
    return str(stub.bodies[number]["messages"][1]["content"])


async def test_a_model_looks_at_an_indicator_and_then_decides(
    arena: TestArena, asked: ModelStub
) -> None:
    asked.answer_with(looks_first(RSI, action="buy"))
    await run_cycle("llm")
    offered = {tool["function"]["name"] for tool in asked.bodies[0]["tools"]}
    assert offered == {"get_indicator", "get_candles", "get_open_interest_history"}
    answer = json.loads(asked.bodies[1]["messages"][-1]["content"])
    assert "error" not in answer, answer
    assert arena.rows("select action, verdict from app.decisions") == [("buy", "approved")]


async def test_what_a_model_asked_of_its_tools_is_stored_with_the_answers(
    arena: TestArena, asked: ModelStub
) -> None:
    asked.answer_with(looks_first(RSI, ("buy_everything", {})))
    await run_cycle("llm")
    (document,) = arena.one("select call::text from app.model_calls")
    assert '"get_indicator"' in str(document)
    assert "there is no such tool" in str(document)
    assert arena.one("select outcome from app.model_calls") == ("accepted",)


async def test_a_model_that_only_ever_asks_for_tools_is_a_hold_after_four_rounds(
    arena: TestArena, asked: ModelStub
) -> None:
    asked.answer_with(lambda _: Say(calls=(RSI,)))
    await run_cycle("llm")
    answered = [message for message in asked.bodies[4]["messages"] if message["role"] == "tool"]
    assert len(answered) == 4
    assert asked.bodies[4]["tool_choice"] == "none"
    assert len(asked.bodies) == 6, "an answer without tools, and one correction of its form"
    assert arena.rows("select action from app.decisions") == [("hold",)]


async def test_the_next_question_tells_how_a_decision_turned_out_after_an_hour_and_not_before(
    arena: TestArena, asked: ModelStub
) -> None:
    asked.answer_with(answer_by_price("buy"))
    await run_cycle("llm")
    began = arena_time(arena)
    asked.answer_with(answer_by_price("hold"))
    arena.stand_at(began + timedelta(minutes=59))
    await run_cycle("llm")
    assert '"outcomes"' not in question_of(asked, 1)
    arena.stand_at(began + hours(1) + timedelta(minutes=1))
    await run_cycle("llm")
    assert '"outcomes"' in question_of(asked, 2)
    assert arena.rows(
        "select d.action, o.horizon from app.decision_outcomes o"
        " join app.decisions d on d.id = o.decision_id where d.action = 'buy'"
    ) == [("buy", "1h")]


def arena_time(arena: TestArena) -> Any:
    return arena.one("select market_anchor from app.arena")[0]
