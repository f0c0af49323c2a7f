"""A step that is repeated after a fault of the database: the model is paid once, its answer counted once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from tasks import decide as deciding
from tasks import model_storing
from tests.arena import TestArena
from tests.llm_stub.server import ModelStub
from tests.tasks.model_accounts import KEY, answer_by_price, build_model_account
from tests.tasks.whole_cycle import run_cycle
from trading.model_agent import ModelAgent
from trading.model_budget import ModelBudget, UnknownCost

pytestmark = pytest.mark.db


@pytest.fixture
def asked(arena: TestArena, stub: ModelStub, monkeypatch: pytest.MonkeyPatch) -> ModelStub:
    """An account whose budget is one question a day, and the server that it asks."""
    monkeypatch.setenv("TEST_MODEL_KEY", KEY)
    budget = ModelBudget(calls=1, unknown_cost=UnknownCost.ASSUME)
    arena.add(build_model_account(stub, model_agent=ModelAgent(budget=budget)))
    stub.answer_with(answer_by_price("buy"))
    return stub


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """The database is gone at the nth call of a function, before or after it has done its work."""

    owner: Any
    name: str
    nth: int
    is_done: bool = False


async def run_with(fault: Fault, monkeypatch: pytest.MonkeyPatch) -> int:
    """A cycle whose deciding step meets the fault and is repeated; how often the function ran."""
    plain, whole = getattr(fault.owner, fault.name), deciding.decide.fn
    calls = 0

    def faulty(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        gone = DBAPIError(fault.name, {}, Exception("gone"), connection_invalidated=True)
        if calls == fault.nth and not fault.is_done:
            raise gone
        answer = plain(*arguments, **named)
        if calls == fault.nth:
            raise gone
        return answer

    async def repeated(*arguments: Any) -> Any:
        try:
            return await whole(*arguments)
        except DBAPIError:
            return await whole(*arguments)

    monkeypatch.setattr(fault.owner, fault.name, faulty)
    monkeypatch.setattr(deciding.decide, "fn", repeated)
    await run_cycle("llm")
    return calls


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(
            Fault(owner=model_storing, name="save_model_call", nth=2),
            id="the answer is not stored",
        ),
        pytest.param(
            Fault(owner=model_storing, name="_store", nth=1, is_done=True),
            id="the answer is stored, but nobody said so",
        ),
        pytest.param(
            Fault(owner=deciding, name="save_decisions", nth=1),
            id="the answer is stored, its decision is not",
        ),
    ],
)
async def test_the_answer_that_was_paid_for_decides_and_is_counted_once(
    arena: TestArena, asked: ModelStub, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    assert await run_with(fault, monkeypatch) > fault.nth
    assert len(asked.bodies) == 1
    assert arena.rows("select outcome, billed from app.model_calls") == [("accepted", 1)]
    assert arena.rows("select action from app.decisions") == [("buy",)]
